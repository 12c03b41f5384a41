// One SSH connection: commands on exec channels, unix sockets on direct-streamlocal channels, all over one TCP connection.
import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { Semaphore } from "async-mutex";
import type { Client, ClientChannel } from "ssh2";
import { SriovError } from "../base/errors.js";
import { asAnyShell } from "../base/quote.js";
import { type Running, defaultTimeoutMs, follow, shorten } from "./command.js";
import type { CommandResult, RunOptions } from "./connection.js";
import type { PooledConnection } from "./pool.js";
import type { Questions } from "./pulse.js";
import { needsSudo } from "./become.js";
import { streamOf } from "./command-stream.js";
import { openFailure, reasonOf, socketError } from "./ssh-channel-errors.js";

/** sshd's MaxSessions is 10 unless it says otherwise. Unix sockets do not count. */
const maxCommands = 8;

const mark = "PULUMI_SRIOV_COMMAND";

type WhenOpen = (error: Error | undefined, channel: ClientChannel) => void;

export type OpenSsh = {
  client: Client;
  stream: Duplex;
  /** For messages: `root@kvm1`. */
  name: string;
  /** Channels that the host has not opened yet. */
  questions: Questions;
};

export class SshConnection implements PooledConnection {
  readonly name: string;
  readonly #client: Client;
  readonly #stream: Duplex;
  readonly #questions: Questions;
  readonly #turns = new Semaphore(maxCommands);
  /** Commands that run or are about to. */
  #active = 0;
  /** Aborted with the error that everything pending rejects with. */
  readonly #lost = new AbortController();
  readonly #closed: Promise<void>;
  #usesSudo = false;

