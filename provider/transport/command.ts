// A command that runs, here or on a host: collects what it prints, bounds it in time and size, stops it.
import type { Readable, Writable } from "node:stream";
import { CommandError } from "../base/errors.js";
import { Pieces } from "../base/pieces.js";
import type { CommandResult, RunOptions } from "./connection.js";

export type Running = {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once, when the command has ended and everything it printed was read. */
  readonly ended: Promise<{ exitCode: number | undefined; signal: string | undefined }>;
  /** Tells it to stop (SIGTERM) and lets go of it. */
  stop(): void;
};

export const defaultTimeoutMs = 60_000;
const maxOutputBytes = 64 * 1024 * 1024;
const nothing = Buffer.alloc(0);

/** `timeoutMs` counts from here: a command that waits for its turn does not lose time. */
export async function follow(
  where: string,
  command: string,
  { input, timeoutMs = defaultTimeoutMs, signal }: RunOptions,
  running: Running,
): Promise<CommandResult> {
  const stdout = new Pieces();
  const stderr = new Pieces();
  // Decoded in one piece at the end: a character may be cut by the border of two chunks.
  const printed = () => ({ stdout: stdout.joined().toString(), stderr: stderr.joined().toString() });
  const shown = `\`${shorten(command)}\` on ${where}`;

  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  let isStopped = false;
  const stopped = new Promise<never>((_, reject) => {
    const stop = (error: Error) => {
      isStopped = true;
      running.stop();
      reject(error);
    };
    timer = setTimeout(() => {
      const message = `Stopped ${shown}: it did not end within ${timeoutMs / 1000} s`;
      stop(new CommandError(message, { command, ...printed() }, "timeout"));
    }, timeoutMs);
    onAbort = () => stop(signal?.reason as Error);
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    // What still comes after that is read and thrown away: a channel that nobody reads never closes.
    const collect = (into: Pieces) => (chunk: Buffer) => {
      if (isStopped) return;
      if (stdout.size + stderr.size + chunk.length <= maxOutputBytes) return into.push(chunk);
      const message = `Stopped ${shown}: it printed more than ${maxOutputBytes / 1024 / 1024} MiB`;
      stdout.replace(nothing);
      stderr.replace(nothing);
      return stop(new CommandError(message, { command, stdout: "", stderr: "" }));
    };
    running.stdout.on("data", collect(stdout));
    running.stderr.on("data", collect(stderr));
  });

  // A command that ends before it has read its input is no failure (EPIPE).
  running.stdin.on("error", () => undefined);
  running.stdin.end(input ?? "");
  try {
    const { exitCode, signal: by } = await Promise.race([running.ended, stopped]);
    return { command, exitCode, signal: by, ...printed() };
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener("abort", onAbort);
  }
}

export const shorten = (command: string): string => {
  const line = command.replace(/\s+/g, " ");
  return line.length <= 120 ? line : `${line.slice(0, 117)}...`;
};
