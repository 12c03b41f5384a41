// Where a key of the plugin's is to be seen: in the state, in what is printed, and in a recording of the messages between Pulumi and
// the plugin (PULUMI_DEBUG_GRPC), for which the engine decrypts what a stack's configuration holds.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PulumiProject, RunOptions } from "../../../lab/pulumi-project.js";
import { type World, startWorld, succeeded } from "./world.js";

/** How the engine marks a secret in a message. */
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

type Message = { method: string };

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

  /**
   * A whole life with a recording of each message: the key is in nothing that is printed and in no state. Answers the messages that
   * hold it. `flags` are for more output.
   */
  async function recorded(
    project: PulumiProject,
    env: NodeJS.ProcessEnv = {},
    flags: readonly string[] = [],
  ): Promise<Message[]> {
    const recording = join(project.dir, "grpc.json");
    const options: RunOptions = { args: ["--skip-preview", ...flags], env: { ...env, PULUMI_DEBUG_GRPC: recording } };
    for (const run of [() => project.up(options), () => project.refresh(options), () => project.destroy(options)]) {
      const printed = succeeded(await run());
      assert.ok(!printed.includes(keyLine), "it is printed");
      const state = (await project.mustRun(["stack", "export", "--stack", "test"])).stdout;
      assert.ok(!state.includes(keyLine), "it is in the state");
    }
    const lines = (await readFile(recording, "utf8")).split("\n").filter((line) => line !== "");
    for (const method of ["Create", "Read", "Delete"]) {
      assert.ok(
        lines.some((line) => line.includes(`/pulumirpc.ResourceProvider/${method}"`)),
        method,
      );
    }
    return lines.filter((line) => line.includes(keyLine)).map((line) => JSON.parse(line) as Message);
  }

  const methodsOf = (messages: Message[]) => [...new Set(messages.map(({ method }) => method))];
  const isOf = (methods: readonly string[]) => (method: string) => methods.some((name) => method.endsWith(name));

  /** Whether the key is anywhere but in a value that is marked as secret. */
  function isBare(value: unknown): boolean {
    if (typeof value === "string") return value.includes(keyLine);
    if (typeof value !== "object" || value === null) return false;
    const isSecret = (value as Record<string, unknown>)[signature] === secretSignature;
    return !isSecret && Object.values(value).some(isBare);
  }

  const withoutKeyPath = async (name: string): Promise<PulumiProject> => {
    const pool = "pool:\n  type: sriov:SriovNetwork\n  properties: { name: pool, pf: ens1f0 }";
    const project = await world.project(name, world.yaml(pool));
    await project.mustRun(["config", "rm", "--stack", "test", "sriov:sshPrivateKeyPath"]);
    return project;
  };

  // In verbose logs Pulumi itself shows what a stack's configuration and a program's inputs hold as secrets.
  it("from the environment is in no message, no output, no verbose log and no state", async () => {
    const project = await withoutKeyPath("key-in-environment");
    const verbose = ["--verbose=9", "--logtostderr"];
    assert.deepEqual(await recorded(project, { SRIOV_SSH_PRIVATE_KEY: world.privateKey }, verbose), []);
  });

  it("from the stack's secrets is in the engine's own messages about the configuration, and in none of a resource", async () => {
    const project = await withoutKeyPath("key-in-configuration");
    const pair = `sriov:sshPrivateKey=${world.privateKey}`;
    await project.mustRun(["config", "set-all", "--stack", "test", "--secret", pair]);
    const isEngines = isOf(["LanguageRuntime/Run", "ResourceProvider/CheckConfig", "ResourceProvider/Configure"]);
    assert.deepEqual(
      methodsOf(await recorded(project)).filter((method) => !isEngines(method)),
      [],
    );
  });

  it("from a resource's own `host` is marked as a secret in each message that has it", async () => {
    const { uri, ssh } = world.sshd.host();
    const host = { uri, ssh: { privateKey: "${key}", hostKey: ssh?.hostKey, configFile: "none" } };
    const pool = `pool:\n  type: sriov:SriovNetwork\n  properties: ${JSON.stringify({ name: "own", pf: "ens1f0", host })}`;
    const project = await world.project(
      "key-in-host",
      world.yaml(pool, "configuration: { key: { type: String, secret: true } }"),
    );
    for (const name of Object.keys(world.settings)) await project.mustRun(["config", "rm", "--stack", "test", name]);
    await project.mustRun(["config", "set-all", "--stack", "test", "--secret", `key=${world.privateKey}`]);
    const messages = await recorded(project);
    assert.ok(methodsOf(messages).some(isOf(["ResourceProvider/Create"])));
    // What the engine tells the language host of the stack's configuration is its own.
    const bare = messages.filter(
      ({ method, ...message }) => !method.endsWith("LanguageRuntime/Run") && isBare(message),
    );
    assert.deepEqual(methodsOf(bare), []);
  });
});
