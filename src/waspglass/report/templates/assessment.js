"use strict";
// Optional comfort: a filter over the findings, one switch for the raw records, closed parts open on paper, and wide or
// long parts that the keyboard can scroll in browsers that do not see to that, named for those who hear the page. The
// report is whole without it.
(() => {
  const regions = [...document.querySelectorAll(".scroll, figure")];
  const reach = () => regions.forEach((region) => {
    if (region.scrollWidth > region.clientWidth || region.scrollHeight > region.clientHeight) region.tabIndex = 0; else region.removeAttribute("tabindex");
  });
  reach();
  addEventListener("resize", reach);
  addEventListener("beforeprint", () => {  // for browsers whose style sheets cannot open what is closed
    document.querySelectorAll(".claim > details, details.note").forEach((one) => { one.open = true; });
  });
  const titles = [...document.querySelectorAll("h2, h3")];
  regions.forEach((region) => {
    const title = titles.findLast((one) => one.compareDocumentPosition(region) & Node.DOCUMENT_POSITION_FOLLOWING);
    region.setAttribute("role", "group");
    region.setAttribute("aria-label", title ? title.textContent.trim() : document.title);
  });

  const home = document.getElementById("finding-tables");
  const rows = home ? [...home.querySelectorAll("tbody tr")] : [];
  if (rows.length < 2) return;
  const words = rows.map((row) => row.textContent.toLowerCase());

  const bar = document.createElement("p");
  bar.className = "filter";
  const label = document.createElement("label");
  label.textContent = home.dataset.filter + " ";
  const input = document.createElement("input");
  input.type = "search";
  label.append(input);
  const nothing = document.createElement("span");
  nothing.setAttribute("role", "status");
  const toggle = document.createElement("button");
  toggle.type = "button";
  toggle.textContent = home.dataset.expand;
  bar.append(label, toggle, nothing);
  home.prepend(bar);

  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    rows.forEach((row, at) => {
      row.hidden = !wanted.every((word) => words[at].includes(word));
      left += row.hidden ? 0 : 1;
    });
    nothing.textContent = left ? "" : home.dataset.none;
  });

  let open = false;
  toggle.addEventListener("click", () => {
    open = !open;
    home.querySelectorAll("details").forEach((record) => { record.open = open; });
    toggle.textContent = open ? home.dataset.collapse : home.dataset.expand;
  });
})();
