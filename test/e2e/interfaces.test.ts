// Interfaces of a VM, with traffic as proof: cold and hot attach with a VLAN, a portgroup's VLAN, a pool without VFs left, a
// pool that a VM uses, a guest that does not answer, a restart, and a pool whose VFs changed.
import assert from "node:assert/strict";
import { runInGuest } from "../../lab/guest.js";
import type { PulumiProject } from "../../lab/pulumi-project.js";
import { newProject, onHost, programText, sharedLab } from "./stage.js";

const vm = "z-k8s-n-1";
const host = (numVfs = 2) => `
const setup = new sriov.HostSetup("kvm", { host, apparmorVfioRule: true });
// The second VF stays with the host, in VLAN 42.
const vfs = new sriov.VfConfig("eno49", { host, pf: "eno49", numVfs: ${numVfs}, vfs: [{ index: 1, vlan: 42 }] });
`;
const base = (pool = "", numVfs?: number) => `${host(numVfs)}
const pool = new sriov.SriovNetwork("pool", { host, pf: vfs.pfName, portgroups: [{ name: "blue", vlan: 7 }], ${pool} }, { dependsOn: setup });
`;
const nic = (more: string, name = "nic") => `
new sriov.VmSriovInterface("${name}", { host, domain: "${vm}", network: pool.name, ${more} });
`;

describe("an interface of a VM", function () {
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
  const held = () => onHost("virsh net-port-list pool | grep -cE '^ *[0-9a-f]{8}-' || true");
  const inGuest = async (command: string) => runInGuest(await sharedLab(), vm, command);
  // The netdev comes back from a namespace, or from a VM, that is gone in its own time.
  const hostHasItsVf = () =>
    onHost("for i in $(seq 50); do ls /sys/bus/pci/devices/0000:01:10.2/net >/dev/null 2>&1 && break; sleep 0.2; done");
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
    await hostHasItsVf();
    const destroy = await project.destroy({ args: ["--skip-preview"] });
    assert.equal(destroy.exitCode, 0, destroy.stdout + destroy.stderr);
  });

  it("waits in the configuration of a VM that is off, and reaches who is in its VLAN when it is started", async () => {
    await mustUp(base() + nic("vlan: 42"));
    assert.equal(await held(), "0");
    await onHost(`virsh start ${vm}`);
    assert.equal((await inGuest("true")).exitCode, 0);
    assert.match(await vf0(), /vlan 42/);
    await untilAnswered();
    assert.equal(await ping(3), "3");
  });

  it("is unplugged from the running VM, and nobody answers", async () => {
    await mustUp(base());
    assert.equal(await held(), "0");
    assert.equal(await ping(1), "0");
    assert.doesNotMatch(await onHost(`virsh dumpxml ${vm}; virsh dumpxml --inactive ${vm}`), /ua-sriov-nic/);
  });

  it("is plugged into the running VM with its VLAN, and reaches who is in that VLAN", async () => {
    await mustUp(base() + nic("vlan: 42"));
    assert.match(await vf0(), /vlan 42/);
    await untilAnswered();
    assert.equal(await ping(3), "3");
  });

  it("gets the VLAN of a portgroup on its VF, and reaches nobody outside of it", async () => {
    await mustUp(base() + nic('portgroup: "blue"'));
    assert.match(await vf0(), /vlan 7/);
    // Up in the guest, and still nobody answers: that is the VLAN.
    const { output } = await inGuest(
      'for i in $(seq 60); do [ "$(cat /sys/class/net/eth*/carrier 2>/dev/null)" = 1 ] && ip address | grep -q 10.77.0.11 && break; sleep 1; done; cat /sys/class/net/eth*/carrier; ip address',
    );
    assert.match(output, /^1\n[^]*inet 10\.77\.0\.11/);
    assert.equal(await ping(3), "0");
  });

  it("is refused at preview when the pool has no VF left, and who has them is said", async () => {
    const two = base() + nic('portgroup: "blue"') + nic('mac: "52:54:00:00:77:02"', "second");
    await project.write(await programText(two));
    const enough = await project.preview();
    assert.equal(enough.exitCode, 0, enough.stdout + enough.stderr);
    // The second is nowhere but in this program.
    await project.write(await programText(two + nic('mac: "52:54:00:00:77:03"', "third")));
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

  it("keeps its pool from being deleted", async () => {
    const { exitCode, text } = await up(host() + nic('portgroup: "blue"').replace("pool.name", '"pool"'));
    assert.notEqual(exitCode, 0);
    assert.match(text, new RegExp(`Refused to (delete|stop) network "pool".*VM ${vm} .*holds 0000:01:10\\.0`));
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
    assert.equal((await inGuest("true")).exitCode, 0);
    await untilAnswered();
  });

  it("comes from a pool that knows all VFs after their number changed", async () => {
    await onHost(`virsh destroy ${vm} && ip netns delete peer`);
    await hostHasItsVf();
    const four = [0, 1, 2, 3].map((n) => nic(`mac: "52:54:00:00:77:0${n}"`, `nic${n}`)).join("");
    await mustUp(base("", 4) + four);
    assert.equal(await onHost("virsh net-dumpxml pool | grep -c '<address type=.pci'"), "4");
    await onHost(`virsh start ${vm}`);
    assert.equal(await held(), "4");
  });
});
