// What every lifecycle call gets. Connections and the program's declarations are shared by the whole process.
import { deadlineIn, within } from "../base/deadline.js";
import { kindOf } from "../base/errors.js";
import type { Log } from "../base/log.js";
import { parseLibvirtUri } from "../libvirt/uri.js";
import { Pool } from "../transport/pool.js";
import { type HostInputs, hostKey } from "./host-inputs.js";
import type { Context } from "./lifecycle.js";
import { Program } from "./program.js";
import { type OwnedSession, openSession } from "./session.js";

export type ContextOptions = {
  log: Log;
  signal: AbortSignal;
  timeoutMs: number;
  /** How old an answer of the host may be. Default 0: for calls that write. `readAgeMs` for those that only look. */
  maxAgeMs?: number;
};

/** Long enough for all resources of a host to look at the same things once, short enough that people do not notice. */
export const readAgeMs = 10_000;

const pool = new Pool();
const program = new Program();
const sessions = new Map<string, Promise<OwnedSession>>();
/** Who did not answer, and when: the engine checks one resource after the other, and each would wait for the same host. */
const silent = new Map<string, { opening: Promise<OwnedSession>; at: number }>();

export function createContext({ log, signal, timeoutMs, maxAgeMs = 0 }: ContextOptions): Context {
  const deadline = deadlineIn(timeoutMs);
  return {
    connect: async (host) => {
      signal.throwIfAborted();
      const session = await within(deadline, `cannot connect to ${host.uri}`, sharedSession(host, log, maxAgeMs));
      return session.view(maxAgeMs);
    },
    program,
    log,
    signal,
    deadline,
  };
}

/** Idempotent. Ends all connections of this process; a later `connect` makes new ones. */
export async function closeEverything(): Promise<void> {
  const open = [...sessions.values()];
  sessions.clear();
  silent.clear();
  await Promise.allSettled(open.map(async (session) => (await session).close()));
  await pool.closeAll();
}

function sharedSession(host: HostInputs, log: Log, maxAgeMs: number): Promise<OwnedSession> {
  const { localUri, parameters } = parseLibvirtUri(host.uri);
  // One host may have two libvirts; they share the connection, not the session.
  const key = [hostKey(host), localUri, parameters["socket"] ?? "", parameters["mode"] ?? ""].join(" ");
  const known = sessions.get(key);
  if (known) return known;
  const failed = silent.get(key);
  if (failed && Date.now() - failed.at < maxAgeMs) return failed.opening;
  const opening = openSession(host, pool, { log });
  sessions.set(key, opening);
  opening.catch((error: unknown) => {
    if (sessions.get(key) === opening) sessions.delete(key);
    const isSilent = kindOf(error) === "unreachable" || kindOf(error) === "timeout";
    if (isSilent) silent.set(key, { opening, at: Date.now() });
    else silent.delete(key);
  });
  return opening;
}
