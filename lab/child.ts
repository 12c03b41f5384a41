// Runs one command of this machine for the tools in lab/: lines as they come, all of them at the end.
// A command that fails is an answer here (its exit code), not an exception: the callers know what it means.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export type Ran = {
  /** null: ended by a signal, or never started (then stderr says why). */
  exitCode: number | null;
  stdout: string;
  stderr: string;
};

export type ChildOptions = {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Each line of stdout and stderr, as it comes. */
  onLine?: (line: string) => void;
  /** Aborting it sends SIGINT, as Ctrl-C does. */
  signal?: AbortSignal;
  /** After this long the command and everything it started is killed. */
  timeoutMs?: number;
};

export function runChild(command: string, args: readonly string[], options: ChildOptions = {}): Promise<Ran> {
  const { cwd, env, onLine, signal, timeoutMs } = options;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      // A process group of its own lets a time-out reach grandchildren (sh, curl). Without a time-out the command stays
      // in ours, so that the terminal's Ctrl-C reaches it.
      detached: timeoutMs !== undefined,
    });
    let stdout = "";
    let stderr = "";
    collect(child.stdout, (line) => {
      stdout += `${line}\n`;
      onLine?.(line);
    });
    collect(child.stderr, (line) => {
      stderr += `${line}\n`;
      onLine?.(line);
    });
    const interrupt = () => child.kill("SIGINT");
    signal?.addEventListener("abort", interrupt, { once: true });
    const killGroup = () => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    };
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            stderr += `(stopped after ${timeoutMs / 1000} s)\n`;
            killGroup();
          }, timeoutMs);
    const end = (exitCode: number | null) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", interrupt);
      resolve({ exitCode, stdout, stderr });
    };
    child.once("error", (error) => {
      stderr += `${error.message}\n`;
      end(null);
    });
    child.once("close", end);
  });
}

function collect(stream: Readable, take: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on("line", take);
}

/** The last line a command said, on stderr if it said anything there: what went wrong, mostly. */
export function lastWords(ran: Ran): string {
  const said = (ran.stderr.trim() === "" ? ran.stdout : ran.stderr).trim().split("\n");
  return said.at(-1) ?? "";
}
