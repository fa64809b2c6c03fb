/** What the built extension holds, and that what it says of itself is true. Needs `npm run package`. */

import assert from "node:assert/strict";
import { readFile, readdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";

import { EXTENSION } from "./scopes.mjs";

const require = createRequire(import.meta.url);
const manifest = JSON.parse(await readFile(path.join(EXTENSION, "package.json"), "utf-8"));

async function json(file) {
  return JSON.parse(await readFile(path.join(EXTENSION, file), "utf-8"));
}

/** The names in a zip file, from its central directory. */
async function packed() {
  const bytes = await readFile(path.join(EXTENSION, "mtd.vsix"));
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const names = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [name, extra, comment] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
    names.push(bytes.toString("utf-8", at + 46, at + 46 + name));
    at += 46 + name + extra + comment;
  }
  return names.sort();
}

test("the package holds what VS Code reads, and no more", async () => {
  assert.deepEqual(await packed(), [
    "[Content_Types].xml",
    "extension.vsixmanifest",
    "extension/LICENSE.txt",
    "extension/changelog.md",
    "extension/language-configuration.json",
    "extension/out/extension.js",
    "extension/package.json",
    "extension/readme.md",
    "extension/snippets/mtd.json",
    "extension/syntaxes/markdown.tmLanguage.json",
    "extension/syntaxes/mtd.tmLanguage.json",
  ]);
});

test("the package is small", async () => {
  assert.ok((await stat(path.join(EXTENSION, "mtd.vsix"))).size < 500_000);
});

test("the bundle needs nothing but VS Code and Node", async () => {
  const code = await readFile(path.join(EXTENSION, "out/extension.js"), "utf-8");
  const wanted = new Set([...code.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name.replace(/^node:/, "")));
  const { builtinModules } = require("node:module");
  assert.ok(wanted.delete("vscode"));
  assert.deepEqual([...wanted].filter((name) => !builtinModules.includes(name)), []);
});

test("every file that the manifest names is there", async () => {
  const { languages, grammars, snippets } = manifest.contributes;
  const named = [manifest.main, ...languages.map((one) => one.configuration), ...[...grammars, ...snippets].map((one) => one.path)];
  for (const file of named) {
    assert.ok((await stat(path.join(EXTENSION, file))).isFile(), file);
  }
});

test("every scope of a grammar is the manifest's", async () => {
  for (const { path: file, scopeName } of manifest.contributes.grammars) {
    assert.equal((await json(file)).scopeName, scopeName);
  }
});

test("every command and setting of the code is in the manifest, and none else", async () => {
  const code = await readFile(path.join(EXTENSION, "src/extension.ts"), "utf-8");
  const commands = [...code.matchAll(/registerCommand\("([^"]+)"/g)].map(([, name]) => name).sort();
  assert.deepEqual(manifest.contributes.commands.map((one) => one.command).sort(), commands);
  assert.ok("mtd.path" in manifest.contributes.configuration.properties);
  assert.equal(manifest.contributes.configuration.properties["mtd.path"].default, "mtd");
});

const words = await json("language-configuration.json");

test("a word is a name with its `_`, or a number with its unit, and ends at a dot", () => {
  const found = 'c.gsm8k.train per_problem = -2.5e-3min "a"'.match(new RegExp(words.wordPattern, "g"));
  assert.deepEqual(found, ["c", "gsm8k", "train", "per_problem", "-2.5e-3min", "a"]);
});

test("a line that leaves a bracket open indents the next one, and a closing one goes back", () => {
  const { increaseIndentPattern, decreaseIndentPattern } = words.indentationRules;
  const more = new RegExp(increaseIndentPattern);
  for (const line of ["data a {", "  x = [ # why {", '  m = f("a{", ', "mix b = a {   "]) {
    assert.equal(more.test(line), !line.endsWith(", "), line);
  }
  for (const line of ["# data a {", 'cue = "a {', 'cue = "a {"', "data a { limit = 3 }"]) {
    assert.equal(more.test(line), false, line);
  }
  assert.ok(new RegExp(decreaseIndentPattern).test("  ]"));
});

test("the lock names the public registry only", async () => {
  const { packages } = await json("package-lock.json");
  const hosts = Object.entries(packages).filter(([name]) => name !== "").map(([, one]) => new URL(one.resolved).host);
  assert.deepEqual([...new Set(hosts)], ["registry.npmjs.org"]);
});

test("`npm test` runs every file of tests", async () => {
  const files = (await readdir(path.join(EXTENSION, "test"))).filter((name) => name.endsWith(".test.mjs")).sort();
  assert.deepEqual(manifest.scripts.test.match(/\w+\.test\.mjs/g), files);
});

test("the version is in the list of changes", async () => {
  assert.match(await readFile(path.join(EXTENSION, "CHANGELOG.md"), "utf-8"), new RegExp(`^## ${manifest.version}$`, "m"));
});
