// What must never happen to a running VM, tried for real: a VF taken away, a pool stopped under it.
import assert from "node:assert/strict";
import { hostView } from "../../lab/demo/host-view.js";
import type { PulumiProject } from "../../lab/pulumi-project.js";
import { newProject, onHost, programText, sharedLab } from "./stage.js";

const vfs = (numVfs: number) => `
const vfs = new sriov.VfConfig("eno49", { host, pf: "eno49", numVfs: ${numVfs} });`;
const rest = `
const setup = new sriov.HostSetup("kvm", { host, apparmorVfioRule: true });
const pool = new sriov.SriovNetwork("pool", { host, pf: vfs.pfName }, { dependsOn: setup });
new sriov.VmSriovInterface("nic", { host, domain: "z-k8s-n-1", network: pool.name });
`;

describe("a VF that a running VM holds", function () {
  this.timeout(300_000);
  let project: PulumiProject;
  let found: string;
  const view = async () => hostView({ lab: await sharedLab() } as never);

  before(async () => {
    found = await view();
    project = await newProject("guard", { text: await programText(vfs(7) + rest) });
    const up = await project.up({ args: ["--skip-preview"] });
    assert.equal(up.exitCode, 0, up.stdout + up.stderr);
    await onHost("virsh start z-k8s-n-1");
  });

  after(async () => {
    await onHost("virsh destroy z-k8s-n-1 >/dev/null 2>&1 || true");
    const destroy = await project.destroy({ args: ["--skip-preview"] });
    assert.equal(destroy.exitCode, 0, destroy.stdout + destroy.stderr);
    assert.equal(await view(), found);
  });

  for (const [when, act] of [
    ["at preview", () => project.preview()],
    ["at up", () => project.up({ args: ["--skip-preview"] })],
  ] as const) {
    it(`is not destroyed by shrinking, ${when}: VM and VF are named`, async () => {
      await project.write(await programText(vfs(3) + rest));
      const before = await view();
      const ran = await act();
      assert.notEqual(ran.exitCode, 0, ran.stdout);
      assert.match(ran.stdout + ran.stderr, /z-k8s-n-1/);
      assert.match(ran.stdout + ran.stderr, /0000:01:1[01]\.[0246]/);
      assert.equal(await view(), before);
    });
  }

  it("is not destroyed by deleting the VfConfig: refused, with the VM's name, and the state is kept", async () => {
    await project.write(await programText(""));
    const before = (await view()).split("\n").filter((line) => line.startsWith("eno49"));
    // Only the VfConfig: in a whole destroy the interface goes first, and then nothing is in the way.
    const ran = await project.destroy({
      args: [
        "--skip-preview",
        "--target",
        "urn:pulumi:test::guard::pulumi-nodejs:dynamic/sriov:VfConfig::eno49",
        "--target-dependents=false",
      ],
    });
    assert.notEqual(ran.exitCode, 0, ran.stdout);
    assert.deepEqual(
      (await view()).split("\n").filter((line) => line.startsWith("eno49")),
      before,
    );
    const kept = (await project.stackExport()).map((resource) => resource.type);
    assert.ok(kept.includes("pulumi-nodejs:dynamic/sriov:VfConfig"), kept.join(", "));
  });
});
