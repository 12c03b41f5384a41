// The connection of a client that outlives its stream: made anew when it is gone. A call that only asks is asked again; one that
// changes something is not, because nobody knows whether it was done.
import { setTimeout as sleep } from "node:timers/promises";
import { SriovError, kindOf } from "../base/errors.js";
import { LibvirtError, virErr } from "./errors.js";
import type { RpcConnection } from "./rpc/connection.js";
import { type Args, type ProcedureName, type Ret, isReadOnly } from "./rpc/procedures.js";

export type LinkOptions = {
  /** Pauses before each new attempt. A daemon that systemd restarts is back within a second, or several under load. */
  pausesMs?: readonly number[];
};

/** A host that is gone altogether takes its time for each attempt. */
const longestMs = 20_000;
const usualPausesMs = [0, 200, 500, 1_000, 2_000, 4_000];

export class Link {
  readonly #name: string;
  readonly #open: () => Promise<RpcConnection>;
  readonly #pausesMs: readonly number[];
  #current: Promise<RpcConnection> | undefined;
  readonly #closing = new AbortController();

  /** `first` is open; `open` makes the next one, and rejects with `unreachable` while there is nobody to connect to. */
  constructor(
    name: string,
    first: RpcConnection,
    open: () => Promise<RpcConnection>,
    { pausesMs = usualPausesMs }: LinkOptions = {},
  ) {
    this.#name = name;
    this.#current = Promise.resolve(first);
    this.#open = open;
    this.#pausesMs = pausesMs;
  }

  async call<N extends ProcedureName>(name: N, args: Args<N>, doing: string): Promise<Ret<N>> {
    for (let lost = 0; ; lost += 1) {
      const rpc = await this.connection(doing);
      try {
        return await rpc.call(name, args, doing);
      } catch (error) {
        const isBehind = isBehindBroken(error);
        // Made anew by the next call, whichever that is.
        if (isBehind) await rpc.close();
        const pause = lost < (isBehind ? mostBehind : this.#pausesMs.length) ? this.#pausesMs[lost] : undefined;
        if (rpc.isOpen || !isReadOnly(name) || this.#isClosed || pause === undefined) throw error;
        if (isBehind) await sleep(pause, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  /** The open connection, made now if there is none. */
  async connection(doing: string): Promise<RpcConnection> {
    const current = await this.#current;
    if (current?.isOpen) return current;
    if (this.#isClosed) throw this.#closedError(doing);
    // Whoever comes first makes it for all.
    this.#renewing ??= this.#renew(doing).finally(() => (this.#renewing = undefined));
    return await this.#renewing;
  }
  #renewing: Promise<RpcConnection> | undefined;

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    const current = await (this.#renewing ?? this.#current)?.catch(() => undefined);
    await current?.close();
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #renew(doing: string): Promise<RpcConnection> {
    let last: unknown;
    const until = Date.now() + longestMs;
    for (const pause of this.#pausesMs) {
      await sleep(pause, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      if (this.#isClosed) throw this.#closedError(doing);
      try {
        const rpc = await this.#open();
        this.#current = Promise.resolve(rpc);
        return rpc;
      } catch (error) {
        if (kindOf(error) !== "unreachable" && !isBehindBroken(error)) throw error;
        last = error;
        if (Date.now() > until) break;
      }
    }
    throw last;
  }

  #closedError(doing: string): SriovError {
    return new SriovError("unreachable", `cannot ${doing} on ${this.#name}: the connection to libvirt was closed`);
  }
}

const rpcDomain = 7; // VIR_FROM_RPC

/**
 * What a daemon says of the daemon behind it: "client socket is closed", with every call until it is connected to anew, or
 * "Failed to connect socket to ...virtnetworkd-sock".
 */
const isBehindBroken = (error: unknown): boolean =>
  error instanceof LibvirtError &&
  error.remote.errorDomain === rpcDomain &&
  (error.remote.code === virErr.internal || error.remote.code === virErr.system);

/** It may not be installed at all: less than two seconds. */
const mostBehind = 4;
