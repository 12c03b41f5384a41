// The checkout as a plugin's folder, as `pulumi package add` of the repository leaves it: installed and built by the CLI, started
// by PulumiPlugin.yaml; the SDKs that are made of the schema found there, and the examples of its documentation, compiled with them.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Ran, lastWords, runChild } from "../../../lab/child.js";
import { ensureGo } from "../../../lab/go-toolchain.js";
import { ensureLanguageHost } from "../../../lab/language-host.js";
import { ensurePythonChecker } from "../../../lab/python-checker.js";
import { buildEnvironment } from "../../../lab/pulumi-build.js";
import { ensurePulumi } from "../../../lab/pulumi-cli.js";
import { versions } from "../../../lab/versions.js";
import { checkout } from "./world.js";

const execute = promisify(execFile);

type PackageSchema = Record<"resources" | "functions" | "types", object>;

/** Every example of the schema in a language, as a program. */
async function examples(language: string): Promise<string[]> {
  const text = await readFile(join(checkout, "provider/plugin/schema.gen.json"), "utf8");
  const { resources } = JSON.parse(text) as { resources: Record<string, { description: string }> };
  const fence = "```";
  const blocks = new RegExp(`${fence}${language}\\n([^]*?)\\n${fence}`, "g");
  const found = Object.values(resources).map(({ description }) => [...description.matchAll(blocks)]);
  assert.ok(found.every((blocksOf) => blocksOf.length > 0));
  return found.flat().map(([, program = ""]) => `${program}\n`);
}

describe("the checkout as a plugin's folder", function () {
  this.timeout(300_000);
  let folder: string;
  let plugin: string;
  let env: NodeJS.ProcessEnv;
  let command: string;
  const pulumi = (...args: string[]): Promise<Ran> => runChild(command, args, { cwd: folder, env });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "test-plugin-folder-"));
    plugin = join(folder, "checkout");
    const found = await ensurePulumi();
    command = found.pulumi;
    const path = [
      await ensureLanguageHost(),
      ...found.path,
      join(checkout, "node_modules", ".bin"),
      process.env["PATH"],
    ];
    env = {
      ...process.env,
      PATH: path.join(":"),
      PULUMI_HOME: join(folder, "home"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    await copyCheckout(plugin);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("is installed, built and started by `pulumi package get-schema FOLDER`", async () => {
    const ran = await pulumi("package", "get-schema", plugin);
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    const schema = JSON.parse(ran.stdout.slice(ran.stdout.search(/^\{/m))) as PackageSchema;
    const text = await readFile(join(checkout, "provider/plugin/schema.gen.json"), "utf8");
    const committed = JSON.parse(text) as PackageSchema;
    for (const part of ["resources", "functions", "types"] as const) {
      assert.deepEqual(Object.keys(schema[part]).sort(), Object.keys(committed[part]).sort());
    }
    await writeFile(join(folder, "schema.json"), JSON.stringify(schema));
    const checked = await pulumi("schema", "check", join(folder, "schema.json"));
    assert.equal(checked.exitCode, 0, checked.stdout + checked.stderr);
  });

  const sdk = async (language: string): Promise<string> => {
    const ran = await pulumi("package", "gen-sdk", join(plugin, "pulumi-resource-sriov"), "--language", language);
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    return join(folder, "sdk", language);
  };

  it("gives an SDK for TypeScript that compiles, and the examples with it", async () => {
    const made = await sdk("nodejs");
    await symlink(join(checkout, "node_modules"), join(made, "node_modules"));
    const programs = await examples("typescript");
    await Promise.all(programs.map((program, i) => writeFile(join(made, `example${i}.ts`), program)));
    const config = {
      extends: "./tsconfig.json",
      compilerOptions: { paths: { "@pulumi/sriov": ["./index.ts"] } },
      include: ["example*.ts"],
    };
    await writeFile(join(made, "examples.json"), JSON.stringify(config));
    await execute("tsc", ["--noEmit", "-p", join(made, "examples.json")], { env });
  });

  it("gives an SDK for Python of which each file compiles, and whose types the examples have", async () => {
    const made = await sdk("python");
    await execute("python3", ["-m", "compileall", "-q", made], { env });
    const programs = await examples("python");
    const names = programs.map((_program, i) => `example${i}.py`);
    await Promise.all(programs.map((program, i) => writeFile(join(made, `example${i}.py`), program)));
    // Of what the examples import only the types count: they are as the CLI's generator makes them.
    const checked = await runChild("python3", ["-m", "mypy", "--follow-imports=silent", ...names], {
      cwd: made,
      env: { ...env, PYTHONPATH: await ensurePythonChecker() },
    });
    assert.equal(checked.exitCode, 0, checked.stdout + checked.stderr);
  });

  it("gives an SDK for Go that compiles, and the examples with it", async () => {
    const made = await sdk("go");
    const go = await ensureGo({ root: join(folder, "go"), env, report: () => {} });
    const goEnv = { ...env, ...buildEnvironment(go, join(folder, "go")) };
    const imported = /"(\S+)\/go\/sriov\/internal"/.exec(await readFile(join(made, "sriov", "init.go"), "utf8"));
    for (const [i, program] of (await examples("go")).entries()) {
      await mkdir(join(folder, "sdk", `example${i}`));
      await writeFile(join(folder, "sdk", `example${i}`, "main.go"), program);
    }
    for (const args of [
      ["mod", "init", imported?.[1] ?? "build.invalid/sdk"],
      ["get", `github.com/pulumi/pulumi/sdk/v3@v${versions.pulumi.cli}`, "./go/sriov/..."],
      ["build", "./go/sriov/..."],
      // Their types alone: `go build` would link five programs.
      ["vet", "./example..."],
    ]) {
      const ran = await runChild(go.command, args, { cwd: join(folder, "sdk"), env: goEnv });
      assert.equal(ran.exitCode, 0, `go ${args.join(" ")}: ${lastWords(ran)}`);
    }
  });
});

/** What a clone has, and what `npm install` finds in its cache; not what was built. */
async function copyCheckout(target: string): Promise<void> {
  await mkdir(target);
  const built = ["node_modules", "dist", ".git", "coverage"];
  const { stdout } = await execute("ls", ["-A", checkout]);
  const entries = stdout.split("\n").filter((name) => name !== "" && !built.includes(name));
  for (const name of entries) await cp(join(checkout, name), join(target, name), { recursive: true });
  // Linked where that is possible: npm replaces files, and writes into none of them.
  const from = join(checkout, "node_modules");
  await execute("cp", ["-al", from, target]).catch(() => execute("cp", ["-a", from, target]));
  const own = join(target, "node_modules");
  for (const name of ["pulumi-sriov", ".package-lock.json"]) await rm(join(own, name), { force: true });
  await cp(join(from, ".package-lock.json"), join(own, ".package-lock.json"));
}
