// The files of the boot: the applier and the units are shared by all PFs of a host, a rule and a .link file are one PF's.
import assert from "node:assert/strict";
import { type BootFiles, installBoot, removeBoot } from "../../../../provider/host/persistence/install.js";
import { linkOf, paths, planOf, ruleOf, unitOf } from "../../../../provider/host/persistence/paths.js";
import { FakeHost, pfTree, udevTree } from "../../../fakes/fake-host.js";

const pf = "0000:01:00.0";
const pfs = [pf, "0000:02:00.0", "0000:03:00.0", "0000:04:00.0"];
const at = (path: string) => path.slice(1);
const all = ["systemd-unit", "udev", "systemd-link"] as const;
const plan = (address: string): BootFiles => ({ persistence: "systemd-unit", lines: [`pf ${address}`] });
const text = "# Written by pulumi-sriov\n[Match]\nPath=pci-0000:01:00.0\n";

describe("the files of the boot", () => {
  let host: FakeHost;
  beforeEach(() => (host = new FakeHost({ ...pfTree(), ...udevTree() })));
  afterEach(() => host.dispose());

  it("can be installed for several PFs at the same time: mv: cannot stat apply-vf-plan.new", async () => {
    for (let round = 0; round < 5; round++) {
      await Promise.all(pfs.map((one) => installBoot(host.shell, one, plan(one))));
      for (const one of pfs) assert.match(host.text(at(planOf(one))) ?? "", new RegExp(`pf ${one}`));
      await Promise.all(pfs.map((one) => removeBoot(host.shell, one, ["systemd-unit"])));
      for (const path of [paths.applier, paths.unit, paths.lateUnit, paths.ratesUnit, ...pfs.map(planOf)]) {
        assert.equal(host.text(at(path)), undefined);
      }
    }
  });

  it("are kept for the other PFs when one goes", async () => {
    for (const one of pfs) await installBoot(host.shell, one, plan(one));
    await removeBoot(host.shell, "0000:02:00.0", ["systemd-unit"]);
    assert.equal(host.text(at(planOf("0000:02:00.0"))), undefined);
    for (const path of [paths.applier, paths.unit, planOf(pf)]) assert.notEqual(host.text(at(path)), undefined);
  });

  for (const files of [plan(pf), { persistence: "udev", text }, { persistence: "systemd-link", text }] as BootFiles[]) {
    it(`are gone after ${files.persistence}, and what was there before is as it was`, async () => {
      const before = host.files(".").filter((file) => !file.startsWith("fake/"));
      await installBoot(host.shell, pf, files);
      assert.notDeepEqual(host.files("etc"), before);
      await removeBoot(host.shell, pf, [files.persistence]);
      await removeBoot(host.shell, pf, all);
      assert.deepEqual(
        host.files(".").filter((file) => !file.startsWith("fake/")),
        before,
      );
    });
  }

  it("tells udev to look again for the .link file that counts, after installing and after removing it", async () => {
    const counts = () => /ID_NET_LINK_FILE=(.*)/.exec(host.text("run/udev/data/n5") ?? "")?.[1];
    await installBoot(host.shell, pf, { persistence: "systemd-link", text });
    assert.equal(counts(), linkOf(pf));
    await removeBoot(host.shell, pf, ["systemd-link"]);
    assert.equal(counts(), "/etc/systemd/network/10-eno49.link");
  });

  const foreign: [BootFiles, string][] = [
    [plan(pf), paths.applier],
    [plan(pf), paths.unit],
    [plan(pf), paths.lateUnit],
    [plan(pf), paths.ratesUnit],
    [plan(pf), planOf(pf)],
    [{ persistence: "udev", text }, ruleOf(pf)],
    [{ persistence: "systemd-link", text }, linkOf(pf)],
  ];
  for (const [files, path] of foreign) {
    for (const [kind, theirs] of [
      ["file", "# mine\n"],
      ["link", "-> /dev/null"],
    ] as const) {
      it(`never replace a ${kind} of somebody else's at ${path}, nor remove it, nor write anything beside it`, async () => {
        host.put(at(path), theirs);
        const before = host.files("etc");
        await assert.rejects(() => installBoot(host.shell, pf, files), {
          message: new RegExp(`${path} was not written by pulumi-sriov, and is left as it is`),
        });
        assert.deepEqual(host.files("etc"), before);
        assert.deepEqual(await removeBoot(host.shell, pf, [files.persistence]), [path]);
        assert.deepEqual(host.files("etc"), before);
      });
    }
  }

  it("end a mask and a failure when the unit is installed anew, and leave neither behind", async () => {
    const mask = `etc/systemd/system/${unitOf(pf)}`;
    for (const act of [() => installBoot(host.shell, pf, plan(pf)), () => removeBoot(host.shell, pf, all)]) {
      await installBoot(host.shell, pf, plan(pf));
      host.put(mask, "-> /dev/null");
      host.put(`fake/failed/${unitOf(pf)}`, "");
      await act();
      assert.deepEqual(
        host.files("etc").filter((file) => file === mask),
        [],
      );
      assert.deepEqual(host.files("fake/failed"), []);
    }
  });
});
