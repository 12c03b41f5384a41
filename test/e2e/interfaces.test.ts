// Interfaces of a running VM, with traffic as proof: hot attach with a VLAN, a portgroup's VLAN, a pool without VFs left, a pool
// that a VM uses, a guest that does not answer, and a restart because of it.
import assert from "node:assert/strict";
import { runInGuest } from "../../lab/guest.js";
import type { PulumiProject } from "../../lab/pulumi-project.js";
import { newProject, onHost, programText, sharedLab } from "./stage.js";

const vm = "z-k8s-n-1";
const base = (pool = "") => `
const setup = new sriov.HostSetup("kvm", { host, apparmorVfioRule: true });
// The second VF stays with the host, in VLAN 42.
const vfs = new sriov.VfConfig("eno49", { host, pf: "eno49", numVfs: 2, vfs: [{ index: 1, vlan: 42 }] });
const pool = new sriov.SriovNetwork("pool", { host, pf: vfs.pfName, portgroups: [{ name: "blue", vlan: 7 }], ${pool} }, { dependsOn: setup });
`;
const nic = (more: string, name = "nic") => `
new sriov.VmSriovInterface("${name}", { host, domain: "${vm}", network: pool.name, ${more} });
`;

describe("an interface of a running VM", function () {
  this.timeout(600_000);
  this.bail(true);
  let project: PulumiProject;
  const up = async (body: string) => {
    await project.write(await programText(body));
    const ran = await project.up({ args: ["--skip-preview"] });
    return { exitCode: ran.exitCode, text: ran.stdout + ran.stderr };
  };
  const mustUp = async (body: string) => {
    const { exitCode, text } = await up(body);
    assert.equal(exitCode, 0, text);
  };
  const vf0 = async () => (await onHost("ip link show eno49")).split("\n").find((line) => line.includes("vf 0 ")) ?? "";
  const held = () => onHost("virsh net-port-list pool | grep -c -- - || true");
  const ping = (count: number) =>
    onHost(
      `ip netns exec peer ping -c ${count} -W 2 10.77.0.11 2>/dev/null | sed -n 's/.* \\([0-9]*\\) received.*/\\1/p'`,
    );
  const untilAnswered = async () => {
    const end = Date.now() + 120_000;
    while ((await ping(1)) !== "1") assert.ok(Date.now() < end, "the guest answers within 120 s");
  };

  before(async () => {
    project = await newProject("interfaces", { text: "" });
    await mustUp(base());
    await onHost(`virsh start ${vm}`);
    assert.equal((await runInGuest(await sharedLab(), vm, "true")).exitCode, 0);
    await onHost(
      [
        "ip netns add peer",
        "dev=$(ls /sys/bus/pci/devices/0000:01:10.2/net)",
        "ip link set $dev netns peer",
        "ip netns exec peer ip address add 10.77.0.99/24 dev $dev",
        "ip netns exec peer ip link set $dev up",
      ].join(" && "),
    );
  });

  after(async () => {
    await onHost(`virsh destroy ${vm} >/dev/null 2>&1; ip netns delete peer; true`);
    // The netdev comes back from a namespace that is gone in its own time.
    await onHost(
      "for i in $(seq 50); do ls /sys/bus/pci/devices/0000:01:10.2/net >/dev/null 2>&1 && break; sleep 0.2; done",
    );
    const destroy = await project.destroy({ args: ["--skip-preview"] });
    assert.equal(destroy.exitCode, 0, destroy.stdout + destroy.stderr);
  });

  it("is plugged in at once with its VLAN, and reaches who is in that VLAN", async () => {
    await mustUp(base() + nic("vlan: 42"));
    assert.match(await vf0(), /vlan 42/);
    await untilAnswered();
    assert.equal(await ping(3), "3");
  });

  it("gets the VLAN of a portgroup on its VF, and reaches nobody outside of it", async () => {
    await mustUp(base() + nic('portgroup: "blue"'));
    assert.match(await vf0(), /vlan 7/);
    // Up in the guest, and still nobody answers: that is the VLAN.
    const { output } = await runInGuest(
      await sharedLab(),
      vm,
      'for i in $(seq 60); do [ "$(cat /sys/class/net/eth*/carrier)" = 1 ] && break; sleep 1; done; cat /sys/class/net/eth*/carrier',
    );
    assert.equal(output.trim(), "1");
    assert.equal(await ping(3), "0");
  });

  it("is refused at preview when the pool has no VF left, and who has them is said", async () => {
    await project.write(await programText(base() + nic('portgroup: "blue"') + nic("", "second") + nic("", "third")));
    const { exitCode, stdout, stderr } = await project.preview();
    assert.notEqual(exitCode, 0);
    assert.match(stdout + stderr, new RegExp(`network "pool" has 2 VFs, and all are spoken for: .*${vm}`));
  });

  it("keeps its pool from being stopped: the VM is named, and the pool runs on", async () => {
    const { exitCode, text } = await up(base("active: false") + nic('portgroup: "blue"'));
    assert.notEqual(exitCode, 0);
    assert.match(text, new RegExp(`Refused to stop network "pool".*VM ${vm} .*holds 0000:01:10\\.0`));
    assert.match(await onHost("virsh net-info pool"), /Active: +yes/);
  });

  it("is not said to be gone while the guest does not answer, and goes by a later `up`", async () => {
    await mustUp(base() + nic('portgroup: "blue", detachTimeout: 8'));
    await onHost(`virsh suspend ${vm}`);
    const { exitCode, text } = await up(base());
    assert.notEqual(exitCode, 0);
    assert.match(text, /did not answer within 8 s.*ua-sriov-nic: the running VM still has it/);
    assert.equal(await held(), "1");
    await onHost(`virsh resume ${vm}`);
    await mustUp(base());
    assert.equal(await held(), "0");
  });

  it("is in the VM by a restart when there is no free PCIe root port and the program allows it", async () => {
    // Whatever ports there are, they are taken.
    await onHost(
      `for i in $(seq 20); do echo "<interface type='user'><model type='virtio'/></interface>" > /run/filler.xml; virsh attach-device ${vm} /run/filler.xml --live 2>/run/filler.err || break; done; grep -i 'no more available PCI slots' /run/filler.err`,
    );
    await mustUp(base() + nic('vlan: 42, restartDomain: "ifNeeded", detachTimeout: 120'));
    assert.match(await onHost(`virsh dumpxml ${vm}`), /ua-sriov-nic/);
    assert.match(await vf0(), /vlan 42/);
    assert.equal((await runInGuest(await sharedLab(), vm, "true")).exitCode, 0);
    await untilAnswered();
  });
});
