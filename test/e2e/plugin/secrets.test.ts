// Where a key of the plugin's is to be seen: in the state, in what is printed, and in a recording of the messages between Pulumi and
// the plugin (PULUMI_DEBUG_GRPC), for which the engine decrypts what a stack's configuration holds.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PulumiProject, RunOptions } from "../../../lab/pulumi-project.js";
import { type World, startWorld, succeeded } from "./world.js";

describe("a private key of the plugin's", function () {
  this.timeout(120_000);
  let world: World;
  let keyLine: string;

  before(async () => {
    world = await startWorld();
    keyLine = world.privateKey.split("\n")[2] ?? "";
    assert.ok(keyLine.length > 40, "the key has a line to look for");
  });
  after(() => world?.close());

  /** A whole life with a recording of each message; answers the methods of those that show the key. */
  async function recorded(project: PulumiProject, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
    const recording = join(project.dir, "grpc.json");
    const options: RunOptions = { args: ["--skip-preview"], env: { ...env, PULUMI_DEBUG_GRPC: recording } };
    for (const run of [() => project.up(options), () => project.refresh(options), () => project.destroy(options)]) {
      assert.ok(!succeeded(await run()).includes(keyLine), "it is printed");
      const state = (await project.mustRun(["stack", "export", "--stack", "test"])).stdout;
      assert.ok(!state.includes(keyLine), "it is in the state");
    }
    const messages = (await readFile(recording, "utf8")).split("\n").filter((line) => line !== "");
    for (const method of ["Create", "Read", "Delete"]) {
      assert.ok(
        messages.some((message) => message.includes(`/pulumirpc.ResourceProvider/${method}"`)),
        method,
      );
    }
    const telling = messages.filter((message) => message.includes(keyLine));
    return [...new Set(telling.map((message) => (JSON.parse(message) as { method: string }).method))];
  }

  const withoutKeyPath = async (name: string): Promise<PulumiProject> => {
    const pool = "pool:\n  type: sriov:SriovNetwork\n  properties: { name: pool, pf: ens1f0 }";
    const project = await world.project(name, world.yaml(pool));
    await project.mustRun(["config", "rm", "--stack", "test", "sriov:sshPrivateKeyPath"]);
    return project;
  };

  it("from the environment is in no message, no output and no state", async () => {
    const project = await withoutKeyPath("key-in-environment");
    assert.deepEqual(await recorded(project, { SRIOV_SSH_PRIVATE_KEY: world.privateKey }), []);
  });

  it("from the stack's secrets is in the engine's own messages about the configuration, and in none of a resource", async () => {
    const project = await withoutKeyPath("key-in-configuration");
    const pair = `sriov:sshPrivateKey=${world.privateKey}`;
    await project.mustRun(["config", "set-all", "--stack", "test", "--secret", pair]);
    const engines = ["LanguageRuntime/Run", "ResourceProvider/CheckConfig", "ResourceProvider/Configure"];
    const others = (await recorded(project)).filter((method) => !engines.some((name) => method.endsWith(name)));
    assert.deepEqual(others, []);
  });
});
