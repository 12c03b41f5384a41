// Decides where the real Pulumi CLI comes from: the machine, our cache, Pulumi's own installer, or a build from the
// Go module proxy. What it leaves to pulumi-build.ts: that build; to pulumi-project.ts: running programs with it.
import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { explain, SriovError } from "../provider/base/errors.js";
import { withBuildLock } from "./build-lock.js";
import { lastWords, runChild } from "./child.js";
import { findExecutable, isAtLeast, isExecutable } from "./executables.js";
import { buildPulumi, executables } from "./pulumi-build.js";
import { whileReporting } from "./while-reporting.js";
import { versions } from "./versions.js";

export type PulumiCli = {
  /** The `pulumi` command. */
  pulumi: string;
  /** Folders to put in front of PATH: the CLI's own, its language host's, the SDK's host of dynamic resources. */
  path: string[];
  version: string;
  origin: "path" | "installed" | "built";
};

/** Leaves `bin/pulumi` and `bin/pulumi-language-nodejs` below `root`, or throws and says why not. */
type Way = (root: string, report: (text: string) => void, env: NodeJS.ProcessEnv) => Promise<void>;

export type EnsurePulumiOptions = {
  /** Told what is being done, every two seconds while it lasts. */
  report?: (text: string) => void;
  /** Instead of this process's: PATH, HOME, XDG_CACHE_HOME, GOPROXY. */
  env?: NodeJS.ProcessEnv;
  install?: Way;
  build?: Way;
};

const checkout = join(__dirname, "..");
const sdk = join(checkout, "node_modules", "@pulumi", "pulumi");
const DYNAMIC_HOST = "pulumi-resource-pulumi-nodejs";
const INSTALL_TIMEOUT_MS = 300_000;

export async function ensurePulumi(options: EnsurePulumiOptions = {}): Promise<PulumiCli> {
  const { report = () => {}, env = process.env } = options;
  const onPath = await findOnPath(env);
  if ("pulumi" in onPath) return onPath;
  const folder = cacheFolder(env);
  const cached = await readCache(folder);
  if (cached !== undefined) return cached;
  return withBuildLock(
    folder,
    () => report("Waiting for the other process that is fetching the Pulumi CLI"),
    async () => (await readCache(folder)) ?? fillCache(folder, onPath.why, { ...options, report, env }),
  );
}

