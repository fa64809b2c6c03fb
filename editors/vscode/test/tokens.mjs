/** A text in JSON a line in, its tokens in JSON a line out: for tests in other languages. */

import readline from "node:readline";

import { tokens } from "./scopes.mjs";

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(tokens(JSON.parse(line)))}\n`);
}
