// Every attribute of a VF, through the real CLI on a real kernel: what igb takes on igb, all there is on netdevsim, the
// kernel's simulated card; and what a driver does not take refused before anything is written.
import assert from "node:assert/strict";
import type { Ran } from "../../lab/child.js";
import type { PulumiProject } from "../../lab/pulumi-project.js";
import { newProject, onHost, programText } from "./stage.js";

type Vf = { vf: number; vlan_list: object[]; rate: { max_tx: number; min_tx: number } } & Record<string, unknown>;

async function link(netdev: string): Promise<{ mtu: number; vfs: Vf[] }> {
  const [shown] = JSON.parse(await onHost(`ip -j -d link show dev ${netdev}`)) as [{ mtu: number; vfinfo_list?: Vf[] }];
  return { mtu: shown.mtu, vfs: shown.vfinfo_list ?? [] };
}

const program = (name: string, args: string) =>
  programText(`export const vfs = new sriov.VfConfig("${name}", { host, ${args} }).virtualFunctions;`);

async function succeeds(ran: Promise<Ran>): Promise<string> {
  const { exitCode, stdout, stderr } = await ran;
  assert.equal(exitCode, 0, stdout + stderr);
  return stdout + stderr;
}

const unchanged = (project: PulumiProject) =>
  succeeds(project.preview({ refresh: true, args: ["--expect-no-changes"] }));

describe("VFs of an igb PF that is named by its MAC address", function () {
  this.timeout(300_000);
  let project: PulumiProject;
  let mac: string;
  const attributes = (vlan: number) => `mtu: 2000, persistence: "none", vfs: [
    { index: 0, mac: "52:54:00:00:50:10", vlan: ${vlan}, qos: 3, vlanProto: "802.1Q", spoofchk: false, trust: true, linkState: "auto", maxTxRate: 500, minTxRate: 0 },
    { index: 2, spoofchk: true, trust: false, maxTxRate: 100 }]`;

  before(async () => {
    mac = await onHost("cat /sys/class/net/eno50/address");
    project = await newProject("igb-attributes", { text: "" });
  });

  after(async () => {
    await succeeds(project.destroy({ args: ["--skip-preview"] }));
    const { mtu, vfs } = await link("eno50");
    assert.deepEqual([mtu, vfs], [1500, []]);
  });

  it("have every attribute that igb takes after one up, and the preview says what it does", async () => {
    await project.write(await program("eno50", `pf: { mac: "${mac}" }, numVfs: 3, ${attributes(42)}`));
    const said = await succeeds(project.preview());
    assert.match(said, /makes 3 VFs/);
    assert.match(said, /sets MTU 2000 \(was 1500\)/);
    await succeeds(project.up({ args: ["--skip-preview"] }));
    const { mtu, vfs } = await link("eno50");
    assert.equal(mtu, 2000);
    const [first, , third] = vfs;
    assert.deepEqual(
      [first?.["address"], first?.vlan_list, first?.["spoofchk"], first?.["trust"], first?.rate],
      ["52:54:00:00:50:10", [{ vlan: 42, qos: 3 }], false, true, { max_tx: 500, min_tx: 0 }],
    );
    assert.deepEqual([third?.["spoofchk"], third?.["trust"], third?.rate], [true, false, { max_tx: 100, min_tx: 0 }]);
    await unchanged(project);
  });

  it("are not made anew for one attribute: only that one is written", async () => {
    const before = await onHost("cat /sys/class/net/eno50/device/virtfn*/net/*/ifindex");
    await project.write(await program("eno50", `pf: { mac: "${mac}" }, numVfs: 3, ${attributes(43)}`));
    const said = await succeeds(project.preview());
    assert.match(said, /sets vlan of VF 0/);
    assert.doesNotMatch(said, /destroys|makes/);
    await succeeds(project.up({ args: ["--skip-preview"] }));
    assert.deepEqual((await link("eno50")).vfs[0]?.vlan_list, [{ vlan: 43, qos: 3 }]);
    assert.equal(await onHost("cat /sys/class/net/eno50/device/virtfn*/net/*/ifindex"), before);
  });

  it("show drift of an attribute by its name, and up mends it", async () => {
    await onHost("ip link set eno50 vf 2 trust on");
    const said = await succeeds(project.preview({ refresh: true }));
    assert.match(said, /changed on the host since the last update: vfs\[1\]\.trust/);
    await succeeds(project.up({ args: ["--skip-preview", "--refresh"] }));
    assert.equal((await link("eno50")).vfs[2]?.["trust"], false);
  });

  it("have no driver of the host where the program says so, and the preview says how many go", async () => {
    await project.write(
      await program(
        "eno50",
        `pf: { mac: "${mac}" }, numVfs: 2, driversAutoprobe: false, mtu: 2000, persistence: "none"`,
      ),
    );
    assert.match(await succeeds(project.preview()), /destroys 3 VFs, makes 2/);
    await succeeds(project.up({ args: ["--skip-preview"] }));
    const drivers = await onHost("ls -d /sys/class/net/eno50/device/virtfn*/driver 2>/dev/null | wc -l");
    assert.equal(drivers, "0");
    await unchanged(project);
  });
});