  /** `client` is ready, and nobody else listens to it; `stream` is what it speaks over. */
  constructor({ client, stream, name, questions }: OpenSsh) {
    this.#client = client;
    this.#stream = stream;
    this.#questions = questions;
    this.name = name;
    client.on("error", (error) => this.#lose(`the connection is lost: ${error.message}`, error));
    this.#closed = new Promise((resolve) => {
      client.once("close", () => {
        this.#lose("the connection is lost: the host closed it");
        resolve();
      });
    });
  }

  get isOpen(): boolean {
    return !this.#lost.signal.aborted;
  }

  get usesSudo(): boolean {
    return this.#usesSudo;
  }

  /** From now on every command runs as root. Rejects with `permission-denied` when sudo asks for a password. */
  async becomeRoot(): Promise<void> {
    this.#usesSudo = await needsSudo(this, `${mark}=${randomUUID()}`);
  }

  async run(command: string, options: RunOptions = {}): Promise<CommandResult> {
    const signal = this.#untilLostOr(options.signal);
    const { timeoutMs = defaultTimeoutMs } = options;
    const running = await this.#startCommand(command, signal, timeoutMs);
    return follow(this.name, command, { ...options, signal }, running);
  }

  async openUnixSocket(path: string, { explain = true }: { explain?: boolean } = {}): Promise<Duplex> {
    const forward = () =>
      this.#open(this.#lost.signal, (done) => this.#client.openssh_forwardOutStreamLocal(path, done), asIs);
    try {
      return await forward();
    } catch (error) {
      this.#lost.signal.throwIfAborted();
      if (!explain && reasonOf(error) === openFailure.connectFailed) {
        const message = `Cannot connect to ${path} on ${this.name}: ${(error as Error).message}`;
        throw new SriovError("remote-failure", message, { cause: error });
      }
      const explained = await socketError(this, path, error as Error);
      // "connect failed", and it listens: forwarding is forbidden, or a daemon that was restarted is back by now.
      if (explained.kind !== "unsupported" || reasonOf(error) !== openFailure.connectFailed) throw explained;
      return await forward().catch(() => {
        this.#lost.signal.throwIfAborted();
        throw explained;
      });
    }
  }

  async openCommand(command: string): Promise<Duplex> {
    return streamOf(this.name, command, await this.#startCommand(command, this.#lost.signal, defaultTimeoutMs));
  }

  /** A TCP stream from the host to another one, for ProxyJump. */
  async openTcp(hostName: string, port: number, signal?: AbortSignal): Promise<Duplex> {
    const ended = this.#untilLostOr(signal);
    try {
      return await this.#open(ended, (done) => this.#client.forwardOut("127.0.0.1", 0, hostName, port, done), asIs);
    } catch (cause) {
      ended.throwIfAborted();
      const message = `Cannot reach ${hostName}:${port} through ${this.name}: ${(cause as Error).message}`;
      throw new SriovError("unreachable", message, { cause });
    }
  }

  async close(): Promise<void> {
    this.#lose("it was closed");
    this.#client.end();
    // Not ssh2's own destroy(): after end() it does nothing, and a host that hangs never says goodbye.
    const timer = setTimeout(() => this.#stream.destroy(), 2_000);
    await this.#closed;
    clearTimeout(timer);
  }

  #untilLostOr(signal: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any([this.#lost.signal, ...(signal ? [signal] : [])]);
  }

  async #startCommand(command: string, signal: AbortSignal, timeoutMs: number): Promise<Running> {
    const id = randomUUID();
    let wasTooLate = false;
    for (;;) {
      const release = await this.#turn(command, signal, timeoutMs);
      const others = this.#active;
      this.#active += 1;
      try {
        const line = asAnyShell(command, { mark: `${mark}=${id}`, sudo: this.#usesSudo });
        const start = (done: WhenOpen) => this.#client.exec(line, done);
        return await this.#open(signal, start, (channel) => {
          channel.once("close", () => {
            this.#active -= 1;
            release();
          });
          return this.#follow(channel, id);
        });
      } catch (error) {
        this.#active -= 1;
        // A host with a smaller MaxSessions. The command has not begun: it waits for a turn among those that there are, and
        // this one is never given back.
        const isFull = reasonOf(error) === openFailure.connectFailed;
        if (isFull && this.#active > 0) continue;
        release();
        signal.throwIfAborted();
        // The others ended between its refusal and the news of it: there is room now, or never.
        if (isFull && others > 0 && !wasTooLate) {
          wasTooLate = true;
          continue;
        }
        throw this.#refusedCommand(command, error);
      }
    }
  }

  /** Bounded, because a command that hangs in the kernel keeps its turn whatever we tell it. */
  async #turn(command: string, signal: AbortSignal, timeoutMs: number): Promise<() => void> {
    signal.throwIfAborted();
    const turn = this.#turns.acquire();
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    const never = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", onAbort, { once: true });
      const message = `Cannot start \`${shorten(command)}\` on ${this.name}: ${this.#active} other commands did not end within ${timeoutMs / 1000} s`;
      timer = setTimeout(() => reject(new SriovError("timeout", message)), timeoutMs);
    });
    try {
      const [, release] = await Promise.race([turn, never]);
      return release;
    } catch (error) {
      void turn.then(([, release]) => release());
      throw error;
    } finally {
      clearTimeout(timer);
      if (onAbort) signal.removeEventListener("abort", onAbort);
    }
  }

  #follow(channel: ClientChannel, id: string): Running {
    let exit: Awaited<Running["ended"]> | undefined;
    channel.once("exit", (code: number | null, signal?: string) => {
      exit = { exitCode: code ?? undefined, signal: code === null ? signal : undefined };
    });
    const ended = new Promise<Awaited<Running["ended"]>>((resolve, reject) => {
      const settle = () =>
        exit
          ? resolve(exit)
          : reject(new SriovError("remote-failure", `A command on ${this.name} ended without an exit code`));
      // Standard error may be read later than standard output.
      channel.once("close", () => (channel.stderr.readableEnded ? settle() : channel.stderr.once("end", settle)));
    });
    ended.catch(() => undefined);
    const stop = () => {
      if (!this.isOpen) return;
      this.#kill(id);
      channel.close();
    };
    return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, stop };
  }

  /**
   * By its mark in the environment, with a command of its own that takes no turn: for root, sshd passes no signals on
   * ("session signalling requires privilege separation"), and ssh2 sends none once standard input is closed.
   */
  #kill(id: string): void {
    const found = `$(grep -ls ${mark}=${id} /proc/[0-9]*/environ)`;
    const line = `for f in ${found}; do p=\${f#/proc/}; kill -TERM "\${p%/environ}"; done 2>/dev/null`;
    const killed = this.#open(
      this.#lost.signal,
      (done) => this.#client.exec(asAnyShell(line, { sudo: this.#usesSudo }), done),
      letGo,
    );
    // The host is gone, or has no room for it: the caller is told of the timeout in any case.
    killed.catch(() => undefined);
  }

  #refusedCommand(command: string, cause: unknown): SriovError {
    const message = `Cannot start \`${shorten(command)}\` on ${this.name}: ${(cause as Error).message}`;
    return new SriovError("remote-failure", message, {
      cause,
      remedy: "The host's sshd has to allow commands: look at MaxSessions, ForceCommand and the key's options.",
    });
  }

  /**
   * Rejects when aborted; a channel that comes after that is closed again. `take` is called before anything else of the host's
   * is looked at: the end of a quick command comes in the same packet as its beginning.
   */
  #open<T>(signal: AbortSignal, start: (done: WhenOpen) => void, take: (channel: ClientChannel) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const onAbort = () => {
        this.#questions.answered();
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      // However long a command takes, its channel is opened at once.
      this.#questions.asked();
      try {
        start((error, channel) => {
          if (!signal.aborted) this.#questions.answered();
          signal.removeEventListener("abort", onAbort);
          if (error) return reject(error);
          if (!signal.aborted) return resolve(take(channel));
          letGo(channel);
          return channel.close();
        });
      } catch (error) {
        // ssh2 throws where its socket is gone, and only later says so to those who listen.
        this.#lose("the connection is lost", error);
      }
    });
  }

  #lose(why: string, cause?: unknown): void {
    if (!this.isOpen) return;
    this.#questions.end();
    const more = cause === undefined ? {} : { cause };
    this.#lost.abort(new SriovError("unreachable", `Cannot reach ${this.name}: ${why}`, more));
  }
}

const asIs = (channel: ClientChannel): Duplex => channel;

/** What nobody reads has to be thrown away, or the channel never ends. */
function letGo(channel: ClientChannel): void {
  channel.resume();
  channel.stderr.resume();
  channel.end();
}
