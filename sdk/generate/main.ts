// Makes the TypeScript API and the reference from the models: `npm run schema`; with --check it only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { format, resolveConfig } from "prettier";
import { functionsText } from "./functions.js";
import { functionReferenceText, referenceText } from "./reference.js";
import { typesText } from "./types.js";

const root = join(__dirname, "..", "..");

async function main(): Promise<void> {
  const types = join(root, "sdk", "nodejs", "types.gen.ts");
  const functions = join(root, "sdk", "nodejs", "functions.gen.ts");
  const typescript = async (file: string, text: string): Promise<[string, string]> => [
    file,
    await format(text, { ...(await resolveConfig(file)), filepath: file }),
  ];
  const files: [string, string][] = [
    await typescript(types, typesText()),
    await typescript(functions, functionsText()),
    [join(root, "docs", "functions.md"), functionReferenceText()],
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
