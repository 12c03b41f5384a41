// What `npm publish` would send. A folder with the names that a build makes is packed, and not this one's `dist`, which may hold
// what an older build has left.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const root = join(__dirname, "../../..");
const asIs = ["LICENSE", "PulumiPlugin.yaml", "README.md", "package.json", "pulumi-resource-sriov"];

/** What nobody who installs the package needs, and some that nobody should have. */
const strays = [
  ...["dist/lab/cli.js", "dist/test/run.js", "dist/tsconfig.tsbuildinfo", "CHANGELOG.md", "CONTRIBUTING.md"],
  ...[
    "provider/cli/main.ts",
    "sdk/nodejs/index.ts",
    "test/run.ts",
    "lab/cli.ts",
    "docs/hosts.md",
    "examples/fleet/a.ts",
  ],
  ...["package-lock.json", "tsconfig.json", "eslint.config.mjs", ".env", ".npmrc", "id_ed25519", "Pulumi.dev.yaml"],
];

type Manifest = { main: string; bin: { [name: string]: string }; exports: { [name: string]: unknown } };

describe("the published package", function () {
  this.timeout(60_000);
  let folder: string;
  let built: string[];
  let packed: string[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "test-published-"));
    for (const name of asIs) await cp(join(root, name), join(folder, name));
    built = (await Promise.all(["provider", "sdk"].map(builtOf))).flat();
    for (const file of [...built, ...strays]) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), "");
    }
    const { stdout } = await promisify(execFile)("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: folder,
      maxBuffer: 1 << 26,
    });
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    packed = files.map(({ path }) => path).sort();
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("is the built provider and SDK, what Pulumi starts it by, its licence and its first page, and nothing else", () => {
    const needed = built.filter((file) => !file.startsWith("dist/sdk/generate/"));
    assert.deepEqual(packed, [...asIs, ...needed].sort());
    // A rule that matches nothing would pass.
    assert.ok(built.length > needed.length);
    assert.ok(packed.includes("dist/provider/plugin/schema.gen.json"));
  });

  it("has every file that its package.json points at", async () => {
    const { main, bin, exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Manifest;
    const targets = [main, ...Object.values(bin), ...Object.values(exports).flatMap(leaves)];
    assert.ok(targets.length > 5);
    for (const target of targets) assert.ok(packed.includes(target.replace(/^\.\//, "")), target);
  });
});

/** What tsconfig.build.json makes of a folder's sources; JSON that is imported comes along. */
async function builtOf(folder: string): Promise<string[]> {
  const names = await readdir(join(root, folder), { recursive: true });
  return names.flatMap((name) => {
    const path = join("dist", folder, name);
    if (name.endsWith(".json")) return [path];
    return name.endsWith(".ts") ? [".js", ".d.ts"].map((end) => path.replace(/\.ts$/, end)) : [];
  });
}

const leaves = (value: unknown): string[] =>
  typeof value === "string" ? [value] : Object.values(value as object).flatMap(leaves);
