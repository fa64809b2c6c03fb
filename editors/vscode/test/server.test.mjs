/** Where the client looks for the server. */

import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { buildSync } from "esbuild";

import { EXTENSION } from "./scopes.mjs";

let folder;
let locate;
let notFound;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "mtd-"));
  const outfile = path.join(folder, "server.mjs");
  buildSync({ entryPoints: [path.join(EXTENSION, "src/server.ts")], bundle: true, platform: "node", format: "esm", outfile });
  ({ locate, notFound } = await import(outfile));
});
after(() => rm(folder, { recursive: true }));

async function program(...parts) {
  const place = path.join(folder, ...parts);
  await mkdir(path.dirname(place), { recursive: true });
  await writeFile(place, "");
  await chmod(place, 0o755);
  return place;
}

function linux(...homes) {
  return { env: { PATH: homes.join(":") }, platform: "linux" };
}

test("a bare name is looked for on PATH, in its order", async () => {
  const first = await program("first", "mtd");
  await program("second", "mtd");
  const homes = ["nowhere", "first", "second"].map((name) => path.join(folder, name));
  assert.deepEqual(locate("mtd", [], linux(...homes)), { command: first });
});

test("the environment of an opened folder comes before PATH", async () => {
  await program("global", "mtd");
  const own = await program("project", ".venv", "bin", "mtd");
  const folders = [path.join(folder, "other"), path.join(folder, "project")];
  assert.deepEqual(locate("mtd", folders, linux(path.join(folder, "global"))), { command: own });
});

test("a path is taken as it is, from the first folder, with its variable filled in", async () => {
  const tool = await program("tools", "mtd");
  assert.deepEqual(locate(tool, [], linux()), { command: tool });
  assert.deepEqual(locate("./tools/mtd", [folder], linux()), { command: tool });
  assert.deepEqual(locate(" ${workspaceFolder}/tools/mtd ", [folder], linux()), { command: tool });
});

test("what is no program is not found, and the places are told", async () => {
  const plain = path.join(folder, "plain", "mtd");
  await program("plain", "mtd");
  await chmod(plain, 0o644);
  await mkdir(path.join(folder, "directory", "mtd"), { recursive: true });
  const homes = [path.dirname(plain), path.join(folder, "directory")];
  assert.deepEqual(locate("mtd", [], linux(...homes)), { tried: homes.map((home) => path.join(home, "mtd")) });
  assert.deepEqual(locate("", [folder], linux(folder)), { tried: [] });
});

test("an empty part of PATH is not the current folder", () => {
  assert.deepEqual(locate("mtd", [], linux("", "")), { tried: [] });
});

test("Windows leaves out endings and writes Path", () => {
  const windows = { env: { Path: "C:\\Tools;D:\\Bin", PATHEXT: ".EXE;.CMD" }, platform: "win32" };
  assert.deepEqual(locate("mtd", ["C:\\work"], windows).tried, [
    "C:\\work\\.venv\\Scripts\\mtd.exe",
    "C:\\work\\.venv\\Scripts\\mtd.cmd",
    "C:\\Tools\\mtd.exe",
    "C:\\Tools\\mtd.cmd",
    "D:\\Bin\\mtd.exe",
    "D:\\Bin\\mtd.cmd",
  ]);
  assert.deepEqual(locate("C:\\x\\mtd.exe", [], windows).tried, ["C:\\x\\mtd.exe"]);
});

test("the message says what to do, and places only while they are few", () => {
  const short = notFound("mtd", ["/a/mtd"]);
  assert.match(short, /`mtd`.*\/a\/mtd.*pip install 'distill-dsl\[lsp\]'.*`mtd\.path`/);
  assert.doesNotMatch(notFound("mtd", ["/a", "/b", "/c", "/d"]), /looked at/);
});
