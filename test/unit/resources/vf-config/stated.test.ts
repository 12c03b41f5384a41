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
  maxTxRate: 200,
};

describe("a boot plan", () => {
  it("is understood line by line, whatever attribute it sets", () => {
    for (const attribute of vfAttributes) {
      const vlan = attribute === "qos" ? { vlan: 7 } : {};
      const stated = {
        numVfs: 3,
        pfUp: true,
        vfs: [{ index: 2, ...vlan, [attribute]: samples[attribute] }],
        persistence: "systemd-unit" as const,
      };
      assert.deepEqual(statedInPlan(bootLines(wantedBy(stated), pf)), stated, attribute);
    }
  });

  it("without a number and without pf-up leaves both alone", () => {
    assert.deepEqual(statedInPlan(["pf 0000:01:00.0"]), { pfUp: false, vfs: [], persistence: "systemd-unit" });
  });
});
