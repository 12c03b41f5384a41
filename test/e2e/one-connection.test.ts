// One SSH connection a host, counted where it counts: in the log of the host's sshd.
import assert from "node:assert/strict";
import { newProject, onHost, programText } from "./stage.js";

const accepted = async () => Number(await onHost("journalctl -q -u ssh --no-pager | grep -c 'Accepted publickey'"));

describe("a whole `pulumi up`", function () {
  this.timeout(300_000);

  it("makes one SSH connection to the host, however many resources there are", async () => {
    const project = await newProject("one-connection", {
      text: await programText(`
const setup = new sriov.HostSetup("kvm", { host, apparmorVfioRule: true });
for (const pf of ["eno49", "eno50"]) {
  const vfs = new sriov.VfConfig(pf, { host, pf, numVfs: 4 });
  const pool = new sriov.SriovNetwork("pool-" + pf, { host, pf: vfs.pfName }, { dependsOn: setup });
  for (const domain of ["z-k8s-n-1", "z-k8s-n-2"]) {
    new sriov.VmSriovInterface(domain + "-" + pf, { host, domain, network: pool.name });
  }
}`),
    });
    const before = await accepted();
    const up = await project.up({ args: ["--skip-preview"] });
    assert.equal(up.exitCode, 0, up.stdout + up.stderr);
    const after = await accepted();
    const destroy = await project.destroy({ args: ["--skip-preview"] });
    assert.equal(destroy.exitCode, 0, destroy.stdout + destroy.stderr);
    assert.equal(after - before, 1);
    assert.equal((await accepted()) - after, 1, "destroy");
  });
});
