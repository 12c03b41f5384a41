// Every error this package throws on purpose, and the question callers may ask of one: its kind.
// Decide on `kind` (or on a libvirt code by name), never on message text.

// A brand: two copies of this package can meet in one process, and then instanceof is false.
const brand = Symbol.for("pulumi-sriov.error");

export type Kind =
  | "invalid-input"
  | "unsupported"
  | "refused"
  | "not-found"
  | "conflict"
  | "permission-denied"
  | "unreachable"
  | "timeout"
  | "interrupted"
  | "mismatch"
  | "remote-failure"
  | "bug";

export class SriovError extends Error {
  readonly kind: Kind;
  /** What the user can do about it: one sentence, or undefined when there is nothing to say. */
  readonly remedy: string | undefined;

  constructor(kind: Kind, message: string, more: { cause?: unknown; remedy?: string } = {}) {
    super(message, "cause" in more ? { cause: more.cause } : undefined);
    this.kind = kind;
    this.remedy = more.remedy;
  }

  static {
    Object.defineProperties(this.prototype, { name: { value: "SriovError" }, [brand]: { value: true } });
  }
}

export const isSriovError = (error: unknown): error is SriovError => error instanceof Error && brand in error;

/** The kind of an error of ours, or undefined for everything else (a bug, or a library's own error). */
export const kindOf = (error: unknown): Kind | undefined => (isSriovError(error) ? error.kind : undefined);

/** Nobody answered, or not in time: it says nothing about what was asked for. */
export const isOutOfReach = (error: unknown): boolean =>
  isSriovError(error) && (error.kind === "unreachable" || error.kind === "timeout");

/** One text for a person: the message and, on a line of its own, the remedy. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return isSriovError(error) && error.remedy !== undefined ? `${error.message}\n${error.remedy}` : error.message;
}

/** A command on the host ended otherwise than with exit code 0. */
export class CommandError extends SriovError {
  readonly command: string;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;

  constructor(
    message: string,
    result: { command: string; exitCode?: number; signal?: string; stdout: string; stderr: string },
    kind: Kind = "remote-failure",
  ) {
    super(kind, message);
    this.command = result.command;
    this.exitCode = result.exitCode;
    this.signal = result.signal;
    this.stdout = result.stdout;
    this.stderr = result.stderr;
  }
}
