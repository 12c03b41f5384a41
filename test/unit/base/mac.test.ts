import assert from "node:assert/strict";
import fc from "fast-check";
import { macFromSeed, parseMac, whyNotUnicastMac } from "../../../provider/base/mac.js";

describe("MAC addresses", () => {
  it("have one spelling, whatever was given", () => {
    for (const text of ["52:54:00:AB:cd:EF", "52-54-00-ab-cd-ef"]) assert.equal(parseMac(text), "52:54:00:ab:cd:ef");
  });

  it("are refused when they are multicast, which a VF cannot have", () => {
    for (const text of ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01"]) {
      assert.match(whyNotUnicastMac(text) ?? "", /unicast/);
      assert.throws(() => parseMac(text), { kind: "invalid-input" });
    }
  });

  it("are refused when they are none", () => {
    for (const text of ["", "52:54:00:12:34", "52:54:00:12:34:5g", "525400123456", "52:54-00:12:34:56"]) {
      assert.throws(() => parseMac(text), { kind: "invalid-input", message: new RegExp(`got "${text}"$`) });
    }
  });

  it("of a seed are unicast, in QEMU's range, and always the same", () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const mac = macFromSeed(seed);
        assert.equal(parseMac(mac), mac);
        assert.match(mac, /^52:54:00:/);
        assert.equal(macFromSeed(seed), mac);
      }),
    );
    assert.equal(macFromSeed("kvm1/web/net0"), macFromSeed("kvm1/web/net0"));
    assert.notEqual(macFromSeed("kvm1/web/net0"), macFromSeed("kvm1/web/net1"));
  });
});
