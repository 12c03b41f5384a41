// The files of the boot: the applier and the unit are shared by all PFs of a host.
import assert from "node:assert/strict";
import { installBootPlan, removeBootPlan } from "../../../../provider/host/persistence/install.js";
import { paths, planOf } from "../../../../provider/host/persistence/paths.js";
import { FakeHost } from "../../../fakes/fake-host.js";

const pfs = ["0000:01:00.0", "0000:02:00.0", "0000:03:00.0", "0000:04:00.0"];
const at = (path: string) => path.slice(1);

describe("the files of the boot", () => {
  let host: FakeHost;
  beforeEach(() => (host = new FakeHost()));
  afterEach(() => host.dispose());

  it("can be installed for several PFs at the same time: mv: cannot stat apply-vf-plan.new", async () => {
    for (let round = 0; round < 5; round++) {
      await Promise.all(pfs.map((pf) => installBootPlan(host.shell, pf, [`pf ${pf}`])));
      for (const pf of pfs) assert.match(host.text(at(planOf(pf))) ?? "", new RegExp(`pf ${pf}`));
      await Promise.all(pfs.map((pf) => removeBootPlan(host.shell, pf)));
      for (const path of [paths.applier, paths.unit, ...pfs.map(planOf)]) assert.equal(host.text(at(path)), undefined);
    }
  });

  it("are kept for the other PFs when one goes", async () => {
    for (const pf of pfs) await installBootPlan(host.shell, pf, [`pf ${pf}`]);
    await removeBootPlan(host.shell, "0000:02:00.0");
    assert.equal(host.text(at(planOf("0000:02:00.0"))), undefined);
    for (const path of [paths.applier, paths.unit, planOf("0000:01:00.0")]) {
      assert.notEqual(host.text(at(path)), undefined);
    }
  });
});
