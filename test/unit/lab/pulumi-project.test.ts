import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { createProject } from "../../../lab/pulumi-project.js";

describe("a throw-away Pulumi project", () => {
  let folder: string;
  let pulumi: { pulumi: string; path: string[] };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "test-pulumi-project-"));
    pulumi = { pulumi: join(folder, "pulumi"), path: [folder] };
    // A CLI that says, in colour, what it was asked and which Pulumi variables it sees; it fails at `preview`.
    await writeFile(
      pulumi.pulumi,
      '#!/bin/sh\nprintf "\\033[31m%s\\033[0m\\n" "$*"\nenv | grep ^PULUMI_ | sort >&2\ntest "$1" != preview\n',
    );
    await chmod(pulumi.pulumi, 0o755);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("answers with the CLI's exit code and its words without colour, line by line while it runs", async () => {
    const lines: string[] = [];
    const program = { text: "export {};" };
    const project = await createProject({ name: "a", program, pulumi, onLine: (line) => lines.push(line) });
    const ran = await project.preview({ refresh: true, args: ["--expect-no-changes"] });
    assert.equal(ran.exitCode, 1);
    assert.equal(ran.stdout, "preview --stack test --refresh --non-interactive --color never --expect-no-changes\n");
    assert.equal(lines.filter((line) => line.startsWith("preview")).length, 1);
    await project.dispose();
    assert.ok(!existsSync(project.dir));
  });

  it("keeps the user's own Pulumi out of it, and lets the caller have the last word", async () => {
    process.env.PULUMI_ACCESS_TOKEN = "the user's";
    try {
      const env = { PULUMI_SKIP_CHECKPOINTS: "true" };
      const project = await createProject({ name: "a", program: { text: "" }, pulumi, env });
      const { stderr } = await project.up();
      assert.doesNotMatch(stderr, /PULUMI_ACCESS_TOKEN/);
      assert.match(stderr, new RegExp(`PULUMI_HOME=${project.dir}/`));
      assert.match(stderr, /PULUMI_SKIP_CHECKPOINTS=true/);
      await project.dispose();
    } finally {
      delete process.env.PULUMI_ACCESS_TOKEN;
    }
  });

  for (const [what, hasPackage, main] of [
    ["the folder, where it has a package.json", true, "."],
    ["its index.ts, where the nearest package.json is another's", false, "index.ts"],
  ] as const) {
    it(`runs a program's folder in its place, as ${what}`, async () => {
      const dir = join(folder, "example");
      await mkdir(dir);
      await writeFile(join(dir, "Pulumi.yaml"), "name: example\nruntime: nodejs\nconfig:\n  a: 1\n");
      if (hasPackage) await writeFile(join(dir, "package.json"), "{}");
      const project = await createProject({ name: "b", program: { dir }, pulumi });
      const settings: unknown = parse(await readFile(join(project.dir, "Pulumi.yaml"), "utf8"));
      assert.deepEqual(settings, { name: "b", runtime: "nodejs", config: { a: 1 }, main: join(dir, main) });
      await project.dispose();
    });
  }
});
