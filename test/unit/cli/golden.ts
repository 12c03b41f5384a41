// Compares with a file under test/golden/cli; `npm run golden:update` rewrites it.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(__dirname, "../../golden/cli");

export function isGolden(name: string, text: string): void {
  const file = join(folder, name);
  if (process.env["GOLDEN_UPDATE"] === "1") {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  }
  assert.equal(text, readFileSync(file, "utf8"));
}
