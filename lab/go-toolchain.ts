// Finds a Go that can build the Pulumi CLI, or fetches one: Go's own toolchain is a module on the Go module proxy
// (golang.org/toolchain), a zip that unpacks to a GOROOT. What it leaves to pulumi-build.ts: using it.
import { createHash } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { SriovError } from "../provider/base/errors.js";
import { runChild } from "./child.js";
import { findExecutable, isAtLeast } from "./executables.js";
import { whileReporting } from "./while-reporting.js";
import { versions } from "./versions.js";

// 70 MB: enough for 1 Mbit/s.
const DOWNLOAD_TIMEOUT_MS = 600_000;

export type Go = {
  /** The `go` command. */
  command: string;
  version: string;
  /** True when it was fetched, not found: then this machine has no module cache of its user's either. */
  isFetched: boolean;
};

/** The machine's Go if it is new enough, else one fetched into `root` (which is removed by whoever made it). */
export async function ensureGo(options: {
  root: string;
  env: NodeJS.ProcessEnv;
  report: (text: string) => void;
}): Promise<Go> {
  const { root, env, report } = options;
  const found = await findGo(env);
  if (found !== undefined && isAtLeast(found.version, versions.go.minimum)) return { ...found, isFetched: false };
  const goroot = join(root, "go");
  const why = found === undefined ? "there is none on PATH" : `the one on PATH is ${found.version}`;
  const doing = `Fetching Go ${versions.go.toolchain} from the Go module proxy (${why})`;
  const proxies = await goProxies(env, found?.command);
  await whileReporting(report, doing, () => fetchToolchain(goroot, proxies));
  const command = join(goroot, "bin", "go");
  const ran = await runChild(command, ["version"], { env: { ...env, GOTOOLCHAIN: "local" } });
  if (ran.exitCode !== 0) throw new SriovError("remote-failure", `The fetched Go does not run: ${ran.stderr.trim()}`);
  return { command, version: versions.go.toolchain, isFetched: true };
}

async function findGo(env: NodeJS.ProcessEnv): Promise<{ command: string; version: string } | undefined> {
  const command = await findExecutable("go", env.PATH);
  if (command === undefined) return undefined;
  // GOTOOLCHAIN=local: we ask which Go this is, not which one it could download.
  const ran = await runChild(command, ["version"], { env: { ...env, GOTOOLCHAIN: "local" } });
  const version = /\bgo(\d+\.\d+(?:\.\d+)?)/.exec(ran.stdout)?.[1];
  return version === undefined ? undefined : { command, version };
}

/** The proxies this machine is set up for, in their order. `go env` knows the variable, its own file and the default. */
export async function goProxies(env: NodeJS.ProcessEnv, go: string | undefined): Promise<string[]> {
  const asked = go === undefined ? "" : (await runChild(go, ["env", "GOPROXY"], { env })).stdout.trim();
  const list = asked || env.GOPROXY || "https://proxy.golang.org";
  return list
    .split(/[,|]/)
    .map((proxy) => proxy.trim().replace(/\/+$/, ""))
    .filter((proxy) => /^https?:\/\//.test(proxy)); // "direct" and "off" are not addresses
}

async function fetchToolchain(goroot: string, proxies: string[]): Promise<void> {
  const platform = `linux-${process.arch === "x64" ? "amd64" : process.arch}`;
  const sum = versions.go.toolchainSums[platform];
  if (sum === undefined) throw new SriovError("unsupported", `No Go toolchain is pinned for ${platform}.`);
  const module = `v0.0.1-go${versions.go.toolchain}.${platform}`;
  const failures: string[] = [];
  for (const proxy of proxies) {
    const address = `${proxy}/golang.org/toolchain/@v/${module}.zip`;
    try {
      await unpackModule(await download(address), `golang.org/toolchain@${module}/`, sum, goroot);
      return;
    } catch (error) {
      failures.push(`${new URL(address).host}: ${reason(error)}`);
    }
  }
  throw new SriovError("unreachable", `Could not fetch Go: ${failures.join("; ") || "GOPROXY names no proxy"}`);
}

async function download(address: string): Promise<Uint8Array> {
  const response = await fetch(address, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
  if (!response.ok) throw new SriovError("remote-failure", `${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Unpacks a Go module zip if its content has this sum; else nothing is written. */
export async function unpackModule(zip: Uint8Array, prefix: string, sum: string, folder: string): Promise<void> {
  const entries = Object.entries(unzipSync(zip));
  const actual = moduleSum(entries);
  if (actual !== sum) throw new SriovError("mismatch", `the content has the sum ${actual}, not ${sum}`);
  for (const [name, content] of entries) {
    if (!name.startsWith(prefix) || name.split("/").includes(".."))
      throw new SriovError("mismatch", `the zip has an entry outside its module: ${name}`);
    await writeEntry(join(folder, name.slice(prefix.length)), content);
  }
}

async function writeEntry(path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  // A module zip knows no modes and can hold no second go.mod: Go itself makes up for both when it switches toolchains.
  if (/\/(bin|pkg\/tool\/[^/]+)\/[^/]+$/.test(path)) await chmod(path, 0o755);
  if (path.endsWith("/_go.mod")) await writeFile(join(dirname(path), "go.mod"), content);
}

/** Go's `h1:` sum (golang.org/x/mod/sumdb/dirhash, Hash1): over `sha256sum` lines, sorted by name. */
function moduleSum(entries: [name: string, content: Uint8Array][]): string {
  const sha256 = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
  const lines = entries
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, content]) => `${sha256(content)}  ${name}\n`);
  return `h1:${createHash("sha256").update(lines.join("")).digest("base64")}`;
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
