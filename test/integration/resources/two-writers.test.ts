// Two runs of the provider that set up one PF of one host at the same time, with the real scripts, sh and flock.
import assert from "node:assert/strict";
import { Process } from "../../bench/faults/process.js";
import { noVms, wayTo } from "../../bench/faults/host-scenes.js";
import { FakeHost, pfTree } from "../../fakes/fake-host.js";

const numVfs = "sys/bus/pci/devices/0000:01:00.0/sriov_numvfs";
const four = { pf: "eno49", numVfs: 4, vfs: [{ index: 3, vlan: 44 }] };
const seven = { pf: "eno49", numVfs: 7, vfs: [{ index: 3, vlan: 77 }] };

describe("two runs that set up one PF at the same time", function () {
  this.timeout(60_000);
  let fake: FakeHost;
  beforeEach(() => {
    fake = new FakeHost(pfTree());
    fake.put("bin/modprobe", "#!/bin/sh\nexit 0\n");
    fake.environment["SRIOV_LOCK_WAIT"] = "30";
  });
  afterEach(() => fake.dispose());

  const start = () => new Process(wayTo(fake, noVms));
  const both = async (...programs: (typeof four)[]) => {
    await fake.shell.run('chmod +x "$SRIOV_ROOT/bin/modprobe"');
    const processes = programs.map(() => start());
    const results = await Promise.all(processes.map((process, i) => process.up("VfConfig", programs[i]!, undefined)));
    await Promise.all(processes.map((process) => process.close()));
    return results;
  };
  /** What was written to the PF's number of VFs, in turn. */
  const numbers = () => fake.writes.filter((write) => write.includes(numVfs)).map((write) => /\S+/.exec(write)?.[0]);

  it("make the VFs once when they want the same", async () => {
    const results = await both(four, four);
    assert.deepEqual(
      results.map(({ said }) => said),
      [undefined, undefined],
    );
    assert.equal(fake.text(numVfs), "4");
    assert.deepEqual(numbers(), ["4"]);
  });

  it("leave what one of them wants, whole, and the other one's next look tells that it is not what it made", async () => {
    const results = await both(four, seven);
    const has = fake.text(numVfs);
    assert.match(has ?? "", /^[47]$/);
    const [winner, loser] = has === "4" ? [0, 1] : [1, 0];
    assert.equal(results[winner]?.said, undefined);
    const looks = start();
    const seen = await Promise.all(
      results.map(async ({ stored }) => (stored ? looks.refresh("VfConfig", stored) : { here: false as const })),
    );
    await looks.close();
    const now = seen[winner];
    assert.ok(now?.here);
    assert.deepEqual(
      now.state,
      results[winner]?.stored?.state,
      "of the one that came last, everything is as it was told",
    );
    // The other one was told so, or sees it: nobody believes in VFs that are not there.
    const other = seen[loser];
    const sees = other?.here === true && other.state["numVfs"] === Number(has);
    assert.ok(results[loser]?.said !== undefined || sees, JSON.stringify(other));
  });
});
