// Commands on the emulated host by the system's ssh client. One master connection a lab: a command then costs
// milliseconds instead of a key exchange, which takes a second on an emulated CPU.
import { execFile, spawn, type ExecFileException } from "node:child_process";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandError, SriovError } from "../provider/base/errors.js";

export type SshTarget = {
  port: number;
  user: string;
  identityFile: string;
  knownHostsFile: string;
  controlPath: string;
};

export type CommandResult = { exitCode: number; stdout: string; stderr: string };

export type RunOptions = {
  /** Unset: 60 s. The command on the host may go on after that; the answer is a timeout error. */
  timeoutMs?: number;
  /** What the command reads from its stdin; unset: nothing. */
  input?: string;
};

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** A unix socket's path holds 107 bytes, and ssh adds 17 while it makes one. */
export function controlPathIn(folder: string): string {
  const path = join(folder, "ssh");
  if (path.length <= 85) return path;
  const hash = createHash("sha256").update(folder).digest("hex").slice(0, 12);
  return join(tmpdir(), `sriov-lab-${process.getuid?.() ?? 0}-${hash}`);
}

export function sshArguments(target: SshTarget): string[] {
  return [
    // Nobody's ~/.ssh/config decides how a lab is reached.
    ...["-F", "none", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes"],
    ...["-i", target.identityFile, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none"],
    ...["-o", `UserKnownHostsFile="${target.knownHostsFile}"`, "-o", "GlobalKnownHostsFile=none"],
    ...["-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10", "-o", `ControlPath=${target.controlPath}`],
    ...["-p", String(target.port), "-l", target.user],
  ];
}

const destination = "127.0.0.1";

export async function runOverSsh(target: SshTarget, command: string, options: RunOptions = {}): Promise<CommandResult> {
  await ensureMaster(target);
  const timeoutMs = options.timeoutMs ?? 60_000;
  const { error, stdout, stderr } = await execute(
    [...sshArguments(target), destination, command],
    timeoutMs,
    options.input,
  );
  if (error === null) return { exitCode: 0, stdout, stderr };
  if (error.killed === true) {
    throw new CommandError(
      `The command did not end within ${timeoutMs / 1000} s on the lab: ${command}`,
      { command, stdout, stderr },
      "timeout",
    );
  }
  // 255 is ssh's own way to say that the connection failed; commands of ours do not use it.
  if (typeof error.code !== "number" || error.code === 255) {
    throw new CommandError(
      `The lab did not take the command "${command}": ${stderr.trim() || error.message}`,
      {
        command,
        stdout,
        stderr,
      },
      "unreachable",
    );
  }
  return { exitCode: error.code, stdout, stderr };
}

/** Waits until the SSH server greets and takes our key; `stillAlive` throws when waiting has become pointless. */
export async function waitForSsh(target: SshTarget, timeoutMs: number, stillAlive: () => void): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    stillAlive();
    if ((await greets(target.port)) && (await startMaster(target))) return;
    if (Date.now() > deadline) {
      throw new SriovError(
        "timeout",
        `The lab did not answer SSH on port ${target.port} within ${timeoutMs / 1000} s.`,
      );
    }
    await sleep(300);
  }
}

export async function closeMaster(target: SshTarget): Promise<void> {
  await execute([...sshArguments(target), "-O", "exit", destination], 5_000);
}

/** The user's own terminal on the host. Answers the exit code of the shell. */
export function openShell(target: SshTarget, command: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", [...sshArguments(target), destination, ...command], { stdio: "inherit" });
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

async function ensureMaster(target: SshTarget): Promise<void> {
  const { error } = await execute([...sshArguments(target), "-O", "check", destination], 5_000);
  // Without a master a command still works, by a connection of its own.
  if (error !== null) await startMaster(target);
}

// -f: returns once the connection stands, and goes on in the background. Its output must not be a pipe of ours, or we
// would wait for the end of the master.
function startMaster(target: SshTarget): Promise<boolean> {
  return new Promise((resolve) => {
    const args = [...sshArguments(target), "-f", "-N", "-M", "-o", "ControlPersist=10m", destination];
    const child = spawn("ssh", args, { stdio: "ignore", timeout: 20_000 });
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(code === 0));
  });
}

/** QEMU's user network accepts a connection before the host listens: only the server's greeting tells. */
export function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const answer = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.setTimeout(3_000, () => answer(false));
    socket.once("data", (data) => answer(data.toString().startsWith("SSH-")));
    socket.once("error", () => answer(false));
    socket.once("close", () => answer(false));
  });
}

type Executed = { error: ExecFileException | null; stdout: string; stderr: string };

function execute(args: string[], timeoutMs: number, input = ""): Promise<Executed> {
  return new Promise((resolve) => {
    const child = execFile("ssh", args, { timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) =>
      resolve({ error, stdout, stderr }),
    );
    child.stdin?.on("error", () => undefined); // a command that does not read its input may end first
    child.stdin?.end(input);
  });
}
