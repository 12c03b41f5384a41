// What every lifecycle call gets. Connections and the program's declarations are shared by the whole process.
import { deadlineIn, within } from "../base/deadline.js";
import type { Log } from "../base/log.js";
import type { HostInputs } from "./host-inputs.js";
import type { Context } from "./lifecycle.js";
import { Program } from "./program.js";
import { type Patience, Sessions } from "./sessions.js";

export type ContextOptions = {
  log: Log;
  signal: AbortSignal;
  timeoutMs: number;
  /** How old an answer of the host may be. Default 0: for calls that write. `readAgeMs` for those that only look. */
  maxAgeMs?: number;
};

/**
 * Long enough for all resources of a host to look at the same things once, also where the engine checks those of a thousand other
 * hosts in between; a process is there for one command only. What this process writes drops what it could have changed.
 */
export const readAgeMs = 60_000;

const sessions = new Sessions();
const program = new Program();

export function createContext({ log, signal, timeoutMs, maxAgeMs = 0 }: ContextOptions): Context {
  const deadline = deadlineIn(timeoutMs);
  const connect = async (host: HostInputs, patience: Patience) => {
    signal.throwIfAborted();
    const connecting = sessions.connect(host, { log, patience, maxAgeMs });
    return (await within(deadline, `cannot connect to ${host.uri}`, connecting)).view(maxAgeMs);
  };
  return {
    connect: (host) => connect(host, "full"),
    whileAlive: (host, work) => sessions.whileAlive(host, async () => work(await connect(host, "until-silent"))),
    program,
    log,
    signal,
    deadline,
  };
}

/** Idempotent. Ends all connections of this process; a later `connect` makes new ones. */
export const closeEverything = (): Promise<void> => sessions.closeAll();
