/** Where the language server is. Free of `vscode`, so that tests need no editor. */

import * as fs from "node:fs";
import * as path from "node:path";

/** What bears on the search; `process.env` and `process.platform` but for tests. */
export interface Machine {
  env: NodeJS.ProcessEnv;
  platform: NodeJS.Platform;
}

/** The program, or the places where it was looked for. */
export type Located = { command: string } | { tried: string[] };

/**
 * The program that the setting `mtd.path` means.
 *
 * A bare name is taken from `.venv` of the opened folders first: that one has the version that the
 * project's specs are written for.
 */
export function locate(setting: string, folders: readonly string[], machine: Machine): Located {
  const wanted = setting.trim().replaceAll("${workspaceFolder}", folders[0] ?? "");
  const tried = places(wanted, folders, machine);
  const command = tried.find((place) => isProgram(place, machine.platform));
  return command === undefined ? { tried } : { command };
}

/** What to tell a user whose `mtd` is nowhere. */
export function notFound(setting: string, tried: readonly string[]): string {
  const looked = tried.length > 0 && tried.length <= 3 ? ` (looked at ${tried.join(", ")})` : "";
  return (
    `The language server needs the command \`${setting}\`, which was not found${looked}. ` +
    "Install it with `pip install 'distill-dsl[lsp]'`, or say in the setting `mtd.path` where it is."
  );
}

function places(wanted: string, folders: readonly string[], machine: Machine): string[] {
  if (wanted === "") {
    return [];
  }
  const windows = machine.platform === "win32";
  const names = windows ? spellings(wanted, machine.env) : [wanted];
  const way = windows ? path.win32 : path.posix;
  if (wanted.includes("/") || (windows && wanted.includes("\\"))) {
    return names.map((name) => way.resolve(folders[0] ?? ".", name));
  }
  const homes = [
    ...folders.map((folder) => way.join(folder, ".venv", windows ? "Scripts" : "bin")),
    ...onPath(machine.env).split(way.delimiter),
  ];
  return homes.filter((home) => home !== "").flatMap((home) => names.map((name) => way.join(home, name)));
}

/** Windows leaves out the ending of a program's name. */
function spellings(name: string, env: NodeJS.ProcessEnv): string[] {
  const endings = (env.PATHEXT ?? ".EXE;.CMD;.BAT").split(";").filter((ending) => ending !== "");
  const whole = endings.some((ending) => name.toLowerCase().endsWith(ending.toLowerCase()));
  return whole ? [name] : endings.map((ending) => name + ending.toLowerCase());
}

/** Windows writes `Path`, and only `process.env` itself does not care. */
function onPath(env: NodeJS.ProcessEnv): string {
  return env.PATH ?? env.Path ?? "";
}

function isProgram(place: string, platform: NodeJS.Platform): boolean {
  try {
    fs.accessSync(place, platform === "win32" ? fs.constants.F_OK : fs.constants.X_OK);
    return fs.statSync(place).isFile();
  } catch {
    return false; // not there or not allowed: no program for us
  }
}
