// The machine that runs Pulumi, as a host like any other.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { SriovError } from "../base/errors.js";
import { type Running, follow } from "./command.js";
import { streamOf } from "./command-stream.js";
import type { CommandResult, Connection, RunOptions } from "./connection.js";

const name = "this machine";
const killAfterMs = 5_000;

export const connectLocal = (): LocalConnection => new LocalConnection();

export class LocalConnection implements Connection {
  readonly name = name;
  readonly usesSudo = false;
  readonly #closing = new AbortController();
  readonly #sockets = new Set<Duplex>();

  get isOpen(): boolean {
    return !this.#closing.signal.aborted;
  }

  async run(command: string, options: RunOptions = {}): Promise<CommandResult> {
    this.#closing.signal.throwIfAborted();
    options.signal?.throwIfAborted();
    const signals = [this.#closing.signal, ...(options.signal ? [options.signal] : [])];
    return follow(name, command, { ...options, signal: AbortSignal.any(signals) }, start(command));
  }

  async openUnixSocket(path: string): Promise<Duplex> {
    this.#closing.signal.throwIfAborted();
    const socket = connect(path);
    try {
      await once(socket, "connect");
    } catch (error) {
      throw socketError(path, error as NodeJS.ErrnoException);
    }
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }

  async openCommand(command: string): Promise<Duplex> {
    this.#closing.signal.throwIfAborted();
    const stream = streamOf(name, command, start(command));
    this.#sockets.add(stream);
    stream.once("close", () => this.#sockets.delete(stream));
    return stream;
  }

  async close(): Promise<void> {
    this.#closing.abort(new SriovError("unreachable", `Cannot use ${name}: its connection was closed`));
    for (const socket of this.#sockets) socket.destroy();
  }
}

function start(command: string): Running {
  // A session of its own, so that the children of the shell can be stopped with it.
  const child = spawn("/bin/sh", ["-c", command], { detached: true, stdio: "pipe" });
  const ended = new Promise<Awaited<Running["ended"]>>((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new SriovError("remote-failure", `Cannot start /bin/sh on ${name}: ${cause.message}`, { cause })),
    );
    child.once("close", (code, signal) => resolve({ exitCode: code ?? undefined, signal: signal ?? undefined }));
  });
  // `follow` may have stopped waiting before.
  ended.catch(() => undefined);
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It ended by itself (ESRCH).
    }
  };
  const stop = () => {
    kill("SIGTERM");
    const timer = setTimeout(kill, killAfterMs, "SIGKILL").unref();
    child.once("close", () => clearTimeout(timer));
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    child.unref();
  };
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, stop };
}

export function socketError(path: string, cause: NodeJS.ErrnoException): SriovError {
  const doing = `Cannot connect to ${path} on ${name}`;
  switch (cause.code) {
    case "ENOENT":
    case "ENOTDIR":
      return new SriovError("not-found", `${doing}: there is no such socket`, { cause });
    case "EACCES":
    case "EPERM":
      return new SriovError("permission-denied", `${doing}: this user may not use it`, {
        cause,
        remedy: "Run as root, or as a user who may: for libvirt, a member of the group libvirt.",
      });
    case "ECONNREFUSED":
    case "ENOTSOCK":
      return new SriovError("not-found", `${doing}: nothing listens there`, { cause });
    case undefined:
    default:
      return new SriovError("unreachable", `${doing}: ${cause.message}`, { cause });
  }
}
