// Debian 13's libvirt 11 as a folder to chroot into: made once, kept in the cache under its recipe's hash.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runAsRoot } from "../../lab/as-root.js";
import { withBuildLock } from "../../lab/build-lock.js";
import { labCacheFolder } from "../../lab/cache.js";
import { runChild } from "../../lab/child.js";
import { recipeHash } from "../../lab/recipe.js";

/** What making it needs of the machine. */
export const debian13Packages = ["mmdebstrap", "apt", "xz-utils"];

const recipeFolder = join(__dirname, "debian13");
const cacheFolder = () => join(dirname(labCacheFolder()), "debian13");

export async function ensureDebian13(report: (text: string) => void = () => undefined): Promise<string> {
  const folder = join(cacheFolder(), await recipeHash(recipeFolder));
  if (existsSync(folder)) return folder;
  const waiting = () => report("another process is making it");
  return withBuildLock(`debian13 ${cacheFolder()}`, waiting, async () => {
    if (!existsSync(folder)) await build(folder, report);
    return folder;
  });
}

async function build(folder: string, report: (text: string) => void): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true, mode: 0o755 });
  // We hold the lock: what is there is of older recipes, or of a build that was interrupted.
  for (const name of await readdir(cacheFolder()))
    await runAsRoot(["rm", "-rf", "--one-file-system", join(cacheFolder(), name)]);
  const temporary = `${folder}.${randomBytes(4).toString("hex")}.new`;
  const { stdout } = await runChild("apt-config", ["dump"]);
  const options = stdout
    .split("\n")
    .filter((line) => /^Acquire::(https?::Proxy|Check-Date|Check-Valid-Until)\b/.test(line) && !line.includes('""'));
  const settings = [`LAB_APT_OPTIONS=${options.join("\n")}`];
  for (const name of ["LAB_DEBIAN_MIRROR", "http_proxy", "https_proxy", "no_proxy"]) {
    const value = process.env[name];
    if (value !== undefined) settings.push(`${name}=${value}`);
  }
  // Namespaces of its own: a build that is interrupted leaves no process and no mount behind.
  const isolated = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];
  const built = await runAsRoot(
    [...isolated, "env", ...settings, join(recipeFolder, "build.sh"), temporary],
    (line) => {
      if (line.startsWith("@ ")) report(line.slice(2));
    },
  );
  if (built.exitCode !== 0) {
    await runAsRoot(["rm", "-rf", "--one-file-system", temporary]);
    const said = `${built.stdout}\n${built.stderr}`.trim().split("\n").slice(-20).join("\n");
    throw new Error(`Debian 13's libvirt could not be made. The end of its log:\n${said}`);
  }
  await rename(temporary, folder);
}