describe("VFs of a netdevsim PF", function () {
  this.timeout(300_000);
  let project: PulumiProject;
  const mode = () => onHost("devlink dev eswitch show netdevsim/netdevsim7 | sed 's/.* mode \\([a-z]*\\).*/\\1/'");

  before(async () => {
    await onHost(
      "modprobe netdevsim && echo '7 1' > /sys/bus/netdevsim/new_device && udevadm settle && ip link set eni7np1 up",
    );
    project = await newProject("netdevsim", { text: "" });
  });

  after(async () => {
    await succeeds(project.destroy({ args: ["--skip-preview"] }));
    try {
      const { mtu, vfs } = await link("eni7np1");
      assert.deepEqual([mtu, vfs, await mode()], [1500, [], "legacy"]);
    } finally {
      await onHost("echo 7 > /sys/bus/netdevsim/del_device && rmmod netdevsim");
    }
  });

  it("have every attribute there is", async () => {
    await project.write(
      await program(
        "simulated",
        `pf: "eni7np1", numVfs: 4, eswitchMode: "legacy", mtu: 3000, persistence: "none", vfs: [
        { index: 0, mac: "52:54:00:00:70:10", vlan: 42, qos: 3, vlanProto: "802.1ad", spoofchk: true, trust: true, linkState: "enable", maxTxRate: 500, minTxRate: 100, queryRss: true },
        { index: 3, linkState: "disable", minTxRate: 10, vlan: 5 }]`,
      ),
    );
    await succeeds(project.up({ args: ["--skip-preview"] }));
    const { mtu, vfs } = await link("eni7np1");
    assert.equal(mtu, 3000);
    assert.equal(vfs.length, 4);
    const [{ address, vlan_list, spoofchk, trust, link_state, rate, query_rss_en } = {} as Partial<Vf>] = vfs;
    assert.deepEqual(
      { address, vlan_list, spoofchk, trust, link_state, rate, query_rss_en },
      {
        address: "52:54:00:00:70:10",
        vlan_list: [{ vlan: 42, qos: 3, protocol: "802.1ad" }],
        spoofchk: true,
        trust: true,
        link_state: "enable",
        rate: { max_tx: 500, min_tx: 100 },
        query_rss_en: true,
      },
    );
    assert.deepEqual([vfs[3]?.["link_state"], vfs[3]?.rate], ["disable", { max_tx: 0, min_tx: 10 }]);
    await unchanged(project);
  });

  it("are switched by rules where the program asks for switchdev, also when their number changes", async () => {
    const switched = (numVfs: number) =>
      program(
        "simulated",
        `pf: "eni7np1", numVfs: ${numVfs}, eswitchMode: "switchdev", mtu: 3000, persistence: "none", vfs: [
        { index: 0, vlan: 7, vlanProto: "802.1Q", trust: false }]`,
      );
    await project.write(await switched(4));
    assert.match(await succeeds(project.preview()), /changes the eswitch mode to switchdev \(was legacy\)/);
    await succeeds(project.up({ args: ["--skip-preview"] }));
    assert.equal(await mode(), "switchdev");
    assert.equal(await onHost("ls -d /sys/class/net/eni7npf0vf* | wc -l"), "4", "a representor a VF");
    await unchanged(project);

    await project.write(await switched(2));
    await succeeds(project.up({ args: ["--skip-preview"] }));
    assert.equal(await mode(), "switchdev");
    assert.equal(await onHost("cat /sys/bus/netdevsim/devices/netdevsim7/sriov_numvfs"), "2");
    assert.deepEqual((await link("eni7np1")).vfs[0]?.vlan_list, [{ vlan: 7, qos: 3 }]);
    await unchanged(project);
  });

  it("cannot have rates in switchdev mode, which the preview says", async () => {
    await project.write(
      await program(
        "simulated",
        `pf: "eni7np1", numVfs: 2, eswitchMode: "switchdev", persistence: "none", vfs: [{ index: 0, maxTxRate: 700 }]`,
      ),
    );
    const { exitCode, stdout, stderr } = await project.preview();
    assert.notEqual(exitCode, 0);
    assert.match(stdout + stderr, /vfs\[0\]\.maxTxRate.*switchdev/);
  });
});

describe("what igb does not take", function () {
  this.timeout(120_000);

  it("is refused at preview, all of it at once, and nothing is written", async () => {
    const view = () => onHost("cat /sys/class/net/eno50/device/sriov_numvfs; ip -d link show dev eno50");
    const before = await view();
    const project = await newProject("igb-refusals", {
      text: await program(
        "eno50",
        `pf: "eno50", numVfs: 8, eswitchMode: "switchdev", mtu: 12000, vfs: [
        { index: 0, vlan: 5, vlanProto: "802.1ad" }, { index: 1, linkState: "enable" }, { index: 2, minTxRate: 100 },
        { index: 3, queryRss: true }, { index: 4, mac: "${await onHost("cat /sys/class/net/eno50/address")}" }]`,
      ),
    });
    const { exitCode, stdout, stderr } = await project.preview();
    const said = stdout + stderr;
    assert.notEqual(exitCode, 0, said);
    for (const expected of [
      /numVfs.*at most 7/,
      /eswitchMode.*no eswitch/,
      /mtu.*12000/,
      /vfs\[0\]\.vlanProto.*802\.1Q only/,
      /vfs\[1\]\.linkState.*auto/,
      /vfs\[2\]\.minTxRate.*min_tx_rate/,
      /vfs\[3\]\.queryRss.*query_rss/,
      /vfs\[4\]\.mac.*also the MAC address of PF eno50/,
    ]) {
      assert.match(said, expected);
    }
    assert.equal(await view(), before);
  });
});
