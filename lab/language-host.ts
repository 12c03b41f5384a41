// The language host of language-host/main.go, built with the code generators of the CLI's own version: it makes SDKs and programs
// for Go, Node and Python and runs plugins from their folder, which no host from the Go module proxy does.
import { copyFile, mkdir, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { SriovError } from "../provider/base/errors.js";
import { type BuiltOnceOptions, builtOnce } from "./built-once.js";
import { lastWords, runChild } from "./child.js";
import { ensureGo } from "./go-toolchain.js";
import { buildEnvironment } from "./pulumi-build.js";
import { versions } from "./versions.js";
import { whileReporting } from "./while-reporting.js";

export const generatedLanguages = ["go", "nodejs", "python"] as const;

const source = join(__dirname, "language-host", "main.go");

/** The folder to put on PATH, before any other language host. */
export async function ensureLanguageHost(options: BuiltOnceOptions = {}): Promise<string> {
  const version = versions.pulumi.cli;
  const ingredients = [await readFile(source, "utf8"), version];
  const folder = await builtOnce({ name: "language-host", version, ingredients, build }, options);
  return join(folder, "bin");
}

async function build(root: string, report: (text: string) => void, env: NodeJS.ProcessEnv): Promise<void> {
  const [work, bin] = [join(root, "build"), join(root, "bin")];
  await mkdir(work);
  const go = await ensureGo({ root: work, env, report });
  const goEnv = { ...env, ...buildEnvironment(go, work) };
  const cwd = join(work, "host");
  await mkdir(cwd);
  await copyFile(source, join(cwd, "main.go"));
  const run = async (...args: string[]) => {
    const doing = `Building a language host with the CLI's code generators: go ${args[0] ?? ""}`;
    const ran = await whileReporting(report, doing, () => runChild(go.command, args, { cwd, env: goEnv }));
    if (ran.exitCode !== 0) throw new SriovError("remote-failure", `\`go ${args.join(" ")}\`: ${lastWords(ran)}`);
  };
  await run("mod", "init", "build.invalid/language-host");
  const modules = ["pkg", "sdk"].map((part) => `github.com/pulumi/pulumi/${part}/v3@v${versions.pulumi.cli}`);
  await run("get", ...modules, ".");
  const [first, ...others] = generatedLanguages.map((language) => `pulumi-language-${language}`);
  await run("build", "-trimpath", "-ldflags", "-s -w", "-o", join(bin, String(first)), ".");
  for (const name of others) await symlink(String(first), join(bin, name));
  await rm(work, { recursive: true, force: true });
}
