// What a way to a host can do: run a command and open a byte stream to a unix socket there. No meaning, only transport.
import type { Duplex } from "node:stream";

export type CommandResult = {
  readonly command: string;
  /** Undefined when a signal ended the command. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  /** Sent to the command's standard input, which is then closed. Default: closed at once. */
  readonly input?: string;
  /** Default 60,000. Afterwards the command is told to stop (SIGTERM) and the call rejects with kind `timeout`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
};

export interface Connection {
  /** For messages: `root@kvm1`, `this machine`. */
  readonly name: string;
  /** Runs a POSIX shell command line. Any exit code is a result, not an error; a lost connection rejects with `unreachable`. */
  run(command: string, options?: RunOptions): Promise<CommandResult>;
  /**
   * A byte stream to a unix socket on the host. Rejects with `not-found`, `permission-denied`, `unsupported` (forwarding is forbidden)
   * or `unreachable`. To tell them apart may take further round trips: without `explain` (default true) it is a `remote-failure` then.
   */
  openUnixSocket(path: string, options?: { explain?: boolean }): Promise<Duplex>;
  /**
   * A byte stream to a command's standard input and output. When the command ends by itself, so does the stream: with a
   * CommandError of kind `unreachable` unless the exit code is 0. Destroying the stream stops the command.
   */
  openCommand(command: string): Promise<Duplex>;
  /** Commands run as root, by sudo; unix sockets are still opened as the user who logged in. */
  readonly usesSudo: boolean;
  /** Idempotent. Everything pending rejects with `unreachable`. */
  close(): Promise<void>;
}
