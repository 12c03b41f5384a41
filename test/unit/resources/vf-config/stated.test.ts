// A boot plan, read back as what the program said.
import assert from "node:assert/strict";
import { type VfAttribute, vfAttributes } from "../../../../provider/resources/vf-config/model.js";
import { bootLines, wantedBy } from "../../../../provider/resources/vf-config/plan.js";
import { statedInPlan } from "../../../../provider/resources/vf-config/stated.js";

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
