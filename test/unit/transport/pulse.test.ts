import assert from "node:assert/strict";
import { mock } from "node:test";
import { Pulse, Questions } from "../../../provider/transport/pulse.js";

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
    pulse.settle("root@kvm1");
    mock.timers.tick(60_000);
    assert.equal(await heard(), undefined);
  });

  it("counts anew for each host of a way", async () => {
    const pulse = new Pulse();
    const heard = listen(pulse, 3_000);
    pulse.await("root@bastion");
    mock.timers.tick(2_900);
    pulse.settle("root@bastion");
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

  it("counts from the first question, however often somebody is asked again", async () => {
    const pulse = new Pulse();
    const heard = listen(pulse, 3_000);
    pulse.await("root@kvm1");
    mock.timers.tick(2_000);
    pulse.await("root@kvm1");
    mock.timers.tick(1_000);
    assert.equal(await heard(), "root@kvm1");
  });

  it("waits longer for who may take longer, and names the first of several who is too late", async () => {
    const pulse = new Pulse();
    const heard = listen(pulse, 3_000);
    pulse.await("libvirt on kvm1", { atLeastMs: 10_000 });
    mock.timers.tick(9_999);
    pulse.await("root@kvm1");
    assert.equal(await heard(), undefined);
    mock.timers.tick(1);
    assert.equal(await heard(), "libvirt on kvm1");
  });

  it("keeps nobody waiting who has gone", async () => {
    const pulse = new Pulse();
    const abort = new AbortController();
    const waiting = pulse.silence(3_000, abort.signal);
    abort.abort(new Error("gone"));
    await assert.rejects(waiting, /gone/);
  });
});

describe("Questions", () => {
  const silence = (pulse: Pulse) => {
    let doing: string | undefined;
    void pulse.silence(3_000, new AbortController().signal).then((said) => (doing = said));
    return async () => {
      await new Promise(setImmediate);
      return doing;
    };
  };
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
  afterEach(() => mock.timers.reset());

  it("are silent when one is not answered and nothing is heard, though others were answered before", async () => {
    const questions = new Questions(new Pulse(), "Cannot reach root@kvm1");
    const heard = silence(questions.pulse);
    questions.asked();
    questions.asked();
    questions.answered();
    mock.timers.tick(10_000);
    assert.equal(await heard(), "Cannot reach root@kvm1");
  });

  it("are waited for anew with every sign of life", async () => {
    const questions = new Questions(new Pulse(), "Cannot reach root@kvm1");
    const heard = silence(questions.pulse);
    questions.asked();
    mock.timers.tick(9_999);
    questions.heard();
    mock.timers.tick(9_999);
    assert.equal(await heard(), undefined);
    mock.timers.tick(1);
    assert.equal(await heard(), "Cannot reach root@kvm1");
  });

  it("are never silent when none is open: a connection that nobody uses says nothing", async () => {
    const questions = new Questions(new Pulse(), "Cannot reach root@kvm1");
    const heard = silence(questions.pulse);
    questions.heard();
    questions.asked();
    questions.answered();
    questions.asked();
    questions.end();
    questions.answered();
    mock.timers.tick(60_000);
    assert.equal(await heard(), undefined);
  });
});
