import assert from "node:assert/strict";
import fc from "fast-check";
import { isPciAddress, joinPciAddress, parsePciAddress, splitPciAddress } from "../../../provider/base/pci-address.js";

const parts = fc.record({
  pciDomain: fc.integer({ min: 0, max: 0xffffffff }),
  bus: fc.integer({ min: 0, max: 0xff }),
  slot: fc.integer({ min: 0, max: 0x1f }),
  function: fc.integer({ min: 0, max: 7 }),
});

describe("PCI addresses", () => {
  it("are the same after splitting and joining", () => {
    fc.assert(fc.property(parts, (value) => assert.deepEqual(splitPciAddress(joinPciAddress(value)), { ...value })));
  });

  it("have one spelling, whatever was given", () => {
    for (const text of ["0000:0A:1f.7", "0a:1F.7", "0000:0a:1f.7"]) assert.equal(parsePciAddress(text), "0000:0a:1f.7");
    assert.equal(parsePciAddress("10000:01:00.0"), "10000:01:00.0");
  });

  it("are refused with what was expected and what was got", () => {
    for (const text of ["", "eno49", "0000:01:20.0", "0000:01:00.8", "0000:1:00.0", "0000:01:00.0 ", "0000:01:00"]) {
      assert.equal(isPciAddress(text), false, text);
      assert.throws(() => parsePciAddress(text), { kind: "invalid-input", message: new RegExp(`got "${text}"$`) });
    }
  });
});
