import assert from "node:assert/strict";
import { access, chmod, constants, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { cacheFolder, ensurePulumi } from "../../../lab/pulumi-cli.js";
import { versions } from "../../../lab/versions.js";
import { isSriovError } from "../../../provider/base/errors.js";
import packageJson from "../../../package.json";

async function writeScript(file: string, body: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${body}\n`);
  await chmod(file, 0o755);
}

async function fakeCli(bin: string, version: string, { languageHost = true } = {}): Promise<void> {
  await writeScript(join(bin, "pulumi"), `echo v${version}`);
  if (languageHost) await writeScript(join(bin, "pulumi-language-nodejs"), "exit 0");
}

describe("the Pulumi CLI's ways to a machine", () => {
  let home: string;
  let env: NodeJS.ProcessEnv;
  const never = () => Promise.reject(new Error("this way was not to be tried"));
  const unreachable = () => Promise.reject(new Error("the download site is out of reach"));

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "test-pulumi-cli-"));
    // Nothing else on PATH: this machine may have a Pulumi of its own. The fake ones need no more than /bin/sh.
    env = { HOME: home, PATH: join(home, "bin") };
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it("takes the one on PATH when it is new enough and has its language host", async () => {
    const bin = join(home, "bin");
    await fakeCli(bin, versions.pulumi.minimumCli);
    const found = await ensurePulumi({ env, install: never, build: never });
    assert.equal(found.origin, "path");
    assert.equal(found.pulumi, join(bin, "pulumi"));
    assert.equal(found.version, versions.pulumi.minimumCli);
    assert.equal(found.path[0], bin);
  });

  for (const [what, version, languageHost] of [
    ["is too old", "3.215.9", true],
    ["has no TypeScript language host", "3.250.0", false],
  ] as const) {
    it(`passes over the one on PATH that ${what}`, async () => {
      const bin = join(home, "bin");
      await fakeCli(bin, version, { languageHost });
      const found = await ensurePulumi({ env, install: (root) => fakeCli(join(root, "bin"), "3.250.0"), build: never });
      assert.equal(found.origin, "installed");
    });
  }

  it("builds it where the installer fails, and says so", async () => {
    const reports: string[] = [];
    const build = (root: string) => fakeCli(join(root, "bin"), "3.250.0");
    const found = await ensurePulumi({ env, install: unreachable, build, report: (text) => reports.push(text) });
    assert.equal(found.origin, "built");
    assert.equal(found.pulumi, join(cacheFolder(env), "bin", "pulumi"));
    assert.match(reports.join("\n"), /Pulumi's installer: the download site is out of reach/);
  });

  it("finds what it built the last time, and tries nothing else", async () => {
    const build = (root: string) => fakeCli(join(root, "bin"), "3.250.0");
    const first = await ensurePulumi({ env, install: unreachable, build });
    assert.deepEqual(await ensurePulumi({ env, install: never, build: never }), first);
  });

  it("builds once when two ask at the same time", async () => {
    let builds = 0;
    const build = async (root: string) => {
      builds += 1;
      await fakeCli(join(root, "bin"), "3.250.0");
    };
    const ask = () => ensurePulumi({ env, install: unreachable, build });
    const [one, other] = await Promise.all([ask(), ask()]);
    assert.equal(builds, 1);
    assert.deepEqual(one, other);
  });

  it("leaves nothing of a build that failed, and names each way, its reason and the remedy", async () => {
    const build = async (root: string) => {
      await fakeCli(join(root, "bin"), "3.250.0");
      throw new Error("no space left");
    };
    await assert.rejects(ensurePulumi({ env, install: unreachable, build }), (error: Error) => {
      assert.ok(isSriovError(error));
      for (const part of [/on PATH: there is no pulumi/, /in the cache: nothing in/, /out of reach/, /no space left/])
        assert.match(error.message, part);
      assert.match(error.remedy ?? "", /Install Pulumi 3\.\d+\.0 or newer/);
      return true;
    });
    assert.deepEqual(await readdir(dirname(cacheFolder(env))), []);
  });

  it("clears away what a killed build left, and only that", async () => {
    const folder = cacheFolder(env);
    await mkdir(`${folder}.killed/build`, { recursive: true });
    await mkdir(join(dirname(folder), "another-recipe"));
    await ensurePulumi({ env, install: (root) => fakeCli(join(root, "bin"), "3.250.0"), build: never });
    assert.deepEqual((await readdir(dirname(folder))).sort(), [basename(folder), "another-recipe"]);
  });

  it("does not take a build whose executable does not run", async () => {
    const build = (root: string) => writeScript(join(root, "bin", "pulumi"), "exit 1");
    await assert.rejects(ensurePulumi({ env, install: unreachable, build }), /left no pulumi that runs/);
  });

  it("puts the host of dynamic resources beside the CLI, so that the CLI does not warn of finding it on PATH", async () => {
    const build = (root: string) => fakeCli(join(root, "bin"), "3.250.0");
    const { path } = await ensurePulumi({ env, install: unreachable, build });
    for (const folder of path) await access(join(folder, "pulumi-resource-pulumi-nodejs"), constants.X_OK);
    assert.ok(path.every((folder) => !folder.includes(delimiter)));
  });

  it("keeps its cache where XDG_CACHE_HOME says", () => {
    assert.ok(cacheFolder({ XDG_CACHE_HOME: "/elsewhere" }).startsWith("/elsewhere/pulumi-sriov/pulumi/"));
  });

  it("pins the CLI to the version of the SDK in package.json", () => {
    assert.equal(packageJson.devDependencies["@pulumi/pulumi"], versions.pulumi.cli);
  });
});
