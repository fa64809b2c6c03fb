// The page is whole without this script, but for the predictions. It sorts tables, says where a number comes from, and
// shows predictions, whose texts models wrote: they are only ever set as text, never as markup.
"use strict";
const mtd = (() => {
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

  // --- predictions ----------------------------------------------------------------------------------

  const PAGE = 25;
  const form = $("filters");
  const runs = Object.fromEntries(data.runs.map((run) => [run.cell, run]));
  const loaded = {};
  const waiting = {};
  const PLAIN = { run: data.best, test: "", by: "", result: "", formats: "", verdict: "", against: "", q: "" };
  const NOBODY = { of: "", id: "" };
  let state = { ...PLAIN, ...NOBODY };
  let matches = [];
  let first = 0;

  const RESULTS = {
    "": "right or not", right: "right", wrong: "wrong", none: "without an answer",
    missed: "not right, but a format is", gained: "right, and there not", lost: "not right, and there it is",
  };
  const FORMATS = { "": "any", split: "some right, some not", differ: "answers differ", all: "all right", nobody: "none right" };

  // What a run's script says; called by the script itself.
  function take(cell, told) {
    const { strategies, formats, tests } = told;
    const thought = ([format, sample, text, verdict, answer, tokens, logprob, confidence, detail, notes, solution, steps, ranks]) =>
      ({ format: formats[format], sample, text, verdict, answer: answer ?? null, tokens, logprob, confidence, detail, notes, solution, steps, ranks });
    const choice = (of) => of && { verdict: of[0], answer: of[1], format: of[2] === null ? null : formats[of[2]], sample: of[3], sure: of[4], tokens: of[5] };
    const rows = told.rows.map(([test, id, question, gold, thoughts, choices]) => ({
      test: tests[test], id, question, gold, thoughts: thoughts.map(thought),
      choices: Object.fromEntries(strategies.map((key, at) => [key, choice(choices[at])]).filter(([, of]) => of)),
    }));
    loaded[cell] = { cell, strategies, formats, tests, rows, byId: new Map(rows.map((row) => [`${row.test}\n${row.id}`, row])) };
  }

  function load(cell) {
    if (!runs[cell]) return Promise.reject(new Error(`there is no run ${cell}`));
    waiting[cell] ??= new Promise((done, failed) => {
      const script = el("script", { src: runs[cell].file.split("/").map(encodeURIComponent).join("/"), charset: "utf-8" });
      script.addEventListener("load", () => (loaded[cell] ? done(loaded[cell]) : failed(new Error(`${runs[cell].file} is damaged`))));
      script.addEventListener("error", () => failed(new Error(`${runs[cell].file} is not beside this page`)));
      document.head.append(script);
    });
    return waiting[cell];
  }

  const outcome = (verdict) => verdict.split(":")[0];
  const isRight = (of) => of?.verdict === "correct";
  const grade = (verdict) => (verdict === "correct" ? "correct" : outcome(verdict) === "wrong" ? "wrong" : "other");
  const sign = (verdict) => ({ correct: "✓", wrong: "✗", other: "–" })[grade(verdict)];

  function keeps(row, beside) {
    const chosen = row.choices[state.by];
    if (state.test && row.test !== state.test) return false;
    const rights = row.thoughts.filter(isRight).length;
    switch (state.result) {
      case "right": if (!isRight(chosen)) return false; break;
      case "wrong": if (!chosen || outcome(chosen.verdict) !== "wrong") return false; break;
      case "none": if (!chosen || chosen.answer !== null) return false; break;
      case "missed": if (isRight(chosen) || rights === 0) return false; break;
      case "gained": if (!isRight(chosen) || isRight(theirs(row, beside)) || !theirs(row, beside)) return false; break;
      case "lost": if (isRight(chosen) || !isRight(theirs(row, beside))) return false; break;
    }
    switch (state.formats) {
      case "split": if (rights === 0 || rights === row.thoughts.length) return false; break;
      case "all": if (rights < row.thoughts.length) return false; break;
      case "nobody": if (rights > 0) return false; break;
      case "differ": if (new Set(row.thoughts.map((one) => one.answer).filter((one) => one !== null)).size < 2) return false; break;
    }
    if (state.verdict && !row.thoughts.some((one) => `${one.format}|${one.verdict}` === state.verdict)) return false;
    if (state.q) {
      row.text ??= [row.id, row.question, row.gold, ...row.thoughts.flatMap((one) => [one.text, one.answer ?? "", one.detail ?? ""])].join("\n").toLowerCase();
      if (!row.text.includes(state.q.toLowerCase())) return false;
    }
    return true;
  }

  // What the run beside says of the same problem, by the same strategy, or by its own where it has not got it.
  function theirs(row, beside) {
    const same = beside?.byId.get(`${row.test}\n${row.id}`);
    if (!same || same.question !== row.question) return undefined;
    return same.choices[state.by] ?? same.choices[data.headlines[beside.cell]];
  }

  // --- the address: #predictions?run=...&by=...&id=... ---

  function address(changes = {}) {
    const next = { ...state, ...changes };
    const said = Object.entries(next).filter(([name, value]) => value && (name === "run" || name === "by" || value !== PLAIN[name]));
    return `#predictions?${new URLSearchParams(said)}`;
  }

  function read() {
    const [place, query] = location.hash.slice(1).split("?");
    if (place !== "predictions" || query === undefined) return null;
    const said = Object.fromEntries(new URLSearchParams(query));
    const known = Object.keys({ ...PLAIN, ...NOBODY }).filter((name) => name in said).map((name) => [name, said[name]]);
    return { ...PLAIN, ...NOBODY, ...Object.fromEntries(known) };
  }

  // Two tests may have a problem of one id, so that an address names both.
  const isMeant = (row) => row.id === state.id && (!state.of || row.test === state.of);

  let asked = 0;
  async function show(next, { scroll = false } = {}) {
    const turn = ++asked;
    if (!runs[next.run]) next.run = PLAIN.run;
    if (next.against === next.run || !runs[next.against]) next.against = "";
    if (!next.against && ["gained", "lost"].includes(next.result)) next.result = "";
    if (!next.run) return;
    form.hidden = false;
    $("browser").hidden = false;
    document.querySelector(".keys").hidden = false;
    if (!loaded[next.run]) $("count").textContent = `loading ${(runs[next.run].bytes / 1e6).toFixed(1)} MB ...`;
    let run, beside;
    try {
      [run, beside] = await Promise.all([load(next.run), next.against ? load(next.against) : null]);
    } catch (error) {
      $("count").textContent = error.message;
      return;
    }
    if (turn !== asked) return; // somebody was faster
    if (!run.strategies.includes(next.by)) next.by = data.headlines[next.run];
    if (!run.tests.includes(next.test)) next.test = "";
    state = next;
    fill(run);
    const found = run.rows.filter((row) => keeps(row, beside));
    const same = found.length === matches.length && found.every((row, at) => row === matches[at]);
    matches = found;
    const at = matches.findIndex(isMeant);
    if (at >= 0) first = at - (at % PAGE);
    else if (!same) first = 0;
    // One that the filters leave out is shown all the same: its address says so.
    const shown = matches[at] ?? run.rows.find(isMeant) ?? matches[0];
    list(shown);
    detail(run, shown, beside);
    $("predictions").classList.toggle("open", Boolean(state.id));
    if (scroll) (state.id && innerWidth < 960 ? $("detail") : $("predictions")).scrollIntoView();
  }

  function go(changes) {
    history.replaceState(null, "", address(changes));
    return show({ ...state, ...changes });
  }

  // --- filters ---

  function options(name, pairs, chosen) {
    const select = form.elements[name];
    select.replaceChildren(...pairs.map(([value, text]) =>
      Array.isArray(text) ? el("optgroup", { label: value }, ...text.map(([inner, shown]) => el("option", { value: inner }, shown))) : el("option", { value }, text)));
    select.value = chosen;
    if (select.selectedIndex < 0) select.selectedIndex = 0;
    select.toggleAttribute("data-set", !["run", "by"].includes(name) && Boolean(select.value));
  }

  function grouped(cells) {
    const found = new Map();
    for (const { cell, student, mix, seed } of cells) {
      const name = `${student} after ${mix}`;
      found.set(name, [...(found.get(name) ?? []), [cell, `${student} · ${mix} · seed ${seed}`]]);
    }
    return [...found];
  }

  function fill(run) {
    options("run", grouped(data.runs), state.run);
    options("test", [["", "all"], ...run.tests.map((test) => [test, test])], state.test);
    options("by", run.strategies.map((key) => [key, data.titles[key]]), state.by);
    const results = Object.entries(RESULTS).filter(([key]) => state.against || !["gained", "lost"].includes(key));
    options("result", results, state.result);
    options("formats", Object.entries(FORMATS), state.formats);
    options("verdict", [["", "of any kind"], ...verdicts(run)], state.verdict);
    options("against", [["", "none"], ...grouped(data.runs.filter((one) => one.cell !== state.run))], state.against);
    if (form.elements.q.value !== state.q && document.activeElement !== form.elements.q) form.elements.q.value = state.q;
    form.elements.q.toggleAttribute("data-set", Boolean(state.q));
  }

  function verdicts(run) {
    const counts = new Map(run.formats.map((format) => [format, new Map()]));
    for (const row of run.rows) {
      if (state.test && row.test !== state.test) continue;
      for (const one of row.thoughts) counts.get(one.format).set(one.verdict, (counts.get(one.format).get(one.verdict) ?? 0) + 1);
    }
    return [...counts].map(([format, found]) => [format, [...found].sort((a, b) => b[1] - a[1])
      .map(([verdict, count]) => [`${format}|${verdict}`, `${format}: ${verdict} (${count.toLocaleString("en")})`])]);
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => event.target.name !== "q" && go({ [event.target.name]: event.target.value }));
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    form.elements.q.value = "";
    go({ ...PLAIN, run: state.run, by: state.by });
  });
  let typing;
  form.elements.q.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => go({ q: form.elements.q.value.trim() }), 150);
  });

  // --- the list ---

  function list(shown) {
    const right = matches.filter((row) => isRight(row.choices[state.by])).length;
    const all = loaded[state.run].rows.length;
    const share = state.result ? "" : `; ${(100 * right / matches.length).toFixed(1)} % of them right`;
    $("count").textContent = matches.length
      ? `${matches.length.toLocaleString("en")} of ${all.toLocaleString("en")} problems${share}`
      : `none of ${all.toLocaleString("en")} problems is like that`;
    const page = matches.slice(first, first + PAGE);
    document.querySelector("#list ol").replaceChildren(...page.map((row) => entry(row, row === shown)));
    const last = Math.min(first + PAGE, matches.length);
    document.querySelector(".pages span").textContent = matches.length ? `${first + 1} to ${last}` : "";
    document.querySelector(".pages").hidden = matches.length <= PAGE;
    $("back").disabled = first === 0;
    $("on").disabled = last >= matches.length;
  }

  function entry(row, current) {
    const chosen = row.choices[state.by];
    const verdict = chosen?.verdict ?? "no-answer";
    return el("li", {}, el("a", { href: address({ of: row.test, id: row.id }), "aria-current": current && "true" },
      el("span", { class: `verdict ${grade(verdict)}`, role: "img", "aria-label": verdict }, sign(verdict)),
      el("span", { class: "q" }, visible(row.question.slice(0, 240))),
      el("span", { class: "a" }, visible(chosen?.answer ?? "none")),
      el("span", { class: "chips" }, ...row.thoughts.slice(0, 12).map((one) =>
        el("span", { class: grade(one.verdict), title: one.verdict }, `${sign(one.verdict)} ${one.format}${one.sample ? ` ${one.sample + 1}` : ""}`)))));
  }

  function turn(by) {
    first = Math.max(0, Math.min(first + by * PAGE, matches.length - 1));
    first -= first % PAGE;
    const row = matches[first];
    go(row ? { of: row.test, id: row.id } : NOBODY);
  }
  $("back").addEventListener("click", () => turn(-1));
  $("on").addEventListener("click", () => turn(1));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const place = $("predictions").getBoundingClientRect();
    if (form.hidden || place.top > innerHeight * 0.8 || place.bottom < 100) return;
    if (event.key === "/") {
      event.preventDefault();
      form.elements.q.focus();
    } else if ("jk".includes(event.key)) {
      const at = matches.findIndex(isMeant);
      const next = matches[at < 0 ? 0 : at + (event.key === "j" ? 1 : -1)];
      if (next) step(next);
    }
  });

  async function step(row) {
    await go({ of: row.test, id: row.id });
    document.querySelector('#list a[aria-current]')?.scrollIntoView({ block: "nearest" });
  }

  // --- one prediction ---

  // Characters that hide or turn others around, made visible; what is searched for, marked.
  const ODD = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
  function visible(text, find = "") {
    const made = document.createDocumentFragment();
    const pieces = (part) => {
      let from = 0;
      for (const found of part.matchAll(ODD)) {
        const code = found[0].codePointAt(0);
        const shown = code < 0x20 ? String.fromCodePoint(0x2400 + code) : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
        made.append(part.slice(from, found.index), el("span", { class: "odd", title: `U+${code.toString(16).padStart(4, "0")}` }, shown));
        from = found.index + found[0].length;
      }
      made.append(part.slice(from));
    };
    const low = text.toLowerCase();
    let from = 0;
    if (find && low.length === text.length) {
      for (let at = low.indexOf(find); at >= 0; at = low.indexOf(find, from)) {
        pieces(text.slice(from, at));
        made.append(el("mark", {}, text.slice(at, at + find.length)));
        from = at + find.length;
      }
    }
    pieces(text.slice(from));
    return made;
  }

  function detail(run, row, beside) {
    if (!row) return $("detail").replaceChildren(el("p", { class: "nothing" }, "Nothing to show."));
    const find = state.q.toLowerCase();
    const chosen = row.choices[state.by];
    const which = runs[run.cell];
    $("detail").replaceChildren(
      el("p", { class: "id" }, `${row.test} · ${row.id} · ${which.student} after ${which.mix}, seed ${which.seed}`),
      el("p", { class: "question" }, visible(row.question, find)),
      el("p", { class: "gold" }, "Gold: ", el("b", {}, visible(row.gold, find)), ". ", data.titles[state.by], " says ",
        el("b", { class: grade(chosen?.verdict ?? "no-answer") }, chosen?.answer === null || !chosen ? "nothing" : visible(chosen.answer)), "."),
      el("div", { class: "thoughts" }, ...row.thoughts.map((one) => card(row, one, find))),
      el("h3", {}, "What each strategy chose"),
      strategies(run, row),
      ...aside(row, beside),
      el("h3", {}, "The same problem in other runs"),
      el("ul", { class: "others" }, ...data.runs.filter((other) => other.cell !== run.cell).map((other) =>
        el("li", {}, el("a", { href: address({ run: other.cell, of: row.test, id: row.id, against: "", by: "" }) }, `${other.student} · ${other.mix} · ${other.seed}`)))),
    );
    $("detail").scrollTop = 0;
  }

  function card(row, one, find) {
    const by = Object.entries(row.choices).filter(([, of]) => of.format === one.format && of.sample === one.sample && of.answer !== null).map(([key]) => data.titles[key]);
    const facts = [
      ["gives", one.answer === null ? null : el("b", {}, visible(one.answer, find))],
      ["because", one.detail && visible(one.detail, find)],
      ["with", one.solution && visible(Object.entries(one.solution).map(([name, value]) => `${name} = ${value}`).join(", "))],
      ["steps", one.steps && visible(`${one.steps[0]} right, ${one.steps[1]} wrong${one.steps[2] ? `: ${one.steps[2]}` : ""}`)],
      ["note", one.notes && visible(one.notes.join("; "))],
      ["sure", one.confidence === undefined || one.confidence === null ? null : `${(100 * one.confidence).toFixed(1)} %`],
      ...Object.entries(one.ranks ?? {}).map(([name, score]) => [name, `${(100 * score).toFixed(1)} %`]),
      ["written", `${one.tokens} tokens, ${one.logprob.toFixed(3)} nats each`],
      ["chosen by", by.length ? by.join("; ") : null],
    ].filter(([, shown]) => shown);
    return el("section", { class: `thought is-${grade(one.verdict)}`, "aria-label": `${one.format}: ${one.verdict}` },
      el("header", {}, el("b", {}, `${one.format}${one.sample ? `, sample ${one.sample + 1}` : ""}`),
        el("span", { class: `verdict ${grade(one.verdict)}` }, `${sign(one.verdict)} ${one.verdict}`)),
      el("pre", {}, one.text ? visible(one.text, find) : el("i", {}, "nothing was written")),
      el("dl", {}, ...facts.flatMap(([name, shown]) => [el("dt", {}, name), el("dd", {}, shown)])));
  }

  function strategies(run, row) {
    const lines = run.strategies.filter((key) => row.choices[key]).map((key) => {
      const of = row.choices[key];
      const from = of.format === null || of.answer === null ? "" : `${of.format}${of.sample ? ` ${of.sample + 1}` : ""}`;
      return el("tr", { "aria-current": key === state.by && "true" },
        el("th", { scope: "row" }, el("a", { href: address({ by: key, of: row.test, id: row.id }) }, data.titles[key])),
        el("td", {}, of.answer === null ? "none" : visible(of.answer)), el("td", {}, from),
        el("td", { class: `verdict ${grade(of.verdict)}` }, `${sign(of.verdict)} ${of.verdict}`),
        el("td", { class: "num" }, of.sure === null ? "" : `${(100 * of.sure).toFixed(1)} %`), el("td", { class: "num" }, String(of.tokens)));
    });
    const heads = [["strategy", ""], ["answer", ""], ["from", ""], ["verdict", ""], ["sure", "num"], ["tokens", "num"]];
    return el("div", { class: "scroll" }, el("table", {},
      el("thead", {}, el("tr", {}, ...heads.map(([name, kind]) => el("th", { scope: "col", class: kind || null }, name)))), el("tbody", {}, ...lines)));
  }

  function aside(row, beside) {
    const of = beside && theirs(row, beside);
    if (!beside) return [];
    const { student, mix, seed } = runs[beside.cell];
    const said = of ? `${sign(of.verdict)} ${of.answer ?? "no answer"} (${of.verdict})` : "was asked something else";
    return [el("h3", {}, "Beside it"), el("p", {}, `${student} after ${mix}, seed ${seed}: `, el("b", { class: of ? grade(of.verdict) : "" }, visible(said)))];
  }

  // --- coming and going -----------------------------------------------------------------------------

  // The line of a spec, which may lie in a closed part of the page.
  function reach() {
    for (const line of document.querySelectorAll(".target")) line.classList.remove("target");
    const place = decodeURIComponent(location.hash.slice(1));
    const target = place && document.getElementById(place);
    if (!target) return;
    const part = target.closest("details");
    if (part) part.open = true;
    if (target.matches(".code li")) target.classList.add("target");
    if (part) target.scrollIntoView({ block: target.matches("li") ? "center" : "start" });
  }

  function arrive() {
    const next = read();
    if (next) show(next, { scroll: !form.contains(document.activeElement) && !inView() });
    else reach();
  }
  function inView() {
    const place = $("browser").getBoundingClientRect();
    return !form.hidden && innerWidth >= 960 && place.top < innerHeight * 0.5 && place.bottom > innerHeight * 0.5;
  }
  addEventListener("hashchange", arrive);

  // Sections that are in view are marked; predictions are loaded when somebody comes near them.
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
  const near = new IntersectionObserver((entries) => {
    if (!entries.some((one) => one.isIntersecting) || !data.runs.length) return;
    near.disconnect();
    if (form.hidden) show(read() ?? { ...state });
  }, { rootMargin: "200px" });

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("main details.spec:not([open])")];
    for (const part of closed) part.open = true;
  });
  addEventListener("afterprint", () => closed.forEach((part) => (part.open = false)));

  queueMicrotask(() => {
    arrive();
    near.observe($("predictions"));
  });
  return { take };
})();
