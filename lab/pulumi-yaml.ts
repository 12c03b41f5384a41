// Where Pulumi's language host for YAML programs comes from: the machine, our cache, or a build from the Go module proxy (half a
// minute of a machine that has built the CLI). It is apart from the CLI, so that neither is built again for the other.
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { withBuildLock } from "./build-lock.js";
import { findExecutable, isExecutable } from "./executables.js";
import { buildExecutables, yamlHost } from "./pulumi-build.js";

/** The folder to put on PATH. */
export async function ensurePulumiYaml(
  options: { report?: (text: string) => void; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const { report = () => {}, env = process.env } = options;
  const found = await findExecutable(yamlHost.name, env.PATH);
  if (found !== undefined) return dirname(found);
  const recipe = JSON.stringify([process.platform, process.arch, yamlHost]);
  const hash = createHash("sha256").update(recipe).digest("hex").slice(0, 12);
  const caches = env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache");
  const folder = join(caches, "pulumi-sriov", "pulumi-yaml", `${yamlHost.version}-${hash}`);
  const bin = join(folder, "bin");
  const isThere = () => isExecutable(join(bin, yamlHost.name));
  if (await isThere()) return bin;
  return withBuildLock(
    folder,
    () => report("Waiting for the other process that builds Pulumi's YAML host"),
    async () => {
      if (!(await isThere())) await build(folder, report, env);
      return bin;
    },
  );
}

/** The folder appears whole or not at all. */
async function build(folder: string, report: (text: string) => void, env: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const root = await mkdtemp(`${folder}.`);
  try {
    await buildExecutables([yamlHost], root, report, env);
    await rm(folder, { recursive: true, force: true });
    await rename(root, folder);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
