// Makes the TypeScript API and the reference from the models: `npm run schema`; with --check it only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { format, resolveConfig } from "prettier";
import { referenceText } from "./reference.js";
import { typesText } from "./types.js";

const root = join(__dirname, "..", "..");

async function main(): Promise<void> {
  const types = join(root, "sdk", "nodejs", "types.gen.ts");
  const files: [string, string][] = [
    [types, await format(typesText(), { ...(await resolveConfig(types)), filepath: types })],
    [join(root, "docs", "resources.md"), referenceText()],
  ];
  for (const [file, text] of files) {
    if (!process.argv.includes("--check")) writeFileSync(file, text);
    else if (readFileSync(file, "utf8") !== text) {
      throw new Error(`${relative(root, file)} is not what the models say: run \`npm run schema\``);
    }
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
