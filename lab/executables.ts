// Where a command is, and whether its version will do.
import { access, constants, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** Equivalent to: `command -v name`, over the folders of `path`. */
export async function findExecutable(name: string, path = ""): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((part) => part !== "")) {
    const candidate = join(folder, name);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/** Compares dotted numbers; what follows them ("-beta", "-dev.0") does not count. */
export function isAtLeast(version: string, minimum: string): boolean {
  const wanted = numbers(minimum);
  const actual = numbers(version);
  for (const [i, want] of wanted.entries()) {
    const have = actual[i] ?? 0;
    if (have !== want) return have > want;
  }
  return true;
}

const numbers = (version: string) => (/^v?([\d.]+)/.exec(version)?.[1] ?? "").split(".").map(Number);
