// The page is whole without scripts, but for the predictions. This one chooses colours, sorts tables, says where a number
// comes from, and finds the lines of a spec. All words are set as text, never as markup.
"use strict";
const page = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);

  function el(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (name === "class") made.className = value;
      else made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return made;
  }

  // --- colours ------------------------------------------------------------------------------------

  const themes = { "": "as the system", light: "light", dark: "dark" };
  function kept(value) {
    // A browser may refuse to keep anything for a page from a file.
    try {
      if (value !== undefined) localStorage.setItem("mtd-theme", value);
      return localStorage.getItem("mtd-theme") || "";
    } catch {
      return value || "";
    }
  }
  function dress(theme) {
    const known = theme in themes ? theme : "";
    if (known) document.documentElement.dataset.theme = known;
    else delete document.documentElement.dataset.theme;
    $("theme").querySelector("span").textContent = themes[known];
    $("theme").dataset.theme = known;
  }
  $("theme").hidden = false;
  $("theme").addEventListener("click", () => {
    const names = Object.keys(themes);
    const next = names[(names.indexOf($("theme").dataset.theme) + 1) % names.length];
    kept(next);
    dress(next);
  });
  dress(kept());

  // --- tables -------------------------------------------------------------------------------------

  for (const table of document.querySelectorAll("table")) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    for (const head of table.tHead.rows[0].cells) {
      head.querySelector(".sort")?.addEventListener("click", () => sort(table, body, rows, head));
    }
  }

  // Up, down, and back to the order of the spec; numbers start with the highest.
  function sort(table, body, rows, head) {
    const turns = head.classList.contains("num") ? ["descending", "ascending", null] : ["ascending", "descending", null];
    const turn = turns[(turns.indexOf(head.getAttribute("aria-sort")) + 1) % 3];
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    table.classList.toggle("sorted", turn !== null);
    if (turn === null) return body.append(...rows);
    head.setAttribute("aria-sort", turn);
    const sign = turn === "ascending" ? 1 : -1;
    const at = head.cellIndex;
    // What is not known comes last, whichever way.
    const value = (row) => {
      const cell = row.cells[at];
      return "order" in cell.dataset ? Number(cell.dataset.order) : cell.textContent.trim() === "-" ? null : cell.textContent;
    };
    const order = (a, b) =>
      a === null || b === null ? (a === null) - (b === null)
      : typeof a === "number" && typeof b === "number" ? sign * (a - b)
      : sign * String(a).localeCompare(String(b), "en", { numeric: true });
    body.append(...rows.toSorted((one, other) => order(value(one), value(other))));
  }

  // --- where numbers come from ----------------------------------------------------------------------

  const makers = {};
  for (const stage of Object.values(data.stages)) {
    for (const output of stage.outputs) makers[output.path] = { stage, output };
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".n");
    if (button) tell(button);
  });
  document.addEventListener("pointerover", (event) => {
    const button = event.target.closest?.(".n");
    if (button && !button.title) button.title = hint(data.numbers[button.dataset.n]);
  });

  function hint(number) {
    const stages = [...new Set(number.files.map((path) => makers[path]?.stage.stage).filter(Boolean))];
    const more = stages.length > 3 ? [`and ${stages.length - 3} more`] : [];
    return [number.what, number.value, ...stages.slice(0, 3), ...more].join("\n");
  }

  function tell(button) {
    const number = data.numbers[button.dataset.n];
    const stages = [...new Set(number.files.map((path) => makers[path]?.stage).filter(Boolean))];
    const lines = [...new Set(stages.filter((stage) => stage.file).map((stage) => `${stage.file}:${stage.line}`))];
    const command = `dvc repro ${stages.map((stage) => stage.stage).join(" ")}`;
    $("origin").replaceChildren(
      el("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => $("origin").hidePopover() }, "×"),
      el("h3", {}, number.what),
      el("p", { class: "value" }, number.value),
      el("ul", {}, ...number.how.map((line) => el("li", {}, line))),
      el("dl", {}, ...pairs("read from", number.files.map(source))),
      ...(stages.length ? [el("dl", {},
        ...pairs("written by", stages.map((stage) => el("span", {}, el("code", {}, stage.stage), ` ${stage.what}`))),
        ...pairs("declared in", lines.map(line)),
        ...pairs("made anew by", [el("span", {}, el("code", {}, command), copy(command))]))] : []),
      before(stages),
      number.see ? el("p", { class: "see" }, el("a", { href: `#${number.see}`, onclick: () => $("origin").hidePopover() }, "Show the predictions behind it")) : "",
    );
    for (const other of document.querySelectorAll('.n[aria-expanded="true"]')) other.removeAttribute("aria-expanded");
    button.setAttribute("aria-expanded", "true");
    $("origin").showPopover();
    put(button.getBoundingClientRect());
    $("origin").querySelector(".close").focus({ preventScroll: true });
    $("origin").addEventListener("toggle", (event) => {
      if (event.newState !== "closed") return;
      button.removeAttribute("aria-expanded");
      if ($("origin").contains(document.activeElement) || document.activeElement === document.body) button.focus({ preventScroll: true });
    }, { once: true });
  }

  // Below the number where there is room, or above it, or at its side; never outside of the window.
  function put(place) {
    const box = $("origin");
    const { offsetWidth: width, offsetHeight: height } = box;
    const within = (at, size, all) => Math.max(16, Math.min(at, all - size - 16));
    const below = place.bottom + 8 + height <= innerHeight;
    const above = place.top - 8 - height >= 0;
    const right = place.right + 16 + width <= innerWidth;
    const left = below || above ? place.left - 16 : right ? place.right + 16 : place.left - width - 16;
    const top = below ? place.bottom + 8 : above ? place.top - 8 - height : place.top - height / 2;
    box.style.left = `${within(left, width, innerWidth)}px`;
    box.style.top = `${within(top, height, innerHeight)}px`;
  }

  const pairs = (name, shown) => (shown.length ? [el("dt", {}, name), el("dd", {}, ...shown.map((one) => el("div", {}, one)))] : []);

  function source(path) {
    const output = makers[path]?.output;
    const state = output?.state && output.state !== "as in dvc.lock" ? el("div", { class: "alarm" }, output.state) : "";
    return el("span", {}, el("code", {}, path), output?.md5 ? el("div", { class: "md5" }, el("code", {}, output.md5), copy(output.md5)) : "", state);
  }

  function line(place) {
    return el("a", { href: `#${place}`, onclick: () => $("origin").hidePopover() }, place);
  }

  // The stages that these read from, directly or not, in the order of dvc.yaml.
  function before(stages) {
    const found = new Set();
    const waiting = stages.flatMap((stage) => stage.needs);
    while (waiting.length) {
      const name = waiting.pop();
      if (found.has(name)) continue;
      found.add(name);
      waiting.push(...data.stages[name].needs);
    }
    const shown = Object.values(data.stages).filter((stage) => found.has(stage.stage));
    if (!shown.length) return "";
    return el("details", {}, el("summary", {}, `Made from ${shown.length} stages before`), el("ul", {}, ...shown.map((stage) =>
      el("li", {}, el("code", {}, stage.stage), " ", stage.file ? line(`${stage.file}:${stage.line}`) : "",
        ...stage.outputs.filter((output) => output.md5).slice(0, 1).map((output) => el("div", { class: "md5" }, `${output.path} `, el("code", {}, output.md5)))))));
  }

  function copy(text) {
    return el("button", { type: "button", class: "copy", "aria-label": `Copy ${text}`, onclick: (event) => copied(event.target, text) }, "copy");
  }
  async function copied(button, text) {
    // A page from a file is no secure place to some browsers: then the old way.
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = el("textarea", {}, text);
      button.after(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    button.textContent = "copied";
    setTimeout(() => (button.textContent = "copy"), 1200);
  }

  // --- the sections ----------------------------------------------------------------------------

  function place() {
    try {
      return decodeURIComponent(location.hash.slice(1));
    } catch {
      return ""; // an address that somebody cut off
    }
  }

  // The line of a spec, which may lie in a closed part of the page.
  function reach() {
    for (const line of document.querySelectorAll(".target")) line.classList.remove("target");
    const target = document.getElementById(place());
    if (!target) return;
    const part = target.closest("details");
    if (part) part.open = true;
    if (target.matches(".code li")) target.classList.add("target");
    if (part) target.scrollIntoView({ block: target.matches("li") ? "center" : "start" });
  }

  // The section that is in view is marked.
  const links = new Map([...document.querySelectorAll("nav li a")].map((link) => [link.hash.slice(1), link]));
  const watch = new IntersectionObserver((entries) => {
    for (const one of entries) {
      if (one.isIntersecting) {
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(one.target.id)?.setAttribute("aria-current", "location");
      }
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  for (const section of document.querySelectorAll("main > section")) watch.observe(section);

  // On paper nobody unfolds the spec.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("main details.spec:not([open])")];
    for (const part of closed) part.open = true;
  });
  addEventListener("afterprint", () => closed.forEach((part) => (part.open = false)));

  return { data, $, el, reach };
})();
