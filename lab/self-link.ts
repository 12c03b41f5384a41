// Lets programs of this checkout (examples, end-to-end tests, the demo) import "pulumi-sriov" as its users do.
import { randomUUID } from "node:crypto";
import { mkdir, readlink, rename, symlink } from "node:fs/promises";
import { join } from "node:path";

const checkout = join(__dirname, "..");

/**
 * Equivalent to: `ln -sfn .. node_modules/pulumi-sriov`. Needed again after each `npm install`, which removes the link.
 * Node finds the built package behind it: `npm run build` has to have run.
 */
export async function ensureSelfLink(modules = join(checkout, "node_modules")): Promise<string> {
  const link = join(modules, "pulumi-sriov");
  if ((await readlink(link).catch(() => undefined)) === "..") return link;
  await mkdir(modules, { recursive: true });
  // Renamed into place, so that of two at once neither sees the other's gap.
  const temporary = `${link}.${randomUUID()}`;
  await symlink("..", temporary);
  await rename(temporary, link);
  return link;
}
