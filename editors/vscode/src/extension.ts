/** Starts `mtd lsp` for the specs of trusted folders. */

import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

import { locate, notFound } from "./server";

const INSTALL = "How to install";
const SETTINGS = "Open settings";
const OUTPUT = "Show output";

let output: vscode.LogOutputChannel;
let client: LanguageClient | undefined;
/** Starts and stops wait for each other: two restarts at once leave one server. */
let turn: Promise<void> = Promise.resolve();

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  output = vscode.window.createOutputChannel("mtd language server", { log: true });
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand("mtd.restartServer", restart),
    vscode.commands.registerCommand("mtd.showOutput", () => output.show()),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((event) =>
      event.affectsConfiguration("mtd.path") ? restart() : undefined,
    ),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await inTurn(stop);
}

async function restart(): Promise<void> {
  await inTurn(async () => {
    await stop();
    await start(surroundings());
  });
}

async function inTurn(act: () => Promise<void>): Promise<void> {
  const mine = turn.then(act);
  turn = mine.catch(() => undefined); // whoever asked hears of it; the next one has its turn all the same
  await mine;
}

interface Surroundings {
  setting: string;
  folders: string[];
  trusted: boolean;
}

function surroundings(): Surroundings {
  return {
    setting: vscode.workspace.getConfiguration("mtd").get<string>("path", "mtd"),
    folders: (vscode.workspace.workspaceFolders ?? [])
      .filter((folder) => folder.uri.scheme === "file")
      .map((folder) => folder.uri.fsPath),
    trusted: vscode.workspace.isTrusted,
  };
}

async function start({ setting, folders, trusted }: Surroundings): Promise<void> {
  if (!trusted) {
    output.info("The folder is not trusted: no server is started.");
    return;
  }
  const found = locate(setting, folders, process);
  if ("tried" in found) {
    output.error(`No program ${setting}. Looked at:\n${found.tried.join("\n")}`);
    void offer(notFound(setting, found.tried));
    return;
  }
  output.info(`Starting ${found.command} lsp`);
  const started = new LanguageClient("mtd", "mtd language server", serverOptions(found.command, folders), options());
  try {
    await started.start();
    client = started;
  } catch (reason) {
    output.error(String(reason));
    void offer(`\`${found.command} lsp\` did not start as a language server. Is distill-dsl up to date?`);
  }
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  try {
    await running?.dispose();
  } catch (reason) {
    output.warn(`The server did not stop by itself: ${String(reason)}`);
  }
}

function serverOptions(command: string, folders: readonly string[]): ServerOptions {
  return { command, args: ["lsp"], options: { cwd: folders[0] } };
}

function options(): LanguageClientOptions {
  return {
    documentSelector: [{ scheme: "file", language: "mtd" }],
    outputChannel: output,
    // A spec that no editor shows may still be imported by one that is.
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.mtd") },
  };
}

async function offer(message: string): Promise<void> {
  const choice = await vscode.window.showErrorMessage(message, SETTINGS, INSTALL, OUTPUT);
  if (choice === SETTINGS) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "mtd.path");
  } else if (choice === INSTALL) {
    await vscode.commands.executeCommand("extension.open", "distill-dsl.mtd");
  } else if (choice === OUTPUT) {
    output.show();
  }
}
