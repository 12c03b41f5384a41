// The reader of one PF: what its script prints, and what it runs on.
import assert from "node:assert/strict";
import { parsePfReading } from "../../../../provider/host/sysfs/pf.js";
import { SharedShell } from "../../../../provider/host/shared-shell.js";
import { readAllPfs, readPf } from "../../../../provider/host/sysfs/read-pf.js";
import { FakeHost, pfTree } from "../../../fakes/fake-host.js";

const device = "sys/bus/pci/devices/0000:01:00.0";

const printed = (vfs: number[], infos: number[]): string =>
  [
    "device\t0000:01:00.0\teno49\tigb\t7\t2\t-\t0x8086\t0x10c9",
    `ip\t0\t${JSON.stringify([{ ifname: "eno49", flags: [], vfinfo_list: infos.map((vf) => ({ vf })) }])}`,
    ...vfs.map((vf) => `vf\t${vf}\t0000:01:10.${vf * 2}\tigbvf\t9${vf}\t-\t-\t-\t-`),
    "end",
  ].join("\n");

describe("the reader of a PF", () => {
  let fake: FakeHost;
  beforeEach(() => (fake = new FakeHost(pfTree())));
  afterEach(() => fake.dispose());

  it("asks once, whatever there is to read", async () => {
    const reading = await readPf(fake.shell, "eno49");
    assert.equal(reading.found, "pf");
    assert.equal(fake.runs, 1);
  });

  it("takes a VF that the kernel left out for `read again`, not for gone", () => {
    assert.equal(parsePfReading(printed([0, 1], [0])).found, "short-vf-list");
    assert.equal(parsePfReading(printed([0], [0, 1])).found, "short-vf-list");
    assert.equal(parsePfReading(printed([0, 1], [0, 1])).found, "pf");
  });

  it("gives up on a list that stays short, and says what it saw", async () => {
    fake.put(`${device}/sriov_numvfs`, "2");
    await assert.rejects(() => readPf(fake.shell, "eno49"), {
      kind: "remote-failure",
      message: /sysfs shows 0 of 2 VFs, in 5 attempts/,
    });
  }).timeout(10_000);

  it("does not take an output that ends half-way for a PF", () => {
    assert.throws(() => parsePfReading(printed([0, 1], [0, 1]).replace("\nend", "")), { kind: "remote-failure" });
  });

  it("says why when ip fails", () => {
    const output = printed([0, 1], [0, 1]).replace(/ip\t0\t.*/, "ip\t127\tsh: ip: not found");
    assert.throws(() => parsePfReading(output), { kind: "remote-failure", message: /ip: not found/ });
  });

  it("names the QEMU guest that has a VF's VFIO group open, and no other process of it", async () => {
    await fake.shell.run(`printf 2 | tee $SRIOV_ROOT/${device}/sriov_numvfs`);
    fake.put("sys/bus/pci/devices/0000:01:10.2/driver", "-> ../../drivers/vfio-pci");
    fake.put("proc/77/comm", "qemu-system-x86");
    fake.put("proc/77/cmdline", "qemu\0-name\0guest=my vm,debug-threads=on\0");
    fake.put("proc/77/fd/9", "-> /dev/vfio/vfio");
    fake.put("proc/77/fd/10", "-> /dev/vfio/91");
    fake.put("proc/78/comm", "testpmd");
    fake.put("proc/78/cmdline", "testpmd\0");
    fake.put("proc/78/fd/3", "-> /dev/vfio/7");
    const reading = await readPf(fake.shell, "eno49");
    assert.ok(reading.found === "pf");
    assert.deepEqual(
      reading.pf.vfs.map((vf) => vf.vfioHolders),
      [[], [{ path: "/dev/vfio/91", pid: 77, guest: "my vm", process: "qemu-system-x86" }]],
    );
  });

  it("lists every SR-IOV PF of the host", async () => {
    for (const [path, text] of Object.entries(pfTree("0000:02:00.0", "eno50"))) fake.put(path, text);
    const { pfs } = await readPf(fake.shell, "nothing");
    assert.deepEqual(pfs, [
      { pciAddress: "0000:01:00.0", netdev: "eno49", totalVfs: 7 },
      { pciAddress: "0000:02:00.0", netdev: "eno50", totalVfs: 7 },
    ]);
  });

  it("reads all PFs at once as it reads each, in one round trip", async () => {
    for (const [path, text] of Object.entries(pfTree("0000:02:00.0", "eno50"))) fake.put(path, text);
    await fake.shell.run(`printf 2 | tee $SRIOV_ROOT/${device}/sriov_numvfs`);
    const one = await Promise.all(["eno49", "eno50"].map((pf) => readPf(fake.shell, pf)));
    fake.runs = 0;
    const all = await readAllPfs(fake.shell);
    assert.equal(fake.runs, 1);
    assert.deepEqual(all, one);
    assert.deepEqual(
      all.map(({ pf }) => [pf.netdev, pf.vfs.length]),
      [
        ["eno49", 2],
        ["eno50", 0],
      ],
    );
  });

  it("reads all PFs at once for several who look at one each, and tells each of them the same as alone", async () => {
    for (const [path, text] of Object.entries(pfTree("0000:02:00.0", "eno50"))) fake.put(path, text);
    await fake.shell.run(`printf 2 | tee $SRIOV_ROOT/${device}/sriov_numvfs`);
    const asked = ["eno50", "0000:01:00.0", "eno49"];
    const alone = await Promise.all(asked.map((pf) => readPf(fake.shell, pf, undefined, { withOthers: true })));
    const looking = new SharedShell(fake.shell).view(60_000);
    fake.runs = 0;
    for (const [i, pf] of asked.entries()) {
      assert.deepEqual(await readPf(looking, pf, undefined, { withOthers: true }), alone[i]);
    }
    assert.equal(fake.runs, 1);
    assert.deepEqual(await readPf(looking, "eno51"), await readPf(fake.shell, "eno51"));
    const selector = { mac: "52:54:00:00:49:00" };
    assert.deepEqual(await readPf(looking, selector), await readPf(fake.shell, selector));
  });

  it("reads a PF though another one cannot be read just now", async () => {
    const tree = pfTree("0000:02:00.0", "eno50");
    for (const [path, text] of Object.entries(tree)) fake.put(path, text);
    fake.put("sys/bus/pci/devices/0000:02:00.0/sriov_numvfs", "3");
    const looking = new SharedShell(fake.shell).view(60_000);
    assert.equal((await readPf(looking, "eno49")).found, "pf");
    await assert.rejects(readPf(looking, "eno50"), /sysfs shows 0 of 3 VFs/);
  });

  it("reads a host without any PF as that", async () => {
    fake.remove("sys/bus/pci/devices/0000:01:00.0");
    assert.deepEqual(await readAllPfs(fake.shell), []);
  });
});
