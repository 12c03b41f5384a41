import assert from "node:assert/strict";
import { kindOf } from "../../../../provider/base/errors.js";
import { parseVfLists, readVfLists } from "../../../../provider/host/sysfs/vf-lists.js";
import { readAllPfs } from "../../../../provider/host/sysfs/read-pf.js";
import { FakeHost, pfTree } from "../../../fakes/fake-host.js";

const pf = "sys/bus/pci/devices/0000:01:00.0";

describe("the lists of VFs", () => {
  let fake: FakeHost;
  beforeEach(() => (fake = new FakeHost(pfTree())));
  afterEach(() => fake.dispose());

  it("are empty for a PF without VFs, and there is none for what is no PF's netdev", async () => {
    const lists = await readVfLists(fake.shell);
    assert.deepEqual(lists.get("eno49"), { netdev: "eno49", isUp: false, numVfs: 0, vfs: [] });
    assert.equal(lists.get("lo"), undefined);
  });

  it("are what reading the whole PF says, in the order of their indexes", async () => {
    const made = await fake.shell.run(`tee "$SRIOV_ROOT/${pf}/sriov_numvfs"`, { input: "7" });
    assert.equal(made.exitCode, 0, made.stderr);
    const lists = await readVfLists(fake.shell);
    const whole = (await readAllPfs(fake.shell)).find((one) => one.pf.netdev === "eno49");
    assert.equal(lists.get("eno49")?.numVfs, 7);
    assert.deepEqual(
      lists.get("eno49")?.vfs.map(({ index, pciAddress, netdev }) => [index, pciAddress, netdev]),
      whole?.pf.vfs.map(({ index, pciAddress, netdev }) => [index, pciAddress, netdev]),
    );
  });

  it("say whether the PF is up", async () => {
    fake.put(`${pf}/net/eno49/flags`, "0x1003");
    assert.equal((await readVfLists(fake.shell)).get("eno49")?.isUp, true);
  });

  it("have VF 10 behind VF 9", () => {
    const output = `pf\t4\nnetdev\teno1\t0x1002\n${[0, 1, 10, 9].map((i) => `vf\t${i}\t0000:01:1${i % 8}.0\t-\n`).join("")}end\n`;
    assert.deepEqual(
      parseVfLists(output)
        ?.get("eno1")
        ?.vfs.map(({ index }) => index),
      [0, 1, 9, 10],
    );
  });

  it("are no answer when some of it is missing or is not what the script prints", async () => {
    const whole = "pf\t2\nnetdev\teno1\t0x1003\nvf\t0\t0000:01:10.0\teno1v0\nvf\t1\t0000:01:10.2\t-\nend\n";
    assert.equal(parseVfLists(whole)?.get("eno1")?.vfs.length, 2);
    for (let length = 0; length < whole.length; length += 1)
      assert.equal(parseVfLists(whole.slice(0, length)), undefined, whole.slice(0, length));
    for (const wrong of [
      "vf\t0\t0000:01:10.0\t-\n",
      "pf\nvf\tx\t0000:01:10.0\t-\n",
      "pf\nnetdev\ta b\n",
      "pf\nnoise\n",
    ])
      assert.equal(parseVfLists(`${wrong}end\n`), undefined, wrong);
    const shell = { ...fake.shell, run: async () => ({ ...(await fake.shell.run("true")), stdout: "pf\t0\n" }) };
    await assert.rejects(readVfLists(shell), (error) => kindOf(error) === "remote-failure");
  });
});
