function clkLgn() { /* inert sample: gbid("password") removed; new XMLHttpRequest removed */ }
