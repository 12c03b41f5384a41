// Values as the dynamic provider protocol carries them.
import assert from "node:assert/strict";
import fc from "fast-check";
import { unknown } from "../../../provider/resources/lifecycle.js";
import {
  fromWire,
  lostProperty,
  nameProperty,
  providerProperty,
  stackProperty,
  toWire,
  unknownSentinel,
  withoutUnknowns,
} from "../../../sdk/nodejs/wire.js";

describe("the wire of the dynamic provider", () => {
  it("turns Pulumi's sentinel into an unknown value, at any depth", () => {
    const values = fromWire({ pf: unknownSentinel, vfs: [{ index: 0, vlan: unknownSentinel }] });
    assert.deepEqual(values, { pf: unknown, vfs: [{ index: 0, vlan: unknown }] });
  });

  it("keeps the protocol's own properties away from the resources", () => {
    const own = { [nameProperty]: "x", [stackProperty]: "p/s", [providerProperty]: "text" };
    assert.deepEqual(fromWire({ ...own, pf: "eno49" }), { pf: "eno49" });
  });

  it("takes what an update has lost for unknown, and gives nothing unknown back", () => {
    const values = fromWire({ [lostProperty]: ["pf"], name: "pool" });
    assert.deepEqual(values, { name: "pool", pf: unknown });
    assert.deepEqual(withoutUnknowns(toWire({ ...values, vfs: [unknown, { index: 0, pf: unknown }] })), {
      name: "pool",
      vfs: [{ index: 0 }],
    });
  });

  it("drops what is undefined, at any depth: Pulumi would lose the resource over it", () => {
    const wire = toWire({ a: undefined, b: [{ c: undefined, d: 1 }] });
    assert.deepEqual(wire, { b: [{ d: 1 }] });
    assert.equal("a" in wire, false);
  });

  it("brings any JSON back as it was", () => {
    const names = fc
      .string()
      .filter((name) => ![nameProperty, stackProperty, lostProperty, providerProperty, "__proto__"].includes(name));
    const values = fc.dictionary(
      names,
      fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as never),
    );
    fc.assert(fc.property(values, (value) => assert.deepEqual({ ...fromWire(toWire(value)) }, { ...value })));
  });
});
