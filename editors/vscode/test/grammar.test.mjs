/** Colours: golden tokens of every spec (rewritten by `npm run golden`), and what must hold of any. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";

import { EXTENSION, REPOSITORY, fences, listing, scopesOf, tokens } from "./scopes.mjs";

const REWRITE = process.argv.includes("--golden");
const GOLDEN = path.join(EXTENSION, "test", "golden");
const BLOCKS = ["data", "teacher", "thought", "mix", "student", "experiment"];

const good = new Map();
for (const name of (await readdir(path.join(REPOSITORY, "specs"))).filter((name) => name.endsWith(".mtd")).sort()) {
  good.set(name, await readFile(path.join(REPOSITORY, "specs", name), "utf-8"));
}
const others = path.join(REPOSITORY, "tests", "editors");
good.set("constructs.mtd", await readFile(path.join(others, "constructs.mtd"), "utf-8"));
const mistakes = await readFile(path.join(others, "mistakes.mtd"), "utf-8");

function invalid(text) {
  return tokens(text).filter((token) => token.scopes.some((scope) => scope.startsWith("invalid")));
}

for (const [name, text] of [...good, ["mistakes.mtd", mistakes]]) {
  test(`tokens of ${name}`, async () => {
    const file = path.join(GOLDEN, name.replace(/\.mtd$/, ".txt"));
    if (REWRITE) {
      await mkdir(GOLDEN, { recursive: true });
      await writeFile(file, listing(text));
    }
    assert.ok(existsSync(file), `no golden file for ${name}; make it with \`npm run golden\``);
    assert.equal(listing(text), await readFile(file, "utf-8"));
  });
}

for (const [name, text] of good) {
  test(`nothing of ${name} is invalid, and all of it has a scope`, () => {
    assert.deepEqual(invalid(text), []);
    assert.deepEqual(tokens(text).filter((token) => token.text.trim() !== "" && token.scopes.length === 0), []);
  });

  test(`every statement of ${name} starts with a keyword`, () => {
    const heads = tokens(text).filter((token) => token.column === 1 && /^[a-z]/.test(token.text));
    assert.notEqual(heads.length, 0);
    for (const head of heads) {
      assert.match(head.scopes.join(" "), /^keyword\./, `${head.line}: ${head.text}`);
    }
  });
}

for (const word of BLOCKS) {
  test(`the word ${word} is a keyword where it starts a block, and nowhere else`, () => {
    const head = `${word} ${word} { ${word} = ${word}   x = ${word}.train   y = f(${word}: ${word}) }`;
    const scopes = tokens(head)
      .filter((token) => token.text === word)
      .map((token) => token.scopes.at(-1));
    assert.deepEqual(scopes, [
      "keyword.declaration.block.mtd",
      "entity.name.type.mtd",
      "support.type.property-name.mtd",
      "variable.other.mtd",
      "variable.other.object.mtd",
      "variable.parameter.mtd",
      "variable.other.mtd",
    ]);
  });

  test(`the word ${word} of a copy is a keyword, too`, () => {
    const copy = `} ${word} b = c.a { seed = 1 }`;
    assert.deepEqual(scopesOf(copy, word), ["keyword.declaration.block.mtd"]);
    assert.deepEqual(scopesOf(copy, "b"), ["entity.name.type.mtd"]);
    assert.deepEqual(scopesOf(copy, "c.a"), ["entity.other.inherited-class.mtd"]);
  });
}

const INNERMOST = [
  ['import "a.mtd" as c', "import", "keyword.control.import.mtd"],
  ['import "a.mtd" as c', "as", "keyword.control.as.mtd"],
  ['import "a.mtd" as c', "c", "entity.name.namespace.mtd"],
  ["param paths: int = 4 { least = 1 }", "paths", "variable.other.constant.mtd"],
  ["param paths: int = 4 { least = 1 }", "int", "storage.type.mtd"],
  ["param paths: int = 4 { least = 1 }", "least", "support.type.property-name.mtd"],
  ["experiment e { vary paths = [1, 2] }", "vary", "keyword.control.vary.mtd"],
  ["experiment e { vary paths = [1, 2] }", "paths", "variable.other.constant.mtd"],
  ['teacher t { model = openai("m", key: env("K")) }', "openai", "entity.name.function.mtd"],
  ['teacher t { model = openai("m", key: env("K")) }', "env", "entity.name.function.mtd"],
  ['teacher t { model = openai("m", key: env("K")) }', "key", "variable.parameter.mtd"],
  ["mix m { dev = 5% }", "%", "keyword.other.unit.mtd"],
  ["thought t { timeout = 5e-1min }", "5e-1", "constant.numeric.mtd"],
  ["thought t { timeout = 5e-1min }", "min", "keyword.other.unit.mtd"],
  ["mix m { limit = none }", "none", "constant.language.mtd"],
  ["mix m { limit = none.of }", "none", "variable.other.object.mtd"],
  ["thought t { answer = text }", "text", "support.constant.mtd"],
  ["experiment e { answers = [text] }", "text", "variable.other.mtd"],
  ["experiment e { answers = [a > b] }", ">", "keyword.operator.fallback.mtd"],
  ["mix m { thoughts = a + 2*b }", "+", "keyword.operator.join.mtd"],
  ["mix m { thoughts = a + 2*b }", "*", "keyword.operator.weight.mtd"],
  ["mix m { problems = a.train }", "train", "variable.other.property.mtd"],
  ["x = a # b = 1", "b = 1", "comment.line.number-sign.mtd"],
  ['x = "# no comment"', "# no comment", "string.quoted.double.mtd"],
  ['x = "a\\nb"', "\\n", "constant.character.escape.mtd"],
  ['x = "a\\qb"', "\\q", "invalid.illegal.escape.mtd"],
  ["x = 5sec", "sec", "invalid.illegal.unit.mtd"],
  ["x = 1_000", "_000", "invalid.illegal.unit.mtd"],
  ["x = 'a'", "'a'", "invalid.illegal.quotes.mtd"],
  ["x = “a”", "“a”", "invalid.illegal.quotes.mtd"],
  ["// a", "// a", "invalid.illegal.comment.mtd"],
  ["data gsm-8k {", "gsm-8k", "invalid.illegal.name.mtd"],
  ["x = a; y = b", ";", "invalid.illegal.character.mtd"],
];

for (const [text, piece, scope] of INNERMOST) {
  test(`${JSON.stringify(piece)} in ${text}`, () => assert.equal(scopesOf(text, piece).at(-1), scope));
}

test("a block that is not closed leaves the next one its colours", () => {
  const open = "mix m {\n  problems = [a.train,\n\nmix n { seed = 1 }\n";
  assert.equal(scopesOf(open, "mix", 1).at(-1), "keyword.declaration.block.mtd");
  assert.equal(scopesOf(open, "seed").at(-1), "support.type.property-name.mtd");
});

test("a text that is not closed ends with its line", () => {
  const [quote, ...more] = tokens('cue = "a\nseed = 1').filter((token) => token.line === 1 && token.column > 6);
  assert.equal(quote.scopes.at(-1), "invalid.illegal.unclosed-string.mtd");
  assert.equal(more.length, 1);
  assert.equal(scopesOf('cue = "a\nseed = 1', "seed").at(-1), "support.type.property-name.mtd");
});

test("a fence of Markdown has the colours of a spec up to its end, even where a block stays open", () => {
  const found = tokens("Text\n```mtd\nmix m { seed = 1\n```\nmix m { seed = 2\n", fences);
  const of = (line, text) => found.find((token) => token.line === line && token.text === text)?.scopes ?? [];
  assert.ok(of(3, "mix").includes("meta.embedded.block.mtd"));
  assert.equal(of(3, "mix").at(-1), "keyword.declaration.block.mtd");
  assert.equal(of(3, "seed").at(-1), "support.type.property-name.mtd");
  assert.deepEqual(found.find((token) => token.line === 5).scopes, []);
});

test("fences of other languages are left alone", () => {
  assert.ok(tokens("```python\ndata = 1\n```\n", fences).every((token) => token.scopes.length === 0));
});
