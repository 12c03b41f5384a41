// Where the lab keeps what outlives a command: images (slow to make) and running labs.
import { homedir } from "node:os";
import { join } from "node:path";
import { SriovError } from "../provider/base/errors.js";

export function labCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base = env["XDG_CACHE_HOME"];
  return join(base !== undefined && base !== "" ? base : join(homedir(), ".cache"), "pulumi-sriov", "lab");
}

export const imagesFolder = (): string => join(labCacheFolder(), "images");

export function runFolder(name: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name)) {
    throw new SriovError(
      "invalid-input",
      `The name of a lab is lower-case letters, digits and dashes, 32 at most; got "${name}".`,
    );
  }
  return join(labCacheFolder(), "run", name);
}
