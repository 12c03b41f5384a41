import assert from "node:assert/strict";
import { leastTaken, parseCpuList } from "../../../lab/pinning.js";

describe("the CPU that an emulated host is kept on", () => {
  it("is the one with the fewest labs, and the first of these", () => {
    assert.equal(leastTaken([0, 1], []), 0);
    assert.equal(leastTaken([0, 1], [[0]]), 1);
    assert.equal(leastTaken([0, 1], [[0], [1], [0]]), 1);
    assert.equal(leastTaken([2, 5], [[0, 1, 2]]), 5);
  });

  it("is one that this process may use", () => {
    assert.equal(leastTaken([3], [[3], [3]]), 3);
  });

  it("is read from the kernel's list", () => {
    assert.deepEqual(parseCpuList("0-2,8"), [0, 1, 2, 8]);
    assert.deepEqual(parseCpuList("1"), [1]);
    assert.deepEqual(parseCpuList(""), []);
  });
});
