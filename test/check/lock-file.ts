// A step of `npm test -- check`: what is installed from package-lock.json is what package.json asks for, from the public registry,
// with the content that was reviewed. `npm ci` itself is asked for what only it knows: ranges and the tree.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

type Entry = { version?: string; resolved?: string; integrity?: string; link?: boolean; inBundle?: boolean };
export type Manifest = { [field: string]: unknown };
export type Lock = { lockfileVersion?: number; packages?: { [path: string]: Entry & Manifest } };

/** What npm copies from package.json into the lock file's first entry. */
const copied = [
  ...["name", "version", "license", "bin", "engines"],
  ...["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"],
];

const publicRegistry = "https://registry.npmjs.org/";

/** A sentence for each thing that is wrong; none when all is well. */
export function lockProblems(manifest: Manifest, lock: Lock): string[] {
  const { "": own, ...packages } = lock.packages ?? {};
  if (own === undefined)
    return [`it has no entry for this package: expected lockfileVersion 3, got ${lock.lockfileVersion}`];
  const stale = copied.filter((field) => !isDeepStrictEqual(own[field], manifest[field]));
  return [
    ...stale.map((field) => `"${field}" is not what package.json has: run \`npm install --package-lock-only\``),
    ...Object.entries(packages).flatMap(([path, entry]) => entryProblems(path, entry)),
  ];
}

function entryProblems(path: string, { resolved, integrity, link, inBundle }: Entry): string[] {
  if (link) return [`${path}: a link to a folder, expected a package of the registry`];
  // It is in its parent's archive, whose hash is checked.
  if (inBundle) return [];
  // Absent is the registry of whoever installs; the hash is then what makes it the same package.
  const isElsewhere = resolved !== undefined && !resolved.startsWith(publicRegistry);
  return [
    ...(isElsewhere ? [`${path}: resolved is ${resolved}, expected ${publicRegistry}... or nothing`] : []),
    ...(/^sha512-/.test(integrity ?? "")
      ? []
      : [`${path}: integrity is ${integrity ?? "absent"}, expected sha512-...`]),
  ];
}

function main(): void {
  const root = join(__dirname, "../..");
  const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), "utf8"));
  const problems = lockProblems(read("package.json") as Manifest, read("package-lock.json") as Lock);
  if (problems.length === 0) {
    const { status, stderr, error } = spawnSync("npm", ["ci", "--dry-run", "--ignore-scripts", "--no-audit"], {
      cwd: root,
      encoding: "utf8",
    });
    if (status !== 0) problems.push(`npm ci would refuse it:\n${error?.message ?? stderr.trim()}`);
  }
  for (const problem of problems) process.stdout.write(`package-lock.json: ${problem}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

if (require.main === module) main();
