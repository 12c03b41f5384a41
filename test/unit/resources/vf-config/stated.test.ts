// A boot plan, read back as what the program said.
import assert from "node:assert/strict";
import { linkFile } from "../../../../provider/host/persistence/link-file.js";
import { udevRule } from "../../../../provider/host/persistence/udev-rule.js";
import { type VfAttribute, vfAttributes } from "../../../../provider/resources/vf-config/model.js";
import { bootLines, wantedBy } from "../../../../provider/resources/vf-config/plan.js";
import { statedBy, statedInPlan } from "../../../../provider/resources/vf-config/stated.js";

const pf = { pciAddress: "0000:01:00.0", netdev: "eno49" } as Parameters<typeof bootLines>[1];
const samples: { [attribute in VfAttribute]: unknown } = {
  mac: "52:54:00:00:00:02",
  vlan: 42,
  qos: 3,
  spoofchk: false,
  trust: true,
  vlanProto: "802.1ad",
  linkState: "disable",
  maxTxRate: 200,
  minTxRate: 100,
  queryRss: true,
};

describe("a boot plan", () => {
  it("is understood line by line, whatever attribute it sets", () => {
    for (const attribute of vfAttributes) {
      const vlan = attribute === "qos" || attribute === "vlanProto" ? { vlan: 7 } : {};
      const stated = {
        numVfs: 3,
        pfUp: true,
        vfs: [{ index: 2, ...vlan, [attribute]: samples[attribute] }],
        externallyManaged: false,
        persistence: "systemd-unit" as const,
      };
      assert.deepEqual(statedInPlan(bootLines(wantedBy(stated), pf, new Map())), stated, attribute);
    }
  });

  it("is understood line by line, whatever it sets of the PF", () => {
    const stated = {
      numVfs: 7,
      pfUp: true,
      mtu: 9000,
      driversAutoprobe: false,
      eswitchMode: "switchdev" as const,
      vfs: [],
      externallyManaged: false,
      persistence: "systemd-unit" as const,
    };
    assert.deepEqual(statedInPlan(bootLines(wantedBy(stated), pf, new Map())), stated);
  });

  it("of VFs that something else makes says so, and a number only where somebody said one", () => {
    const vfs = [{ index: 2, trust: true }];
    const stated = { pfUp: true, vfs, externallyManaged: true, persistence: "systemd-unit" as const };
    assert.deepEqual(statedInPlan(bootLines(wantedBy(stated), pf, new Map())), stated);
    const counted = { ...stated, numVfs: 7 };
    assert.deepEqual(statedInPlan(bootLines(wantedBy(counted), pf, new Map())), counted);
  });

  it("without a number and without pf-up leaves both alone", () => {
    assert.deepEqual(statedInPlan(["pf 0000:01:00.0"]), {
      pfUp: false,
      vfs: [],
      externallyManaged: false,
      persistence: "systemd-unit",
    });
  });
});

describe("a PF whose VFs come back by a rule or a .link file", () => {
  const address = "0000:01:00.0";
  const base = { path: "/etc/systemd/network/10-eno49.link", text: "[Link]\nName=eno49\nMTUBytes=1500\n" };
  const stated = (persistence: object) =>
    statedBy({ pf: { numVfs: 3, vfs: [] }, holders: [], persistence: { isEnabled: false, ...persistence } } as never);

  it("is taken over with all that the rule says", () => {
    for (const wants of [{ numVfs: 3, driversAutoprobe: false, mtu: 9000, pfUp: true }, { pfUp: false }]) {
      assert.deepEqual(stated({ rule: udevRule(address, wants) }), {
        ...wants,
        vfs: [],
        externallyManaged: false,
        persistence: "udev",
      });
    }
  });

  it("is taken over with all that the .link file says, and without what that repeats", () => {
    const { maxTxRate: _max, minTxRate: _min, ...attributes } = samples;
    const vfs = [
      { index: 0, linkState: "enable" },
      { index: 2, ...attributes },
    ];
    for (const wants of [
      { numVfs: 3, mtu: 9000, vfs },
      { numVfs: 1, vfs: [] },
    ]) {
      const link = linkFile(address, "pci-0000:01:00.0", base, wants as never);
      assert.deepEqual(stated({ link, baseLink: base }), {
        ...wants,
        pfUp: false,
        externallyManaged: false,
        persistence: "systemd-link",
      });
    }
  });
});
