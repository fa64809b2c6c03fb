/** As much of the module `vscode` as the extension and the language client touch when a server starts. */

import { EventEmitter } from "node:events";
import Module from "node:module";
import path from "node:path";

import { EXTENSION } from "./scopes.mjs";

const DISPOSABLE = { dispose() {} };

const KINDS = ["CompletionItem", "Hover", "Definition", "Reference", "Rename", "DocumentSymbol", "DocumentHighlight"];
const MORE = ["CodeActions", "DocumentFormattingEdit", "DocumentLink", "FoldingRange", "DocumentSemanticTokens", "InlayHints"];
const PROVIDERS = [...KINDS, ...MORE].map((kind) => `register${kind}Provider`);
/** A kind of code actions: all are alike here. */
const action = { append: () => action };

/** Whatever is asked for: a class for a capital letter, an event that never comes, else a function. */
function anything(known = {}) {
  const made = { ...known };
  return new Proxy(made, {
    get(target, name) {
      if (!(name in target) && typeof name === "string" && name !== "then") {
        target[name] = /^[A-Z]/.test(name) ? kind() : name.startsWith("is") ? false : () => DISPOSABLE;
      }
      return target[name];
    },
  });
}

/** A class to extend or to make, whose constants are numbers. */
function kind() {
  const made = class {
    constructor(...parts) {
      Object.assign(this, { parts });
    }
    dispose() {}
  };
  return new Proxy(made, { get: (target, name) => (name in target || typeof name === "symbol" ? target[name] : 0) });
}

/** The extension under an editor with these settings; `events` tells what a user would see. */
export function editor({ setting, folders = [], trusted = true, answer }) {
  const events = new EventEmitter();
  const seen = { errors: [], commands: new Map(), executed: [], shown: 0, lines: [], providers: [] };
  const settings = { path: setting };
  const line = (text) => seen.lines.push(String(text));
  const vscode = anything({
    version: "1.91.0",
    CodeActionKind: new Proxy({}, { get: () => action }),
    EventEmitter: class {
      inner = new EventEmitter();
      event = (listener) => {
        this.inner.on("fire", listener);
        return DISPOSABLE;
      };
      fire(value) {
        this.inner.emit("fire", value);
      }
      dispose() {}
    },
    Uri: { file: (fsPath) => ({ scheme: "file", fsPath, toString: () => `file://${fsPath}` }) },
    languages: anything({
      match: () => 10,
      createDiagnosticCollection: () => ({ set() {}, clear() {}, dispose() {} }),
      ...Object.fromEntries(PROVIDERS.map((name) => [name, () => seen.providers.push(name) && DISPOSABLE])),
    }),
    window: anything({
      createOutputChannel: () => ({
        ...Object.fromEntries(["trace", "debug", "info", "warn", "error", "append", "appendLine"].map((n) => [n, line])),
        onDidChangeLogLevel: () => DISPOSABLE,
        show: () => (seen.shown += 1),
        dispose() {},
      }),
      showErrorMessage: async (message) => {
        seen.errors.push(message);
        return answer;
      },
      visibleTextEditors: [],
      tabGroups: anything({ all: [] }),
    }),
    workspace: anything({
      isTrusted: trusted,
      workspaceFolders: folders.map((fsPath, index) => ({ uri: vscodeUri(fsPath), name: path.basename(fsPath), index })),
      textDocuments: [],
      notebookDocuments: [],
      getConfiguration: () => ({ get: (name, otherwise) => settings[name] ?? otherwise, inspect: () => undefined }),
      onDidGrantWorkspaceTrust: (listener) => events.on("trust", listener) && DISPOSABLE,
      onDidChangeConfiguration: (listener) => events.on("configuration", listener) && DISPOSABLE,
      createFileSystemWatcher: () => ({
        onDidCreate: () => DISPOSABLE,
        onDidChange: () => DISPOSABLE,
        onDidDelete: () => DISPOSABLE,
        dispose() {},
      }),
    }),
    commands: anything({
      registerCommand: (name, act) => seen.commands.set(name, act) && DISPOSABLE,
      executeCommand: async (...call) => seen.executed.push(call),
    }),
    env: anything({ appName: "test", language: "en", onDidChangeTelemetryEnabled: () => DISPOSABLE }),
    extensions: anything({ all: [] }),
  });
  return { extension: load(vscode), seen, settings, events, workspace: vscode.workspace };
}

function vscodeUri(fsPath) {
  return { scheme: "file", fsPath, path: fsPath, toString: () => `file://${fsPath}` };
}

/** A fresh copy of the bundle, which asks this editor for `vscode`. */
function load(vscode) {
  const bundle = path.join(EXTENSION, "out", "extension.js");
  const require = Module.createRequire(import.meta.url);
  const original = Module._load;
  delete require.cache[bundle];
  Module._load = (name, ...more) => (name === "vscode" ? vscode : original(name, ...more));
  try {
    return require(bundle);
  } finally {
    Module._load = original;
  }
}
