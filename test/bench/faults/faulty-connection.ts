// The way to a host, with one fault in it: a Connection as any other to whoever uses it.
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandError, SriovError } from "../../../provider/base/errors.js";
import type { CommandResult, Connection, RunOptions } from "../../../provider/transport/connection.js";
import { type Fault, type Place, type Plan, garble, lateMs } from "./fault.js";
import { faultyStream } from "./faulty-stream.js";

const lost = () => new SriovError("unreachable", "Cannot reach root@kvm1: the connection is lost");

export class FaultyConnection implements Connection {
  readonly name = "root@kvm1";
  readonly usesSudo = false;
  /** How many there were of each. */
  readonly counts: Record<Place, number> = { exec: 0, rpc: 0, open: 0 };
  /** Whether the fault has come. */
  hasFailed = false;
  /** Commands that were left running on the host. */
  readonly left: Promise<unknown>[] = [];
  readonly #inner: Connection;
  readonly #plan: Plan | undefined;
  /** Of the connection as it is now: what is made anew is a new one. */
  #loss = new AbortController();
  readonly #streams = new Set<() => void>();

  constructor(inner: Connection, plan?: Plan) {
    this.#inner = inner;
    this.#plan = plan;
  }

  async run(command: string, options?: RunOptions): Promise<CommandResult> {
    const fault = this.#next("exec");
    if (fault === "lost before") throw this.#lose();
    const running = this.#inner.run(command, options);
    switch (fault) {
      case undefined:
        return await this.#unlessLost(running);
      case "lost during":
        this.left.push(running);
        throw this.#lose();
      case "late": {
        const result = await running;
        await sleep(lateMs);
        return result;
      }
      case "too late":
        this.left.push(running);
        await sleep(1);
        throw new CommandError(
          `Stopped \`${command.slice(0, 40)}\` on ${this.name}: it did not end within 60 s`,
          { command, stdout: "", stderr: "" },
          "timeout",
        );
      case "broken off":
        await running;
        throw new SriovError("remote-failure", `A command on ${this.name} ended without an exit code`);
      case "truncated": {
        const result = await running;
        return { ...result, stdout: result.stdout.slice(0, Math.floor(result.stdout.length / 2)) };
      }
      case "garbled": {
        const result = await running;
        return { ...result, stdout: garble(Buffer.from(result.stdout)).toString() };
      }
      case "lost after":
      case "oversized":
        await running;
        throw this.#lose();
    }
  }

  async openUnixSocket(path: string, options?: Parameters<Connection["openUnixSocket"]>[1]): Promise<Duplex> {
    if (this.#next("open") !== undefined) throw this.#lose();
    const inner = await this.#inner.openUnixSocket(path, options);
    const { stream, break: breakIt } = faultyStream(inner, {
      onCall: () => this.#next("rpc"),
      lose: () => void this.#lose(),
    });
    this.#streams.add(breakIt);
    stream.once("close", () => this.#streams.delete(breakIt));
    return stream;
  }

  openCommand(): Promise<Duplex> {
    return Promise.reject(new SriovError("unsupported", "this way opens no commands"));
  }

  async close(): Promise<void> {
    this.#lose();
    await Promise.allSettled(this.left);
  }

  #next(place: Place): Fault | undefined {
    this.counts[place] += 1;
    const plan = this.#plan;
    if (plan?.place !== place || plan.at !== this.counts[place]) return undefined;
    this.hasFailed = true;
    return plan.fault;
  }

  /** Everything that goes over it is lost with it. */
  #lose(): SriovError {
    const loss = this.#loss;
    this.#loss = new AbortController();
    loss.abort();
    for (const breakIt of [...this.#streams]) breakIt();
    return lost();
  }

  #unlessLost<T>(running: Promise<T>): Promise<T> {
    const { signal } = this.#loss;
    return new Promise((resolve, reject) => {
      const onLoss = () => {
        this.left.push(running);
        reject(lost());
      };
      signal.addEventListener("abort", onLoss, { once: true });
      running.then(resolve, reject).finally(() => signal.removeEventListener("abort", onLoss));
    });
  }
}
