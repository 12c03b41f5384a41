// Moving a stack from the dynamic resources to the plugin: the SDK's aliases say that they are the same, and nothing is made anew.
import assert from "node:assert/strict";
import { ensureLanguageHost } from "../../../lab/language-host.js";
import { type World, makeSdk, planned, startWorld, succeeded } from "./world.js";

describe("a stack of dynamic resources that moves to the plugin", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => void (world = await startWorld()));
  after(() => world?.close());

  it("keeps what it made: no replacement, no change on the host, and back to nothing to do", async () => {
    const { uri, ssh } = world.sshd.host();
    const program = (from: string, host: string) => `
import * as sriov from "${from}";
const host = { uri: ${JSON.stringify(uri)}, ssh: ${JSON.stringify(ssh)} };
const pool = new sriov.SriovNetwork("pool", { ${host} name: "pool", pf: "ens1f0" });
new sriov.VmSriovInterface("nic", { ${host} domain: "web", network: pool.name, apply: "config", vlan: 42 });
void host;`;
    const project = await world.project("move", world.typescript(program("pulumi-sriov", "host,")));
    succeeded(await project.up({ args: ["--skip-preview"] }));
    const seen = async () => [await world.virsh("net-dumpxml pool"), await world.virsh("dumpxml --inactive web")];
    const before = await seen();
    assert.match(before.join(), /<tag id='42'\/>/);

    await makeSdk(project, await ensureLanguageHost());
    await project.write(program("./sdk/nodejs", ""));
    const steps = await planned(project);
    assert.deepEqual(
      steps.filter(({ op }) => op !== "update"),
      [],
      JSON.stringify(steps),
    );
    succeeded(await project.up({ args: ["--skip-preview"] }));
    assert.deepEqual(await seen(), before);
    assert.deepEqual(await planned(project), []);
    const types = (await project.stackExport()).map(({ type }) => type).filter((type) => type.includes("sriov:"));
    assert.deepEqual(types.sort(), ["sriov:index:SriovNetwork", "sriov:index:VmSriovInterface"]);
    succeeded(await project.destroy({ args: ["--skip-preview"] }));
    assert.equal(await world.virsh("net-list --all --name"), "");
  });
});
