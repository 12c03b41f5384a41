// The sessions of this process, one for each libvirt of each host, and who is waited for how long. The engine checks one resource
// after the other, so what a check waits for is waited for by all hosts; its other calls run side by side.
import { SriovError, isOutOfReach } from "../base/errors.js";
import type { Log } from "../base/log.js";
import { parseLibvirtUri } from "../libvirt/uri.js";
import { Pool } from "../transport/pool.js";
import { Pulse } from "../transport/pulse.js";
import { type HostInputs, hostKey } from "./host-inputs.js";
import { type OwnedSession, openSession } from "./session.js";

/** `until-silent`: for somebody who does not wait if the host shows no sign of life, so that it had not its whole time yet. */
export type Patience = "until-silent" | "full";

export type Asking = {
  log: Log;
  patience: Patience;
  /** How old the news that a host does not answer may be. */
  maxAgeMs: number;
};

/** Enough for a first packet that is lost, which is sent again after 1 s, and for a second one, after 3 s in all. */
const patienceMs = 3_300;
/** Once a host has been silent there may be more of them, a rack without power; still enough for one lost packet. */
const nextPatienceMs = 1_500;
/**
 * For so many times as long as it took a failure is remembered. What the engine runs side by side comes in waves, and a silent
 * host must not hold up each of them; one that refuses costs nothing, and is asked again.
 */
const remembered = 15;

type Attempt = { opening: Promise<OwnedSession>; patience: Patience };
type Failure = Attempt & { at: number; tookMs: number };

export class Sessions {
  readonly #pool = new Pool();
  readonly #attempts = new Map<string, Attempt>();
  readonly #failures = new Map<string, Failure>();
  /** By host, as the pool's connections are. */
  readonly #pulses = new Map<string, Pulse>();
  #isOneSilent = false;

  async connect(host: HostInputs, asking: Asking): Promise<OwnedSession> {
    const attempt = this.#attempt(host, asking);
    if (asking.patience === "until-silent" || attempt.patience === "full") return attempt.opening;
    // It was begun for a check, some time ago: a host that comes up has the whole of its time when it is for us.
    return attempt.opening.catch((error: unknown) => {
      if (!isOutOfReach(error)) throw error;
      return this.#attempt(host, asking).opening;
    });
  }

  /** Idempotent. A later `connect` makes new ones. */
  async closeAll(): Promise<void> {
    const attempts = [...this.#attempts.values()];
    this.#attempts.clear();
    this.#failures.clear();
    this.#isOneSilent = false;
    await Promise.allSettled(attempts.map(async ({ opening }) => (await opening).close()));
    await this.#pool.closeAll();
  }

  /**
   * What `work` answers, or `unreachable` as soon as the host, or its libvirt, has shown no sign of life for too long. The work
   * goes on; nobody hears of its end.
   */
  async whileAlive<T>(host: HostInputs, work: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    const forMs = this.#isOneSilent ? nextPatienceMs : patienceMs;
    const silence = this.#pulse(host)
      .silence(forMs, over.signal)
      .then((doing) => {
        this.#isOneSilent = true;
        // The same text each time, so that it is shown once.
        throw new SriovError("unreachable", `${doing}: no sign of life yet`, {
          remedy: "The attempt goes on, and what is read or written there waits for its end.",
        });
      });
    const working = work();
    try {
      return await Promise.race([working, silence]);
    } finally {
      working.catch(() => undefined);
      silence.catch(() => undefined);
      over.abort();
    }
  }

  #attempt(host: HostInputs, { log, patience, maxAgeMs }: Asking): Attempt {
    const key = sessionKey(host);
    const known = this.#attempts.get(key);
    if (known) return known;
    const failure = this.#failures.get(key);
    if (failure && isGoodFor(failure, patience, maxAgeMs)) return failure;
    const start = Date.now();
    const opening = openSession(host, this.#pool, { log, pulse: this.#pulse(host) });
    const attempt = { opening, patience };
    this.#attempts.set(key, attempt);
    opening.catch((error: unknown) => {
      if (this.#attempts.get(key) === attempt) this.#attempts.delete(key);
      const at = Date.now();
      if (isOutOfReach(error)) this.#failures.set(key, { ...attempt, at, tookMs: at - start });
      else this.#failures.delete(key);
    });
    return attempt;
  }

  #pulse(host: HostInputs): Pulse {
    const key = hostKey(host);
    const pulse = this.#pulses.get(key) ?? new Pulse();
    this.#pulses.set(key, pulse);
    return pulse;
  }
}

function isGoodFor({ at, tookMs, patience: had }: Failure, patience: Patience, maxAgeMs: number): boolean {
  // Nobody has waited for what was begun for a check: who may wait tries it.
  if (had === "until-silent" && patience === "full") return false;
  return Date.now() - at < Math.max(maxAgeMs, remembered * tookMs);
}

/** One host may have two libvirts; they share the connection, not the session. */
function sessionKey(host: HostInputs): string {
  const { localUri, parameters } = parseLibvirtUri(host.uri);
  return [hostKey(host), localUri, parameters["socket"] ?? "", parameters["mode"] ?? ""].join(" ");
}
