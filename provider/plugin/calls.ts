// The calls that are under way, and their end before their time: by Ctrl-C or by `customTimeouts`. A call is told, and has a
// moment to come to a safe point, where what it did is an answer that the engine keeps; then it is answered for.
import { SriovError } from "../base/errors.js";

/** The engine kills a plugin five seconds after a Ctrl-C. */
const graceMs = 3_000;
/** As in the dynamic adapter; a resource's `customTimeouts` say otherwise. */
export const defaultTimeoutMs = 10 * 60_000;

type Call = { abort(why: SriovError): void; settled: Promise<unknown> };

export class Calls {
  readonly #running = new Set<Call>();

  /** `timeoutMs` is when the call is told; it may be answered up to the grace later. */
  async run<T>(work: (signal: AbortSignal) => Promise<T>, timeoutMs: number = defaultTimeoutMs): Promise<T> {
    const controller = new AbortController();
    const timers: NodeJS.Timeout[] = [];
    let abandon: (why: SriovError) => void = () => {};
    const abandoned = new Promise<never>((_, reject) => (abandon = reject));
    const abort = (why: SriovError) => {
      if (controller.signal.aborted) return;
      controller.abort(why);
      timers.push(setTimeout(() => abandon(why), graceMs));
    };
    const doing = work(controller.signal);
    const call: Call = { abort, settled: doing.catch(() => undefined) };
    this.#running.add(call);
    timers.push(setTimeout(() => abort(late(timeoutMs)), timeoutMs));
    try {
      return await Promise.race([doing, abandoned]);
    } finally {
      this.#running.delete(call);
      timers.forEach(clearTimeout);
    }
  }

  /** Idempotent. Later calls are not concerned: an attached plugin serves more than one run. */
  async cancel(): Promise<void> {
    const running = [...this.#running];
    for (const call of running) call.abort(interrupted());
    if (running.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise((resolve) => (timer = setTimeout(resolve, graceMs)));
    await Promise.race([Promise.all(running.map(({ settled }) => settled)), grace]);
    clearTimeout(timer);
  }
}

const goesOn = "Run `pulumi up` again: it goes on from what the host shows.";

const interrupted = () =>
  new SriovError("interrupted", "Interrupted: what was under way on the host may be half done", { remedy: goesOn });

const late = (timeoutMs: number) =>
  new SriovError("timeout", `Not done within ${timeoutMs / 1000} s: what was under way on the host may be half done`, {
    remedy: `${goesOn} The time is the resource's customTimeouts, or ${defaultTimeoutMs / 60_000} minutes.`,
  });
