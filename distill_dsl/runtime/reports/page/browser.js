// The browser of predictions. Models wrote their texts: they are only ever set as text, never as markup.
const mtd = (() => {
  const { data, $, el, reach } = page;
  const PAGE = 25;
  const form = $("filters");
  // Without a prototype, since an address may name anything.
  const keyed = (entries) => Object.assign(Object.create(null), Object.fromEntries(entries));
  const runs = keyed(data.runs.map((run) => [run.cell, run]));
  const loaded = keyed([]);
  const waiting = keyed([]);
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

  // --- coming and going ---

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

  // Predictions are loaded when somebody comes near them.
  const near = new IntersectionObserver((entries) => {
    if (!entries.some((one) => one.isIntersecting) || !data.runs.length) return;
    near.disconnect();
    if (form.hidden) show(read() ?? { ...state });
  }, { rootMargin: "200px" });

  queueMicrotask(() => {
    arrive();
    near.observe($("predictions"));
  });
  return { take };
})();
