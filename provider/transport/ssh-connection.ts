// One SSH connection: commands on exec channels, unix sockets on direct-streamlocal channels, all over one TCP connection.
import type { Duplex } from "node:stream";
import { Semaphore } from "async-mutex";
import type { Client, ClientChannel } from "ssh2";
import { SriovError } from "../base/errors.js";
import { asAnyShell, quote } from "../base/quote.js";
import { type Running, follow, shorten } from "./command.js";
import type { CommandResult, RunOptions } from "./connection.js";
import { goneExitCode, goneFunction } from "./gone.js";
import type { PooledConnection } from "./pool.js";

/** sshd's MaxSessions is 10 unless it says otherwise. Unix sockets do not count. */
const maxCommands = 8;

/** RFC 4254, 5.1 */
const openFailure = { administrativelyProhibited: 1, connectFailed: 2, unknownChannelType: 3 };

type WhenOpen = (error: Error | undefined, channel: ClientChannel) => void;

export class SshConnection implements PooledConnection {
  readonly name: string;
  readonly #client: Client;
  readonly #turns = new Semaphore(maxCommands);
  #running = 0;
  /** Aborted with the error that everything pending rejects with. */
  readonly #lost = new AbortController();
  readonly #closed: Promise<void>;

  /** `client` is ready, and nobody else listens to it. */
  constructor(client: Client, name: string) {
    this.#client = client;
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

  async run(command: string, options: RunOptions = {}): Promise<CommandResult> {
    const signal = AbortSignal.any([this.#lost.signal, ...(options.signal ? [options.signal] : [])]);
    const channel = await this.#startCommand(command, signal);
    return follow(this.name, command, { ...options, signal }, this.#follow(channel));
  }

  async openUnixSocket(path: string): Promise<Duplex> {
    try {
      return await open(this.#lost.signal, (done) => this.#client.openssh_forwardOutStreamLocal(path, done));
    } catch (error) {
      this.#lost.signal.throwIfAborted();
      throw await this.#socketError(path, error);
    }
  }

  /** A TCP stream from the host to another one, for ProxyJump. */
  async openTcp(hostName: string, port: number): Promise<Duplex> {
    try {
      return await open(this.#lost.signal, (done) => this.#client.forwardOut("127.0.0.1", 0, hostName, port, done));
    } catch (cause) {
      this.#lost.signal.throwIfAborted();
      const message = `Cannot reach ${hostName}:${port} through ${this.name}: ${(cause as Error).message}`;
      throw new SriovError("unreachable", message, { cause });
    }
  }

  async close(): Promise<void> {
    this.#lose("it was closed");
    this.#client.end();
    const timer = setTimeout(() => this.#client.destroy(), 2_000);
    await this.#closed;
    clearTimeout(timer);
  }

  async #startCommand(command: string, signal: AbortSignal): Promise<ClientChannel> {
    for (;;) {
      const release = await this.#turn(signal);
      try {
        const channel = await open(signal, (done) => this.#client.exec(asAnyShell(command), done));
        this.#running += 1;
        channel.once("close", () => {
          this.#running -= 1;
          release();
        });
        return channel;
      } catch (error) {
        // A host with a smaller MaxSessions. The command has not begun: it waits for a turn among those that there are, and
        // this one is never given back.
        if (reasonOf(error) === openFailure.connectFailed && this.#running > 0) continue;
        release();
        signal.throwIfAborted();
        throw this.#refusedCommand(command, error);
      }
    }
  }

  async #turn(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const turn = this.#turns.acquire();
    let onAbort: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      const [, release] = await Promise.race([turn, aborted]);
      return release;
    } catch (error) {
      void turn.then(([, release]) => release());
      throw error;
    } finally {
      if (onAbort) signal.removeEventListener("abort", onAbort);
    }
  }

  #follow(channel: ClientChannel): Running {
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
      sendSignal(this.#client, channel, "TERM");
      channel.close();
    };
    return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, stop };
  }

  #refusedCommand(command: string, cause: unknown): SriovError {
    const message = `Cannot start \`${shorten(command)}\` on ${this.name}: ${(cause as Error).message}`;
    return new SriovError("remote-failure", message, {
      cause,
      remedy: "The host's sshd has to allow commands: look at MaxSessions, ForceCommand and the key's options.",
    });
  }

  async #socketError(path: string, cause: unknown): Promise<SriovError> {
    const doing = `Cannot connect to ${path} on ${this.name}`;
    const reason = reasonOf(cause);
    if (reason === openFailure.administrativelyProhibited || reason === openFailure.unknownChannelType) {
      return new SriovError("unsupported", `${doing}: its sshd forbids forwarding to unix sockets`, {
        cause,
        remedy: "Set AllowStreamLocalForwarding yes in the host's sshd_config, and no restrict on the key.",
      });
    }
    if (reason !== openFailure.connectFailed) {
      return new SriovError("remote-failure", `${doing}: ${(cause as Error).message}`, { cause });
    }
    switch (await this.#whyNoSocket(path)) {
      case "gone":
        return new SriovError("not-found", `${doing}: there is no such socket`, { cause });
      case "denied":
        return new SriovError("permission-denied", `${doing}: this user may not use it`, {
          cause,
          remedy: "Log in as root, or as a user who may: for libvirt, a member of the group libvirt.",
        });
      case "nobody":
        return new SriovError("not-found", `${doing}: nothing listens there`, { cause });
    }
  }

  /** sshd says the same for ENOENT, EACCES and ECONNREFUSED: one more question tells. */
  async #whyNoSocket(path: string): Promise<"gone" | "denied" | "nobody"> {
    const question =
      `${goneFunction}p=${quote(path)}; gone "$p" && exit ${goneExitCode}; [ -e "$p" ] || exit 45; ` +
      `[ -S "$p" ] || exit ${goneExitCode}; [ -w "$p" ] || exit 45`;
    const { exitCode } = await this.run(question, { timeoutMs: 20_000 });
    if (exitCode === 0) return "nobody";
    return exitCode === goneExitCode ? "gone" : "denied";
  }

  #lose(why: string, cause?: unknown): void {
    if (!this.isOpen) return;
    const more = cause === undefined ? {} : { cause };
    this.#lost.abort(new SriovError("unreachable", `Cannot reach ${this.name}: ${why}`, more));
  }
}

const reasonOf = (error: unknown): unknown => (error as { reason?: unknown }).reason;

/** Rejects when aborted; a channel that comes after that is closed again. */
function open(signal: AbortSignal, start: (done: WhenOpen) => void): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    start((error, channel) => {
      signal.removeEventListener("abort", onAbort);
      if (error) return reject(error);
      if (!signal.aborted) return resolve(channel);
      channel.resume();
      channel.stderr.resume();
      return channel.close();
    });
  });
}

/** ssh2's own `channel.signal` does nothing once standard input is closed, which it always is here. */
function sendSignal(client: Client, channel: ClientChannel, name: string): void {
  const { _protocol: protocol } = client as unknown as { _protocol: { signal(id: number, name: string): void } };
  const { id, state } = (channel as unknown as { outgoing: { id: number; state: string } }).outgoing;
  if (state === "open" || state === "eof") protocol.signal(id, name);
}
