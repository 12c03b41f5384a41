// Makes the TypeScript API, the package schema and the reference from the models: `npm run schema`; with --check it only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { format, resolveConfig } from "prettier";
import { driversText } from "./drivers.js";
import { functionsText } from "./functions.js";
import { functionReferenceText, referenceText } from "./reference.js";
import { packageSchemaText } from "./package-schema.js";
import { propertiesText } from "./properties.js";
import { typesText } from "./types.js";

const root = join(__dirname, "..", "..");

async function main(): Promise<void> {
  const formatted = async (file: string, text: string): Promise<[string, string]> => [
    file,
    await format(text, { ...(await resolveConfig(file)), filepath: file }),
  ];
  const files: [string, string][] = [
    await formatted(join(root, "sdk", "nodejs", "types.gen.ts"), typesText()),
    await formatted(join(root, "sdk", "nodejs", "functions.gen.ts"), functionsText()),
    await formatted(join(root, "sdk", "nodejs", "properties.gen.ts"), propertiesText()),
    await formatted(join(root, "provider", "plugin", "schema.gen.json"), packageSchemaText()),
    [join(root, "docs", "functions.md"), functionReferenceText()],
    [join(root, "docs", "resources.md"), referenceText()],
    [join(root, "docs", "vf-config.md"), driversText()],
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
