// One connection per host and process, shared by everybody who asks. What the pool hands out lasts: a broken connection is
// made anew at the next use. Calls are never repeated: whoever was waiting when it broke is told so.
import type { Duplex } from "node:stream";
import type { CommandResult, Connection, RunOptions } from "./connection.js";

export interface PooledConnection extends Connection {
  /** False once it is closed or lost. */
  readonly isOpen: boolean;
}

export type Connect = () => Promise<PooledConnection>;

export class Pool {
  readonly #entries = new Map<string, Entry>();

  /** `key` says which host and how; the first caller's `connect` is used, concurrent ones share its attempt. */
  async connection(key: string, connect: Connect): Promise<Connection> {
    let entry = this.#entries.get(key);
    if (!entry) this.#entries.set(key, (entry = new Entry(connect)));
    try {
      await entry.current();
    } catch (error) {
      // The next attempt may come with other credentials.
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
    return entry;
  }

  /** Idempotent; the pool can be used again afterwards. */
  async closeAll(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map((entry) => entry.close()));
  }
}

class Entry implements Connection {
  readonly #connect: Connect;
  #attempt: Promise<PooledConnection> | undefined;
  #open: PooledConnection | undefined;
  #name = "host";
  #usesSudo = false;

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  get name(): string {
    return this.#name;
  }

  async run(command: string, options?: RunOptions): Promise<CommandResult> {
    return (await this.current()).run(command, options);
  }

  async openUnixSocket(path: string, options?: { explain?: boolean }): Promise<Duplex> {
    return (await this.current()).openUnixSocket(path, options);
  }

  async openCommand(command: string): Promise<Duplex> {
    return (await this.current()).openCommand(command);
  }

  /** Of the last connection that was made, and there is always one: `Pool` hands none out before. */
  get usesSudo(): boolean {
    return this.#usesSudo;
  }

  async close(): Promise<void> {
    // An attempt under way ends first: it would leave a connection that nobody knows.
    await this.#attempt?.catch(() => undefined);
    const open = this.#open;
    this.#open = undefined;
    await open?.close();
  }

  current(): Promise<PooledConnection> {
    if (this.#open?.isOpen) return Promise.resolve(this.#open);
    this.#attempt ??= this.#make();
    return this.#attempt;
  }

  async #make(): Promise<PooledConnection> {
    try {
      this.#open = await this.#connect();
      this.#name = this.#open.name;
      this.#usesSudo = this.#open.usesSudo;
      return this.#open;
    } finally {
      this.#attempt = undefined;
    }
  }
}
