// Where the command line writes, and how it reaches hosts: the process's own, or a test's.
import type { Context } from "../resources/lifecycle.js";

export type Output = { write(text: string): unknown; readonly isTTY?: boolean };

export type Io = {
  stdout: Output;
  stderr: Output;
  env: NodeJS.ProcessEnv;
  /** Paths on the command line are relative to it. */
  cwd: string;
  context(): Context;
};

/** What was asked is done / a finding of the doctor is an error / it could not be done. */
export const exitCodes = { done: 0, findings: 1, failed: 2 } as const;

/** On a terminal that has not been told otherwise: https://no-color.org. */
export const hasColour = ({ stdout, env }: Pick<Io, "stdout" | "env">): boolean =>
  stdout.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
