// The failure that costs people evenings: AppArmor keeps QEMU from /dev/vfio when a VF comes from a pool.
import assert from "node:assert/strict";
import type { PulumiProject } from "../../lab/pulumi-project.js";
import { newProject, onHost, programText } from "./stage.js";

const network = `
const vfs = new sriov.VfConfig("eno49", { host, pf: "eno49", numVfs: 2 });
const pool = new sriov.SriovNetwork("pool", { host, pf: vfs.pfName });
`;
const nic =
  'new sriov.VmSriovInterface("nic", { host, domain: "z-k8s-n-1", network: pool.name }, { dependsOn: pool });\n';

describe("on a host with AppArmor and without the rule for /dev/vfio", function () {
  this.timeout(300_000);
  let project: PulumiProject;

  before(async () => {
    project = await newProject("apparmor", { text: await programText(network) });
    const up = await project.up({ args: ["--skip-preview"] });
    assert.equal(up.exitCode, 0, up.stdout + up.stderr);
  });

  after(async () => {
    await onHost("virsh destroy z-k8s-n-1 >/dev/null 2>&1 || true");
    const destroy = await project.destroy({ args: ["--skip-preview"] });
    assert.equal(destroy.exitCode, 0, destroy.stdout + destroy.stderr);
  });

  for (const [when, act] of [
    ["at preview", () => project.preview()],
    ["at up", () => project.up({ args: ["--skip-preview"] })],
  ] as const) {
    it(`an interface from a pool is refused ${when}: AppArmor and the remedy are named`, async () => {
      await project.write(await programText(network + nic));
      const ran = await act();
      assert.notEqual(ran.exitCode, 0, ran.stdout);
      assert.match(ran.stdout + ran.stderr, /AppArmor/);
      assert.match(ran.stdout + ran.stderr, /HostSetup/);
      assert.match(ran.stdout + ran.stderr, /apparmorVfioRule/);
    });
  }

  it("the same program with HostSetup works: the VM starts on a VF of the pool", async () => {
    await project.write(
      await programText(`new sriov.HostSetup("kvm", { host, apparmorVfioRule: true });\n${network}${nic}`),
    );
    const up = await project.up({ args: ["--skip-preview"] });
    assert.equal(up.exitCode, 0, up.stdout + up.stderr);
    await onHost("virsh start z-k8s-n-1");
    assert.match(await onHost("virsh dumpxml z-k8s-n-1"), /<interface type='hostdev'/);
  });
});
