function clkLgn() { /* shortened: gbid("password") */ document.cookie = "PBack=0; path=/"; }