/** One folder for each recipe: a raised version or another machine type never meets what was built before. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const recipe = JSON.stringify([process.platform, process.arch, executables]);
  const hash = createHash("sha256").update(recipe).digest("hex").slice(0, 12);
  const caches = env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache");
  return join(caches, "pulumi-sriov", "pulumi", `${versions.pulumi.cli}-${hash}`);
}

async function findOnPath(env: NodeJS.ProcessEnv): Promise<PulumiCli | { why: string }> {
  const pulumi = await findExecutable("pulumi", env.PATH);
  if (pulumi === undefined) return { why: "there is no pulumi" };
  const version = await versionOf(pulumi, env);
  if (version === undefined) return { why: `${pulumi} does not tell its version` };
  const { minimumCli } = versions.pulumi;
  if (!isAtLeast(version, minimumCli)) return { why: `${pulumi} is ${version}, older than ${minimumCli}` };
  const host = "pulumi-language-nodejs";
  const beside = dirname(pulumi);
  const languageHost = await findExecutable(host, `${beside}:${env.PATH ?? ""}`);
  if (languageHost === undefined) return { why: `${pulumi} has no ${host} beside it or on PATH` };
  return { pulumi, version, origin: "path", path: [...new Set([beside, dirname(languageHost), sdk])] };
}

async function readCache(folder: string): Promise<PulumiCli | undefined> {
  const pulumi = join(folder, "bin", "pulumi");
  if (!(await isExecutable(pulumi))) return undefined;
  const { origin, version } = JSON.parse(await readFile(join(folder, "origin.json"), "utf8")) as Pick<
    PulumiCli,
    "origin" | "version"
  >;
  return { pulumi, version, origin, path: [dirname(pulumi), sdk] };
}

async function fillCache(
  folder: string,
  onPathWhy: string,
  options: Required<Pick<EnsurePulumiOptions, "report" | "env">> & EnsurePulumiOptions,
): Promise<PulumiCli> {
  const { report, env, install = installPulumi, build = buildPulumi } = options;
  const ways = [
    { origin: "installed", label: "Pulumi's installer", run: install },
    { origin: "built", label: "a build from the Go module proxy", run: build },
  ] as const;
  await removeUnfinished(folder);
  const tried = [`on PATH: ${onPathWhy}`, `in the cache: nothing in ${folder}`];
  for (const { origin, label, run } of ways) {
    try {
      return await fillFrom(folder, origin, (root) => run(root, report, env));
    } catch (error) {
      tried.push(`${label}: ${explain(error)}`);
      report(`No Pulumi CLI from ${label}: ${explain(error)}`);
    }
  }
  throw new SriovError("not-found", `Could not get a Pulumi CLI.\n${tried.map((line) => `  ${line}`).join("\n")}`, {
    remedy:
      `Install Pulumi ${versions.pulumi.minimumCli} or newer and put it on PATH, ` +
      "or let this machine reach get.pulumi.com or a Go module proxy (GOPROXY).",
  });
}

// A build that was killed leaves gigabytes. We hold the lock, so what is not finished is nobody's.
async function removeUnfinished(folder: string): Promise<void> {
  const unfinished = (name: string) => name.startsWith(`${basename(folder)}.`);
  const names = await readdir(dirname(folder)).catch(() => []);
  for (const name of names.filter(unfinished)) await rm(join(dirname(folder), name), { recursive: true, force: true });
}

/** The cache's folder appears whole or not at all: all is made in a neighbour of it, which then takes its name. */
async function fillFrom(folder: string, origin: "installed" | "built", make: (root: string) => Promise<void>) {
  await mkdir(dirname(folder), { recursive: true });
  const root = await mkdtemp(`${folder}.`);
  try {
    await make(root);
    const pulumi = join(root, "bin", "pulumi");
    const version = await versionOf(pulumi, process.env);
    if (version === undefined) throw new SriovError("mismatch", `it left no pulumi that runs in ${dirname(pulumi)}`);
    await addDynamicHost(join(root, "bin"));
    await writeFile(join(root, "origin.json"), JSON.stringify({ origin, version }));
    await chmod(root, 0o755);
    await rm(folder, { recursive: true, force: true });
    await rename(root, folder);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  const cached = await readCache(folder);
  if (cached === undefined) throw new SriovError("bug", `${folder} has no CLI although one was just put there.`);
  return cached;
}

// Beside the CLI the host of dynamic resources counts as bundled, as in Pulumi's own archive; found on PATH, every
// operation warns of it three times. It is a script that looks the SDK up from the program's folder: any copy will do.
async function addDynamicHost(bin: string): Promise<void> {
  const target = join(bin, DYNAMIC_HOST);
  if (await isExecutable(target)) return;
  await copyFile(join(sdk, DYNAMIC_HOST), target);
  await chmod(target, 0o755);
}

/** Equivalent to: `pulumi version`. */
async function versionOf(pulumi: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  // Even this writes a log below PULUMI_HOME, and ~/.pulumi is not ours.
  const home = await mkdtemp(join(tmpdir(), "pulumi-sriov-version-"));
  try {
    const quiet = { ...env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const ran = await runChild(pulumi, ["version"], { env: quiet, timeoutMs: 30_000 });
    return ran.exitCode === 0 ? /^v?(\d+\.\d+\.\d+\S*)/.exec(ran.stdout)?.[1] : undefined;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** The Automation API's installer, in a process of its own: it knows no time-out, and what it starts has to end with it. */
async function installPulumi(root: string, report: (text: string) => void, env: NodeJS.ProcessEnv): Promise<void> {
  // Without a version it installs the SDK's own, which is the one we pin.
  const script = `require("@pulumi/pulumi/automation").PulumiCommand.install({ root: process.argv[1] }).catch((error) => {
    console.error(error.message);
    process.exit(1);
  })`;
  const doing = `Installing the Pulumi CLI ${versions.pulumi.cli} with Pulumi's installer`;
  const ran = await whileReporting(report, doing, () =>
    runChild(process.execPath, ["-e", script, root], { cwd: checkout, env, timeoutMs: INSTALL_TIMEOUT_MS }),
  );
  if (ran.exitCode !== 0) throw new SriovError("unreachable", lastWords(ran));
}
