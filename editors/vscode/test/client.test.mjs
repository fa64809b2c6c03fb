/** The client as built, with a server that keeps a diary. Needs `npm run package`. */

import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { editor } from "./editor.mjs";

const SERVER = `#!${process.execPath}
const { appendFileSync } = require("node:fs");
const note = (entry) => appendFileSync(__filename + ".diary", JSON.stringify(entry) + "\\n");
note({ started: process.argv.slice(2), in: process.cwd() });
let text = "";
process.stdin.on("data", (piece) => {
  text += piece;
  for (let head; (head = /^Content-Length: (\\d+)\\r\\n\\r\\n/.exec(text)) !== null; ) {
    const end = head[0].length + Number(head[1]);
    if (text.length < end) return;
    const { id, method } = JSON.parse(text.slice(head[0].length, end));
    text = text.slice(end);
    note(method);
    if (id !== undefined) {
      const result = method === "initialize" ? { capabilities: {} } : null;
      const reply = JSON.stringify({ jsonrpc: "2.0", id, result });
      process.stdout.write("Content-Length: " + reply.length + "\\r\\n\\r\\n" + reply);
    }
    if (method === "exit") process.exit(0);
  }
});
`;

let folder;
let server;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "mtd-"));
  server = path.join(folder, "mtd");
  await writeFile(server, SERVER);
  await chmod(server, 0o755);
});
after(() => rm(folder, { recursive: true }));

async function diary() {
  const text = await readFile(`${server}.diary`, "utf-8").catch(() => "");
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

// A client sends `exit` and does not wait for the server to have gone: on a busy machine its last line comes later.
async function exited(times) {
  for (let turn = 0; turn < 200; turn += 1) {
    const entries = await diary();
    if (entries.filter((entry) => entry === "exit").length >= times) return entries;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return diary();
}

async function forgotten() {
  await rm(`${server}.diary`, { force: true });
}

const unix = { skip: process.platform === "win32" && "the server of this test is a script with a `#!` line" };

test("a server is started as `mtd lsp` over stdio, in the first folder, and stopped in good order", unix, async () => {
  await forgotten();
  const { extension, seen } = editor({ setting: server, folders: [folder] });
  await extension.activate({ subscriptions: [] });
  await extension.deactivate();
  const [first, ...talk] = await exited(1);
  assert.deepEqual(first, { started: ["lsp"], in: folder });
  assert.deepEqual(talk, ["initialize", "initialized", "shutdown", "exit"]);
  assert.deepEqual(seen.errors, []);
});

test("two restarts at once leave one server", unix, async () => {
  await forgotten();
  const { extension, seen } = editor({ setting: server, folders: [folder] });
  await extension.activate({ subscriptions: [] });
  const restart = seen.commands.get("mtd.restartServer");
  await Promise.all([restart(), restart()]);
  const before = (await exited(2)).filter((entry) => entry === "exit").length;
  await extension.deactivate();
  const entries = await exited(3);
  assert.equal(before, 2);
  assert.equal(entries.filter((entry) => entry.started).length, 3);
  assert.equal(entries.filter((entry) => entry === "exit").length, 3);
});

test("another path in the settings starts the other server", unix, async () => {
  await forgotten();
  const { extension, seen, settings, events } = editor({ setting: path.join(folder, "nothing") });
  await extension.activate({ subscriptions: [] });
  assert.equal(seen.errors.length, 1);
  settings.path = server;
  await events.listeners("configuration")[0]({ affectsConfiguration: (name) => name === "mtd.path" });
  await extension.deactivate();
  assert.ok((await diary()).includes("initialize"));
});

test("a missing `mtd` is told in one message that opens the setting", async () => {
  const { extension, seen } = editor({ setting: path.join(folder, "nothing"), answer: "Open settings" });
  await extension.activate({ subscriptions: [] });
  await new Promise(setImmediate);
  assert.equal(seen.errors.length, 1);
  assert.match(seen.errors[0], /nothing`, which was not found/);
  assert.deepEqual(seen.executed, [["workbench.action.openSettings", "mtd.path"]]);
  await extension.deactivate();
});

test("a program that is no server is told, too", unix, async () => {
  const broken = path.join(folder, "broken");
  await writeFile(broken, "#!/bin/sh\nexit 3\n");
  await chmod(broken, 0o755);
  const { extension, seen } = editor({ setting: broken });
  await extension.activate({ subscriptions: [] });
  assert.ok(seen.errors.some((message) => message.includes("did not start as a language server")), seen.errors.join());
  await extension.deactivate();
});

test("nothing is started in a folder that is not trusted, until it is", unix, async () => {
  await forgotten();
  const { extension, seen, events, workspace } = editor({ setting: server, folders: [folder], trusted: false });
  await extension.activate({ subscriptions: [] });
  assert.deepEqual([await diary(), seen.errors], [[], []]);
  workspace.isTrusted = true;
  await events.listeners("trust")[0]();
  await extension.deactivate();
  assert.ok((await diary()).includes("initialize"));
});

const real = { skip: process.env.MTD === undefined && "MTD does not say where the command `mtd` is" };

test("the server of this project starts and stops under the client", real, async () => {
  const { extension, seen } = editor({ setting: process.env.MTD, folders: [folder] });
  await extension.activate({ subscriptions: [] });
  await extension.deactivate();
  assert.deepEqual(seen.errors, []);
  for (const provider of ["registerCompletionItemProvider", "registerHoverProvider"]) {
    assert.ok(seen.providers.includes(provider), `${provider} is not among ${seen.providers.join(" ")}`);
  }
});
