import assert from "node:assert/strict";
import { deadlineIn, earlier, remainingMs, within } from "../../../provider/base/deadline.js";

describe("deadlines", () => {
  it("never have less than nothing left", () => {
    assert.equal(remainingMs(deadlineIn(-1000)), 0);
    assert.ok(remainingMs(deadlineIn(60_000)) > 59_000);
  });

  it("know the earlier of two", () => {
    const [soon, late] = [deadlineIn(10), deadlineIn(1000)];
    assert.equal(earlier(soon, late), soon);
    assert.equal(earlier(late, soon), soon);
  });

  it("answer what is done in time, and pass its error on", async () => {
    assert.equal(await within(deadlineIn(1000), "count", Promise.resolve(7)), 7);
    await assert.rejects(within(deadlineIn(1000), "count", Promise.reject(new Error("no"))), /^Error: no$/);
  });

  it("reject with what was waited for when time is up", async () => {
    const never = new Promise(() => undefined);
    await assert.rejects(within(deadlineIn(20), "wait for eno49", never), {
      kind: "timeout",
      message: /^wait for eno49: /,
    });
  });
});
