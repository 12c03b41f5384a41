// The emulated host's image: kernel, initramfs, disk and keys, built once into the cache and shared by all labs.
import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { SriovError } from "../provider/base/errors.js";
import { chooseAccelerator } from "./accelerator.js";
import { runAsRoot } from "./as-root.js";
import { withBuildLock } from "./build-lock.js";
import { imagesFolder } from "./cache.js";
import { lastWords, runChild } from "./child.js";
import { imageFiles, type Image } from "./image-files.js";
import { ensurePackages, labPackages } from "./packages.js";
import { primeImage } from "./prime.js";
import type { Report } from "./progress.js";
import { recipeHash } from "./recipe.js";
import { listLabs, readState } from "./run-state.js";

const recipeFolder = join(__dirname, "image");

/** The image of this checkout's recipe; made first if the cache has none: 2 to 4 minutes. */
export async function ensureImage(report: Report): Promise<Image> {
  await ensurePackages(labPackages, report);
  const key = await recipeHash(recipeFolder);
  const folder = join(imagesFolder(), key);
  if (!(await exists(folder))) {
    const waiting = () => report("another process is building an image");
    await withBuildLock(`lab images ${imagesFolder()}`, waiting, async () => {
      if (await exists(folder)) return;
      await removeUnusedImages();
      await build(folder, report);
    });
  }
  const files = imageFiles(folder);
  return { ...files, accelerator: await chooseAccelerator(files.kernel, report) };
}

async function build(folder: string, report: Report): Promise<void> {
  await mkdir(imagesFolder(), { recursive: true, mode: 0o700 });
  const temporary = `${folder}.${randomBytes(4).toString("hex")}.new`;
  try {
    await runRecipe(temporary, report);
    const files = imageFiles(temporary);
    const accelerator = await chooseAccelerator(files.kernel, report);
    report("first boot: warming what a host makes once (AppArmor and libvirt caches)");
    await primeImage({ ...files, accelerator });
    await rename(temporary, folder);
  } catch (error) {
    await removeAsRoot(temporary);
    throw error;
  }
}

async function runRecipe(out: string, report: Report): Promise<void> {
  const onLine = (line: string) => {
    if (line.startsWith("@ ")) report(line.slice(2));
  };
  const settings = [`LAB_APT_OPTIONS=${await aptOptions()}`];
  for (const name of ["LAB_DEBIAN_MIRROR", "LAB_DEBIAN_SECURITY_MIRROR", "http_proxy", "https_proxy", "no_proxy"]) {
    const value = process.env[name];
    if (value !== undefined) settings.push(`${name}=${value}`);
  }
  // Namespaces of its own: a build that is interrupted leaves no process and no mount behind.
  const isolated = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];
  const built = await runAsRoot([...isolated, "env", ...settings, join(recipeFolder, "build.sh"), out], onLine);
  if (built.exitCode !== 0) {
    const said = `${built.stdout}\n${built.stderr}`.trim().split("\n").slice(-15).join("\n");
    throw new SriovError("remote-failure", `Building the lab's image failed. The end of its log:\n${said}`, {
      remedy: `It needs root (or password-free sudo), a Debian mirror (LAB_DEBIAN_MIRROR) and 3 GB in ${imagesFolder()}.`,
    });
  }
  const owned = await runAsRoot(["chown", "-R", `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`, out]);
  if (owned.exitCode !== 0)
    throw new SriovError("permission-denied", `Could not take over ${out}: ${lastWords(owned)}`);
}

/** What this machine's apt has been told about proxies and date checks holds for the image's apt as well. */
async function aptOptions(): Promise<string> {
  const { stdout } = await runChild("apt-config", ["dump"]);
  return stdout
    .split("\n")
    .filter((line) => /^Acquire::(https?::Proxy|Check-Date|Check-Valid-Until)\b/.test(line) && !line.includes('""'))
    .join("\n");
}

/** An older recipe's image is 600 MB that nothing will ask for again, unless a lab runs on it. */
async function removeUnusedImages(): Promise<void> {
  const inUse = new Set<string>();
  for (const name of await listLabs()) {
    const state = await readState(name);
    if (state !== undefined) inUse.add(state.image);
  }
  for (const name of await readdir(imagesFolder()).catch(() => [])) {
    // We hold the lock of all builds: a ".new" folder is what an interrupted one left, and root's.
    if (!inUse.has(name)) await removeAsRoot(join(imagesFolder(), name));
  }
}

const removeAsRoot = (folder: string) => runAsRoot(["rm", "-rf", "--one-file-system", folder]);

async function exists(folder: string): Promise<boolean> {
  return (await readFile(imageFiles(folder).hostKey, "utf8").catch(() => "")) !== "";
}
