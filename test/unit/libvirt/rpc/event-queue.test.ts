import assert from "node:assert/strict";
import { deadlineIn } from "../../../../provider/base/deadline.js";
import { EventQueue } from "../../../../provider/libvirt/rpc/event-queue.js";

const soon = () => deadlineIn(1_000);

describe("an event queue", () => {
  it("gives events in order, to those who wait first", async () => {
    const queue = new EventQueue<number>();
    const [first, second] = [queue.next(soon(), "wait"), queue.next(soon(), "wait")];
    for (const event of [1, 2, 3]) queue.push(event);
    assert.deepEqual(await Promise.all([first, second, queue.next(soon(), "wait")]), [1, 2, 3]);
  });

  it("gives no event to a waiter that has given up", async () => {
    const queue = new EventQueue<number>();
    await assert.rejects(queue.next(deadlineIn(1), "cannot wait"), { kind: "timeout", message: /^cannot wait: / });
    queue.push(1);
    assert.equal(await queue.next(soon(), "wait"), 1);
  });

  it("holds as many events as come while nobody asks", async () => {
    const queue = new EventQueue<number>();
    for (let event = 0; event < 10_000; event += 1) queue.push(event);
    for (let event = 0; event < 10_000; event += 1) assert.equal(await queue.next(soon(), "wait"), event);
  });

  it("fails those who wait and those who come, after the events that were there", async () => {
    const queue = new EventQueue<number>();
    const waiting = assert.rejects(queue.next(soon(), "wait"), /first/);
    queue.fail(new Error("first"));
    queue.fail(new Error("second"));
    queue.push(1);
    await waiting;
    await assert.rejects(queue.next(soon(), "wait"), /first/);
  });
});
