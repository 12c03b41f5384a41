// A cache of what is built from source for the tests, one folder for each recipe: a raised version or another machine type never
// meets what was built before. Two processes at once build it once.
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { withBuildLock } from "./build-lock.js";

export type BuiltOnceOptions = { report?: (text: string) => void; env?: NodeJS.ProcessEnv };

export type Recipe = {
  /** Also the folder's name: `pulumi-yaml`. */
  name: string;
  version: string;
  /** All that the result depends on, besides the machine's type. */
  ingredients: unknown;
  /** Leaves it below `root`. */
  build(root: string, report: (text: string) => void, env: NodeJS.ProcessEnv): Promise<void>;
};

/** The folder of what was built. It appears whole or not at all. */
export async function builtOnce(recipe: Recipe, options: BuiltOnceOptions = {}): Promise<string> {
  const { report = () => {}, env = process.env } = options;
  const key = JSON.stringify([process.platform, process.arch, recipe.ingredients]);
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 12);
  const caches = env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache");
  const folder = join(caches, "pulumi-sriov", recipe.name, `${recipe.version}-${hash}`);
  const isThere = () =>
    stat(folder).then(
      () => true,
      () => false,
    );
  if (await isThere()) return folder;
  return withBuildLock(
    folder,
    () => report(`Waiting for the other process that builds ${recipe.name}`),
    async () => {
      if (await isThere()) return folder;
      await mkdir(dirname(folder), { recursive: true });
      const root = await mkdtemp(`${folder}.`);
      try {
        await recipe.build(root, report, env);
        await rename(root, folder);
      } finally {
        await rm(root, { recursive: true, force: true });
      }
      return folder;
    },
  );
}
