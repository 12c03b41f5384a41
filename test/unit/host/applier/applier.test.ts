// The applier by itself: what its lines do and answer.
import assert from "node:assert/strict";
import { applyPlan } from "../../../../provider/host/applier/run.js";
import { FakeHost, pfTree } from "../../../fakes/fake-host.js";
import { giveToVm } from "../../../fakes/fake-host-context.js";

const pf = "0000:01:00.0";
const device = `sys/bus/pci/devices/${pf}`;

describe("the applier", () => {
  let fake: FakeHost;
  beforeEach(() => (fake = new FakeHost(pfTree())));
  afterEach(() => fake.dispose());

  const apply = (...lines: string[]) => applyPlan(fake.shell, pf, [`pf ${pf}`, ...lines]);
  const outcomes = async (...lines: string[]) => (await apply(...lines)).map(({ outcome }) => outcome);

  it("writes what differs, and nothing the second time", async () => {
    const lines = [
      "pf-up",
      "num-vfs 3",
      "vf 1 mac 52:54:00:00:00:01",
      "vf 1 vlan 42 qos 3",
      "vf 1 spoofchk off",
      "vf 1 trust on",
      "vf 1 max-tx-rate 100",
    ];
    assert.deepEqual(await outcomes(...lines), ["same", ...lines.map(() => "done")]);
    fake.forget();
    assert.deepEqual(await outcomes(...lines), ["same", ...lines.map(() => "same")]);
    assert.deepEqual([...fake.writes, ...fake.commands], []);
  });

  it("sends one attribute a command", async () => {
    await apply("pf-up", "num-vfs 1", "vf 0 vlan 42 qos 0", "vf 0 trust on", "vf 0 max-tx-rate 100");
    assert.deepEqual(fake.commands, [
      "ip link set dev eno49 up",
      "ip link set dev eno49 vf 0 vlan 42 qos 0",
      "ip link set dev eno49 vf 0 trust on",
      "ip link set dev eno49 vf 0 max_tx_rate 100 min_tx_rate 0",
    ]);
  });

  it("stops at what everything else builds on, and goes on after an attribute", async () => {
    fake.put("fake/unsupported-trust", "");
    assert.deepEqual(await outcomes("num-vfs 8", "vf 0 vlan 1 qos 0"), ["same", "failed", "skipped"]);
    assert.deepEqual(await outcomes("num-vfs 1", "vf 0 trust on", "vf 0 vlan 1 qos 0"), [
      "same",
      "done",
      "unsupported",
      "done",
    ]);
  });

  it("tells the errno of a write", async () => {
    const results = await apply("num-vfs 8");
    assert.match(results[1]?.said ?? "", /Numerical result out of range/);
  });

  it("refuses by itself to destroy a VF that QEMU has open, unless the plan allows it", async () => {
    await apply("num-vfs 7");
    giveToVm(fake, "0000:01:11.2", 95, "web");
    const [, refused] = await apply("num-vfs 0");
    assert.equal(refused?.outcome, "refused");
    assert.match(refused?.said ?? "", /VF 5 \(0000:01:11\.2\) is held by qemu-system-x86 web \(process 4711\)/);
    assert.deepEqual(await outcomes("allow-disruption", "num-vfs 0"), ["same", "same", "done"]);
  });

  it("does not believe bnxt_en, which makes no VFs while the PF is down and says yes", async () => {
    fake.put(`${device}/driver`, "-> ../../drivers/bnxt_en");
    const [, result] = await apply("num-vfs 4");
    assert.deepEqual([result?.outcome, result?.said], ["failed", "the driver made 0 of 4 VFs"]);
  });

  it("takes a PF's lock, and says so when another has it", async () => {
    const lock = `${fake.root}/run/lock/pulumi-sriov-${pf}.lock`;
    await fake.shell.run(
      `mkdir -p ${fake.root}/run/lock; exec 9>${lock}; flock 9; (sleep 5) </dev/null >/dev/null 2>&1 & sleep 0`,
    );
    const [first, second] = await apply("num-vfs 4");
    assert.deepEqual([first?.outcome, second?.outcome], ["failed", "skipped"]);
    assert.match(first?.said ?? "", /another writer/);
  });

  it("answers for a line it does not know", async () => {
    assert.deepEqual(await outcomes("vf 0 colour red", "colour red"), ["same", "failed", "failed"]);
  });

  it("waits for a PF that is not there yet, with a bound", async () => {
    fake.remove(`${device}/net`);
    const [first] = await apply("pf-up");
    assert.match(first?.said ?? "", /no network interface of this PF/);
  });

  it("understands the older text of iproute2", async () => {
    await apply("num-vfs 1");
    fake.put(
      "bin/ip",
      '#!/bin/sh\necho "$*" >> $SRIOV_ROOT/fake/commands\necho "    vf 0 MAC 52:54:00:00:00:01, vlan 4, qos 2, tx rate 100 (Mbps), max_tx_rate 100Mbps, spoof checking on, link-state auto, trust off"\n',
    );
    const lines = [
      "vf 0 mac 52:54:00:00:00:01",
      "vf 0 vlan 4 qos 2",
      "vf 0 spoofchk on",
      "vf 0 trust off",
      "vf 0 max-tx-rate 100",
    ];
    assert.deepEqual(await outcomes(...lines), ["same", "same", "same", "same", "same", "same"]);
  });
});
