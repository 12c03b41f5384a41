// The only way to a Linux host: five verbs. Everything in this room is made of them, and a fake of them is a whole host.
import type { CommandResult, RunOptions } from "../transport/connection.js";

export type ShellRunOptions = RunOptions & {
  /** The command changes nothing on the host: several that ask for the same may get one answer. */
  readonly reads?: true;
};

export interface Shell {
  /** For messages: `root@kvm1`. */
  readonly name: string;
  /**
   * Whether answers to what only reads may be some seconds old, and are shared: then it pays to ask for more than one thing
   * needs, as the others ask next. Default false.
   */
  readonly mayBeOld?: boolean;
  /** Runs a POSIX shell command line; any exit code is a result. */
  run(command: string, options?: ShellRunOptions): Promise<CommandResult>;
  /** The text of a file, or undefined when there is none (ENOENT, ENOTDIR). Every other failure throws. */
  readText(path: string): Promise<string | undefined>;
  /** Where a symbolic link points, as written in the link, or undefined when there is none. */
  readLink(path: string): Promise<string | undefined>;
  /** The names in a folder, sorted, or undefined when there is none. */
  list(path: string): Promise<string[] | undefined>;
  /**
   * Replaces a file's text, or writes a sysfs attribute (with `tee`: dash's `echo` hides the errno).
   * Ordinary files are written to a temporary name and renamed, with the mode given (default 0644).
   */
  writeText(path: string, text: string, options?: { mode?: string; timeoutMs?: number }): Promise<void>;
}
