// A file system that can be filled to the page: what a host keeps on its disk is moved there, and links lead to it.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asRoot } from "../../../lab/as-root.js";

const sizeKiB = 1024;

export class SmallDisk {
  readonly #mount = mkdtempSync(join(tmpdir(), "small-disk-"));
  readonly #folders: readonly string[];

  /** `folders` of `root` are on it from now on. Needs root, or sudo. Equivalent to: `mount -t tmpfs -o size=1M` */
  constructor(root: string, folders: readonly string[]) {
    this.#folders = folders;
    const owner = `uid=${process.getuid?.() ?? 0},gid=${process.getgid?.() ?? 0}`;
    privileged("mount", "-t", "tmpfs", "-o", `size=${sizeKiB}k,mode=755,${owner}`, "tmpfs", this.#mount);
    for (const folder of folders) {
      const place = join(root, folder);
      const here = join(this.#mount, folder);
      if (existsSync(place)) cpSync(place, here, { recursive: true, verbatimSymlinks: true });
      else execFileSync("mkdir", [here]);
      rmSync(place, { recursive: true, force: true });
      symlinkSync(here, place);
    }
  }

  /** Leaves room for so many pages of 4 KiB: each file that is not empty takes one. */
  fill(pages: number): void {
    this.empty();
    const { bfree, bsize } = statfsSync(this.#mount);
    writeFileSync(this.#filler, Buffer.alloc((bfree - pages) * bsize, 1));
  }

  empty(): void {
    rmSync(this.#filler, { force: true });
  }

  get #filler(): string {
    return join(this.#mount, "filler");
  }

  /** Every file there is, with its text. */
  files(): Map<string, string> {
    const found = new Map<string, string>();
    for (const folder of this.#folders) {
      for (const entry of readdirSync(join(this.#mount, folder), { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        found.set(path.slice(this.#mount.length), readFileSync(path, "latin1"));
      }
    }
    return found;
  }

  dispose(): void {
    privileged("umount", this.#mount);
    rmSync(this.#mount, { recursive: true, force: true });
  }
}

function privileged(...command: string[]): void {
  const [file = "", ...args] = asRoot(command);
  execFileSync(file, args);
}
