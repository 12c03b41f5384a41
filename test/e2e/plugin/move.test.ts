// Moving a stack from the dynamic resources to the plugin: the SDK's aliases say that they are the same, and nothing is made anew.
import assert from "node:assert/strict";
import { ensureLanguageHost } from "../../../lab/language-host.js";
import type { PulumiProject } from "../../../lab/pulumi-project.js";
import { mustRun } from "../../integration/libvirtd.js";
import { type World, makeSdk, planned, startWorld, succeeded } from "./world.js";

describe("a stack of dynamic resources that moves to the plugin", function () {
  this.timeout(180_000);
  let world: World;
  let project: PulumiProject;
  before(async () => void (world = await startWorld()));
  after(() => world?.close());

  it("keeps what it made: no replacement, no change on the host, and back to nothing to do", async () => {
    const { uri, ssh } = world.sshd.host();
    const program = (from: string, host: string) => `
import * as sriov from "${from}";
const host = { uri: ${JSON.stringify(uri)}, ssh: ${JSON.stringify(ssh)} };
const pool = new sriov.SriovNetwork("pool", { ${host} name: "pool", pf: "ens1f0" });
new sriov.VmSriovInterface("nic", { ${host} domain: "web", network: pool.name, apply: "config", vlan: 42 });
new sriov.VfConfig("vfs", { ${host} pf: "ens1f1", numVfs: 7, persistence: "none" });
new sriov.HostSetup("setup", { ${host} dynamicOwnership: true });
void host;`;
    await mustRun(world.fixture, "echo 'dynamic_ownership = 0' >> /etc/libvirt/qemu.conf");
    project = await world.project("move", world.typescript(program("pulumi-sriov", "host,")));
    succeeded(await project.up({ args: ["--skip-preview"] }));
    // With the files' times: what is written again as it was is a change too.
    const files = "/etc/libvirt/qemu.conf /sys/class/net/ens1f1/device/sriov_numvfs";
    const seen = async () => [
      await world.virsh("net-dumpxml pool"),
      await world.virsh("dumpxml --inactive web"),
      await mustRun(world.fixture, `cat ${files}; stat --dereference --format %y ${files}`),
    ];
    const before = await seen();
    assert.match(before.join(), /<tag id='42'\/>[^]*\ndynamic_ownership = 1/);

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
    assert.deepEqual(types.sort(), [
      "sriov:index:HostSetup",
      "sriov:index:SriovNetwork",
      "sriov:index:VfConfig",
      "sriov:index:VmSriovInterface",
    ]);
    succeeded(await project.destroy({ args: ["--skip-preview"] }));
    assert.equal(await world.virsh("net-list --all --name"), "");
    assert.match(await mustRun(world.fixture, "cat /etc/libvirt/qemu.conf"), /^dynamic_ownership = 0$/m);
  });

  it("may there turn deleteBeforeReplace off: the new one is made first, where nothing collides", async () => {
    const program = (name: string, vf: string) => `
import * as sriov from "./sdk/nodejs";
new sriov.SriovNetwork("pool", { name: "${name}", vfs: ["${vf}"] }, { deleteBeforeReplace: false });`;
    await project.write(program("one", "0000:03:10.1"));
    succeeded(await project.up({ args: ["--skip-preview"] }));
    await project.write(program("two", "0000:03:10.3"));
    const said = succeeded(await project.up({ args: ["--skip-preview"] }));
    assert.match(said, /pool created replacement[^]*pool deleted original/);
    assert.equal(await world.virsh("net-list --name"), "two");
  });
});
