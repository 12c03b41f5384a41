// `pulumi-sriov adopt`: a Pulumi project for what a host has now, in a folder.
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { SriovError } from "../../base/errors.js";
import { type Found, type Importable, findImportable } from "../../functions/importable.js";
import type { HostInputs } from "../../resources/host-inputs.js";
import type { Io } from "../io.js";
import { countOf } from "../topology/words.js";
import { linked, programText } from "./program-text.js";
import { type StackNames, stackFile } from "./stack-file.js";

export type AdoptOptions = { out: string; project?: string; stack: string; force?: boolean };

const stateName = "adopted-state.json";

export async function adopt(io: Io, host: HostInputs, options: AdoptOptions): Promise<void> {
  const folder = resolve(io.cwd, options.out);
  const context = io.context();
  const { hostName } = await context.connect(host);
  const names = { project: options.project ?? hostName.replaceAll(/[^A-Za-z0-9_.-]+/g, "-"), stack: options.stack };
  checkNames(names);
  const found = await findImportable(context, host);
  const resources = linked(found.resources);
  const files = {
    "index.ts": programText(resources, host, hostName),
    "Pulumi.yaml": `name: ${names.project}\nruntime: nodejs\ndescription: The SR-IOV of ${hostName}\n`,
    "package.json": packageJson(names.project),
    [stateName]: stackFile(resources, names, new Date().toISOString()),
  };
  await writeFiles(folder, files, options.force === true);
  io.stdout.write(report(found, names, relative(io.cwd, folder)));
}

/** Both become part of every URN. */
function checkNames(names: StackNames): void {
  for (const [flag, name] of Object.entries(names)) {
    if (/^[A-Za-z0-9_.-]{1,100}$/.test(name)) continue;
    const hint = name.includes("/") ? ", without the organization" : "";
    throw new SriovError(
      "invalid-input",
      `--${flag}: expected letters, digits, ".", "_" and "-"${hint}, got ${JSON.stringify(name)}`,
    );
  }
}

function packageJson(name: string): string {
  const own = createRequire(__filename)("pulumi-sriov/package.json") as {
    version: string;
    peerDependencies: { [name: string]: string };
  };
  const dependencies = { ...own.peerDependencies, "pulumi-sriov": `^${own.version}` };
  return `${JSON.stringify({ name: name.toLowerCase(), private: true, main: "index.ts", dependencies }, null, 2)}\n`;
}

/** All or none: what is there already is somebody's. */
async function writeFiles(folder: string, files: { [name: string]: string }, force: boolean): Promise<void> {
  const there = Object.keys(files).filter((name) => existsSync(join(folder, name)));
  if (there.length > 0 && !force) {
    throw new SriovError("refused", `Refused to overwrite ${there.join(", ")} in ${folder}`, {
      remedy: "Give another folder with --out, or --force to overwrite them.",
    });
  }
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  } catch (cause) {
    throw new SriovError("invalid-input", `Failed to write to ${folder}: ${(cause as Error).message}`, { cause });
  }
}

function report({ hostName, resources, notes }: Found, { stack }: StackNames, folder: string): string {
  const types = [...new Set(resources.map(({ type }) => type))];
  const count = (type: Importable["type"]) => countOf(resources.filter((one) => one.type === type).length, type);
  const what = types.length === 0 ? "nothing to adopt" : types.map(count).join(", ");
  const steps = [
    ...(folder === "" ? [] : [`cd ${folder}`]),
    "npm install",
    `pulumi stack init ${stack}`,
    `pulumi stack import --file ${stateName}`,
    "pulumi preview   # no changes",
  ];
  return [
    `${hostName}: ${what}. Wrote index.ts, Pulumi.yaml, package.json and ${stateName}.`,
    ...notes,
    "",
    "Next, for a new stack (an import replaces all that a stack knows):",
    ...steps.map((step) => `  ${step}`),
    "",
  ].join("\n");
}
