import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Codec,
  bool,
  decode,
  double,
  encode,
  hyper,
  int,
  list,
  nothing,
  optional,
  string,
  struct,
  uhyper,
  uint,
  union,
  uuid,
} from "../../../../provider/libvirt/rpc/xdr.js";
import { bytesOf, wire } from "./naive-writer.js";

const text = string(4_194_304);
const poolUuid = "c7a5fdbd-edaf-9455-926a-d65c16db1809";

describe("XDR", () => {
  const examples: [string, Codec<never> | Codec<unknown>, unknown, string][] = [
    ["an int", int, -1, "ffffffff"],
    ["an unsigned int", uint, 0x20008086, "20008086"],
    ["a bool", bool, true, "00000001"],
    ["a hyper", hyper, -2n, "ffffffff fffffffe"],
    ["an unsigned hyper", uhyper, 9_000_000n, "00000000 00895440"],
    ["a double", double, 1.5, "3ff80000 00000000"],
    ["a string with padding", text, "pool1", "00000005 706f6f6c 31000000"],
    ["a string that needs no padding", text, "pool", "00000004 706f6f6c"],
    ["an empty string", text, "", "00000000"],
    ["a string of more bytes than characters", text, "é", "00000002 c3a90000"],
    ["a UUID, without a length", uuid, poolUuid, "c7a5fdbd edaf9455 926ad65c 16db1809"],
    ["an absent optional", optional(text), undefined, "00000000"],
    ["a present optional, as 00 00 00 01", optional(text), "a", "00000001 00000001 61000000"],
    ["a list", list(int, 20), [0, 2], "00000002 00000000 00000002"],
    ["a union", union({ 1: int, 7: text }), { type: 7, value: "a" }, "00000007 00000001 61000000"],
    ["nothing", nothing, undefined, ""],
    [
      "a network",
      struct({ name: text, uuid }),
      { name: "pool", uuid: poolUuid },
      "00000004 706f6f6c c7a5fdbd edaf9455 926ad65c 16db1809",
    ],
  ];
  for (const [name, codec, value, hex] of examples) {
    it(`writes and reads ${name}`, () => {
      const bytes = bytesOf(hex);
      assert.deepEqual(encode(codec as Codec<unknown>, value), bytes);
      assert.deepEqual(decode(codec as Codec<unknown>, bytes), value);
    });
  }

  it("reads as true what other clients send for true", () => {
    assert.equal(decode(bool, bytesOf("01000000")), true);
  });

  it("reads back what it writes, and writes what a naive writer writes", () => {
    const port = struct({
      network: struct({ name: text, uuid }),
      note: optional(text),
      count: uhyper,
      flags: list(uint, 50),
    });
    const arbitrary = fc.record(
      {
        network: fc.record({ name: fc.string({ unit: "binary" }), uuid: fc.uuid() }, { noNullPrototype: true }),
        note: fc.option(fc.string(), { nil: undefined }),
        count: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        flags: fc.array(fc.nat(), { maxLength: 50 }),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(arbitrary, (value) => {
        const naive = wire().network(value.network);
        if (value.note === undefined) naive.u32(0);
        else naive.u32(1).text(value.note);
        naive.u64(value.count).u32(value.flags.length);
        for (const flag of value.flags) naive.u32(flag);
        const bytes = encode(port, value);
        assert.deepEqual(bytes, naive.buffer());
        assert.deepEqual(decode(port, bytes), value);
      }),
    );
  });

  it("refuses every length that is cut short", () => {
    const codec = struct({ name: text, uuid, id: optional(int) });
    const bytes = encode(codec, { name: "web", uuid: poolUuid, id: 7 });
    for (let end = 0; end < bytes.length; end += 1) {
      assert.throws(() => decode(codec, bytes.subarray(0, end)), { kind: "remote-failure" }, `cut at ${end}`);
    }
  });

  it("refuses bytes that are left over", () => {
    assert.throws(() => decode(int, bytesOf("00000001 00000002")), {
      kind: "remote-failure",
      message: /4 bytes left over/,
    });
  });

  it("refuses a count over the limit before it makes room for it", () => {
    assert.throws(() => decode(list(int, 20), bytesOf("ffffffff")), { kind: "remote-failure", message: /at most 20/ });
    assert.throws(() => decode(string(4), bytesOf("00000005 6161616161000000")), { kind: "remote-failure" });
    assert.throws(() => encode(string(4), "aaaaa"), { kind: "invalid-input" });
    assert.throws(() => encode(list(int, 1), [1, 2]), { kind: "invalid-input" });
  });

  it("refuses an arm that a union does not have", () => {
    assert.throws(() => decode(union({ 1: int }), bytesOf("00000009 00000000")), { message: /no arm 9/ });
  });

  it("refuses text that is no UUID", () => {
    assert.throws(() => encode(uuid, "pool"), { kind: "invalid-input", message: 'expected a UUID, got "pool"' });
  });
});
