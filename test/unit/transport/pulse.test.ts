import assert from "node:assert/strict";
import { mock } from "node:test";
import { Pulse } from "../../../provider/transport/pulse.js";

describe("Pulse", () => {
  const aborts: AbortController[] = [];
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
  afterEach(() => {
    for (const abort of aborts.splice(0)) abort.abort();
    mock.timers.reset();
  });

  /** What it has come to by now: a name, or nothing. */
  function listen(pulse: Pulse, forMs: number): () => Promise<string | undefined> {
    const abort = new AbortController();
    aborts.push(abort);
    let who: string | undefined;
    pulse.silence(forMs, abort.signal).then(
      (name) => (who = name),
      () => undefined,
    );
    return async () => {
      await new Promise(setImmediate);
      return who;
    };
  }

  it("names who has said nothing, counted from when it was spoken to", async () => {
    const pulse = new Pulse();
    pulse.await("root@kvm1");
    mock.timers.tick(2_000);
    const heard = listen(pulse, 3_000);
    mock.timers.tick(999);
    assert.equal(await heard(), undefined);
    mock.timers.tick(1);
    assert.equal(await heard(), "root@kvm1");
  });

  it("has no silence where nobody is awaited: a login may take any time", async () => {
    const pulse = new Pulse();
    pulse.await("root@kvm1");
    const heard = listen(pulse, 3_000);
    pulse.settle();
    mock.timers.tick(60_000);
    assert.equal(await heard(), undefined);
  });

  it("counts anew for each host of a way", async () => {
    const pulse = new Pulse();
    const heard = listen(pulse, 3_000);
    pulse.await("root@bastion");
    mock.timers.tick(2_900);
    pulse.settle();
    pulse.await("root@kvm1");
    mock.timers.tick(2_900);
    assert.equal(await heard(), undefined);
    mock.timers.tick(100);
    assert.equal(await heard(), "root@kvm1");
  });

  it("says it at once to who comes later", async () => {
    const pulse = new Pulse();
    pulse.await("root@kvm1");
    mock.timers.tick(3_000);
    const heard = listen(pulse, 3_000);
    mock.timers.tick(0);
    assert.equal(await heard(), "root@kvm1");
  });

  it("keeps nobody waiting who has gone", async () => {
    const pulse = new Pulse();
    const abort = new AbortController();
    const waiting = pulse.silence(3_000, abort.signal);
    abort.abort(new Error("gone"));
    await assert.rejects(waiting, /gone/);
  });
});
