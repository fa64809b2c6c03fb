/** Tokens of a text under the extension's grammar, made by the engine that VS Code uses. */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const { loadWASM, OnigScanner, OnigString } = require("vscode-oniguruma");
const { INITIAL, Registry, parseRawGrammar } = require("vscode-textmate");

export const EXTENSION = fileURLToPath(new URL("..", import.meta.url));
export const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));

const GRAMMARS = { "source.mtd": "mtd", "markdown.mtd.codeblock": "markdown" };

const wasm = await readFile(require.resolve("vscode-oniguruma/release/onig.wasm"));
await loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
const registry = new Registry({
  onigLib: {
    createOnigScanner: (sources) => new OnigScanner(sources),
    createOnigString: (text) => new OnigString(text),
  },
  loadGrammar: async (scope) => {
    const file = `${EXTENSION}/syntaxes/${GRAMMARS[scope]}.tmLanguage.json`;
    return parseRawGrammar(await readFile(file, "utf-8"), file);
  },
});
const spec = await registry.loadGrammar("source.mtd");
/** What is injected into Markdown, by itself. */
export const fences = await registry.loadGrammar("markdown.mtd.codeblock");

/** Every token: where it is, its text, and its innermost scopes, the file's own left out. */
export function tokens(text, using = spec) {
  const found = [];
  let stack = INITIAL;
  text.split(/\r?\n/).forEach((line, at) => {
    const read = using.tokenizeLine(line, stack);
    stack = read.ruleStack;
    for (const { startIndex, endIndex, scopes } of read.tokens) {
      const piece = line.slice(startIndex, endIndex);
      if (piece !== "") {
        found.push({ line: at + 1, column: startIndex + 1, text: piece, scopes: scopes.slice(1) });
      }
    }
  });
  return found;
}

/** The first token with this text (of a text without its neighbouring blanks). */
export function scopesOf(text, piece, nth = 0) {
  const hits = tokens(text).filter((token) => token.text.trim() === piece);
  if (hits.length <= nth) {
    throw new Error(`no token ${JSON.stringify(piece)} in ${JSON.stringify(text)}`);
  }
  return hits[nth].scopes;
}

/** A line a token that means something, a blank one where a line ends: what a golden file holds. */
export function listing(text) {
  const found = tokens(text).filter((token) => token.text.trim() !== "");
  return found
    .map(({ line, text, scopes }, at) => {
      const named = scopes.map((scope) => scope.replace(/\.mtd$/, "")).join(" ");
      const gap = at > 0 && found[at - 1].line !== line ? "\n" : "";
      return `${gap}${text.trim()} | ${named}\n`;
    })
    .join("");
}
