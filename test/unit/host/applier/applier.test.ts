// The applier by itself: what its lines do and answer.
import assert from "node:assert/strict";
import { kindOf } from "../../../../provider/base/errors.js";
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

  it("waits until udev has named the PF: the MTU is 1500 after it was set, and another PF's was", async () => {
    fake.put("run/udev/control", "");
    fake.put("run/udev/data/n5", "E:ID_PROCESSING=1");
    const [first] = await apply("mtu 1400");
    assert.match(first?.said ?? "", /no network interface of this PF/);
    assert.deepEqual(fake.commands, []);
    fake.put("run/udev/data/n5", "I:4711\nE:ID_PATH=pci-0000:01:00.0");
    assert.deepEqual(await outcomes("mtu 1400"), ["same", "done"]);
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

  it("sets all there is of a VF, and nothing the second time", async () => {
    const lines = [
      "mtu 9000",
      "drivers-autoprobe off",
      "pf-up",
      "num-vfs 2",
      "vf 0 vlan 42 qos 3 proto 802.1ad",
      "vf 0 link-state enable",
      "vf 0 query-rss on",
      "vf 0 max-tx-rate 500",
      "vf 0 min-tx-rate 100",
    ];
    assert.deepEqual(await outcomes(...lines), ["same", ...lines.map(() => "done")]);
    assert.deepEqual(fake.commands.slice(-3), [
      "ip link set dev eno49 vf 0 query_rss on",
      "ip link set dev eno49 vf 0 max_tx_rate 500 min_tx_rate 0",
      "ip link set dev eno49 vf 0 max_tx_rate 500 min_tx_rate 100",
    ]);
    fake.forget();
    assert.deepEqual(await outcomes(...lines), ["same", ...lines.map(() => "same")]);
    assert.deepEqual([...fake.writes, ...fake.commands], []);
  });

  it("asks a busy driver again, and gives up with its answer when it stays busy", async () => {
    await apply("num-vfs 1");
    fake.put("fake/busy-trust", "1\n2");
    assert.deepEqual(await outcomes("vf 0 trust on"), ["same", "done"]);
    fake.put("fake/busy-trust", "1\n2\n3\n4\n5\n6\n7\n8\n9");
    const [, result] = await apply("vf 0 trust off");
    assert.equal(result?.outcome, "failed");
    assert.match(result?.said ?? "", /temporarily unavailable/);
  });

  it("asks a driver that refuses once, and never again", async () => {
    fake.put("fake/unsupported-trust", "");
    await apply("num-vfs 1", "vf 0 trust on");
    assert.equal(fake.commands.filter((command) => command.includes("trust")).length, 1);
  });

  it("says which VFs are still held when a write does not end", async () => {
    await apply("num-vfs 7");
    giveToVm(fake, "0000:01:11.2", 95, "web");
    fake.put("fake/hang", "");
    const [, , stuck] = await apply("allow-disruption", "num-vfs 0");
    assert.equal(stuck?.outcome, "timeout");
    assert.match(stuck?.said ?? "", /no end after \d+ s.*VF 5 \(0000:01:11\.2\) is held by qemu-system-x86 web/);
  }).timeout(30_000);

  it("sets spoofchk off again after the PF came up: igb turns it on in hardware and still says off", async () => {
    await apply("num-vfs 1", "vf 0 spoofchk off");
    fake.forget();
    await apply("mtu 9000", "vf 0 spoofchk off");
    assert.deepEqual(fake.commands, ["ip link set dev eno49 mtu 9000", "ip link set dev eno49 vf 0 spoofchk off"]);
  });

  it("reports an MTU that the driver refuses, and goes on", async () => {
    assert.deepEqual(await outcomes("mtu 9999", "num-vfs 1"), ["same", "failed", "done"]);
  });

  it("waits for VFs that something else makes, with a bound, and never makes them", async () => {
    assert.deepEqual(await outcomes("wait-vfs 2"), ["same", "failed"]);
    assert.deepEqual(fake.writes, []);
    await apply("num-vfs 2");
    assert.deepEqual(await outcomes("wait-vfs 2"), ["same", "same"]);
  });

  describe("changes the eswitch mode", () => {
    const withDriver = async (driver: string) => {
      fake.put(`${device}/driver`, `-> ../../drivers/${driver}`);
      fake.put(`fake/eswitch-${pf}`, "legacy");
      await apply("pf-up", "num-vfs 2");
      fake.forget();
    };

    it("of bnxt_en once: the mode that it has is Invalid argument there", async () => {
      await withDriver("bnxt_en");
      assert.deepEqual(await outcomes("eswitch-mode switchdev", "eswitch-mode switchdev"), ["same", "done", "same"]);
    });

    it("of mlx5 with the VFs unbound meanwhile, and binds them again, also without autoprobe", async () => {
      await withDriver("mlx5_core");
      assert.deepEqual(await outcomes("eswitch-mode switchdev"), ["same", "failed"]);
      fake.put(`${device}/sriov_drivers_autoprobe`, "0");
      assert.deepEqual(await outcomes("eswitch-mode switchdev unbind"), ["same", "done"]);
      assert.equal(fake.text(`fake/eswitch-${pf}`), "switchdev");
      for (const vf of ["0000:01:10.0", "0000:01:10.2"]) {
        assert.equal(await fake.shell.readLink(`sys/bus/pci/devices/${vf}/driver`), "../../drivers/igbvf");
        assert.equal(fake.text(`sys/bus/pci/devices/${vf}/driver_override`), "");
      }
    });

    it("of mlx5 not while QEMU has a VF open", async () => {
      await withDriver("mlx5_core");
      giveToVm(fake, "0000:01:10.2", 91, "web");
      const [, refused] = await apply("eswitch-mode switchdev unbind");
      assert.equal(refused?.outcome, "refused");
      assert.match(refused?.said ?? "", /VF 1 .* is held by qemu-system-x86 web/);
    });

    it("and says unsupported, and stops, where the driver does not take it", async () => {
      await withDriver("ice");
      assert.deepEqual(await outcomes("eswitch-mode switchdev", "num-vfs 0"), ["same", "unsupported", "skipped"]);
    });
  });

  it("understands a PF whose representors have its device too: switchdev mode", async () => {
    fake.put(`${device}/net/a-representor/phys_port_name`, "pf0vf0");
    fake.put(`${device}/net/eno49/phys_port_name`, "p0");
    await apply("pf-up");
    assert.deepEqual(fake.commands, ["ip link set dev eno49 up"]);
  });

  it("whose answer is garbled on its way is no bug of ours, but an error that says what came", async () => {
    const garbled = {
      ...fake.shell,
      run: async (...args: Parameters<typeof fake.shell.run>) => {
        const ran = await fake.shell.run(...args);
        return { ...ran, stdout: ran.stdout.replace(/^same/, "sa4?S") };
      },
    };
    await assert.rejects(applyPlan(garbled, pf, [`pf ${pf}`]), (error: Error) => {
      assert.equal(kindOf(error), "remote-failure");
      assert.match(error.message, /sa4\?S/);
      return true;
    });
  });
});
