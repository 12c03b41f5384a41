// What an image is made from, as one hash: the cache's key. A changed recipe makes a new image, nothing else does.
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";

/** Hash of all files below `folder`: their names, contents and whether they are executable. */
export async function recipeHash(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash("sha256");
  for (const file of files.sort()) {
    const isExecutable = ((await stat(file)).mode & 0o100) !== 0;
    const content = await readFile(file);
    hash.update(`${relative(folder, file)}\0${isExecutable ? "x" : "-"}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}
