import assert from "node:assert/strict";
import { keptMegabytes } from "../../kept.js";
import { Pieces } from "../../../provider/base/pieces.js";

describe("Pieces", () => {
  it("are one text again, whatever their sizes", () => {
    for (const sizes of [[0], [1, 2, 3], [70_000, 1, 70_000], [40_000, 40_000, 1], Array<number>(3_000).fill(61)]) {
      const pieces = new Pieces();
      const all = sizes.map((size, i) => Buffer.alloc(size, i % 256));
      for (const piece of all) pieces.push(piece);
      const whole = Buffer.concat(all);
      assert.equal(pieces.size, whole.length);
      assert.ok(pieces.joined().equals(whole));
      assert.ok(pieces.joined().equals(whole));
      pieces.replace(whole.subarray(0, 1));
      assert.equal(pieces.joined().length, Math.min(1, whole.length));
    }
  });

  it("of one byte each take little memory: three million objects would be hundreds of MiB", () => {
    const before = keptMegabytes();
    const pieces = new Pieces();
    // Each is a view of something larger, as what comes from a socket is.
    for (let i = 0; i < 3_000_000; i += 1) pieces.push(Buffer.from("x"));
    const kept = keptMegabytes() - before;
    assert.ok(kept < 150, `${kept} MiB`);
    assert.equal(pieces.joined().length, 3_000_000);
  });
});
