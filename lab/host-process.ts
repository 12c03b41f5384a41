// The emulated host's QEMU as a process: started so that it outlives us, ended for certain.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { SriovError } from "../provider/base/errors.js";
import { runChild, lastWords } from "./child.js";
import { chooseCpu } from "./pinning.js";
import { qemuArguments, type Machine } from "./qemu.js";

export type HostProcess = { pid: number; stillAlive: () => void };

export async function spawnHost(machine: Machine, qemuLog: string): Promise<HostProcess> {
  const log = openSync(qemuLog, "w");
  const [command, ...args] = await commandOf(machine);
  const child = spawn(command, args, { detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  let ended: string | undefined;
  child.once("error", (error) => (ended = error.message));
  child.once("exit", (code, signal) => (ended ??= `it ended with ${signal ?? `exit code ${code}`}`));
  child.unref();
  // Long enough for a wrong option or a taken port to show.
  await sleep(300);
  const stillAlive = () => {
    if (ended === undefined) return;
    throw new SriovError("remote-failure", `QEMU did not stay up: ${ended}. It said: ${tail(qemuLog, 5) || "nothing"}`);
  };
  stillAlive();
  if (child.pid === undefined) throw new SriovError("bug", "QEMU was started and has no process id.");
  return { pid: child.pid, stillAlive };
}

async function commandOf(machine: Machine): Promise<[string, ...string[]]> {
  const qemu: [string, ...string[]] = ["qemu-system-x86_64", ...qemuArguments(machine)];
  return machine.accelerator === "kvm" ? qemu : ["taskset", "--cpu-list", String(await chooseCpu()), ...qemu];
}

/** Kills one process and waits until it is gone. Nothing of a lab's disk is worth a clean shutdown. */
export async function endProcess(pid: number): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    send(pid, signal);
    for (const deadline = Date.now() + 5_000; Date.now() < deadline; await sleep(50)) if (!send(pid, 0)) return;
  }
  throw new SriovError("timeout", `The lab's QEMU (process ${pid}) did not end within 10 s of being killed.`);
}

/** False when there is no such process any more. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

export async function createOverlay(base: string, overlay: string): Promise<void> {
  const made = await runChild("qemu-img", ["create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", overlay]);
  if (made.exitCode !== 0)
    throw new SriovError("remote-failure", `qemu-img could not make ${overlay}: ${lastWords(made)}`);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** The last lines of a log, for an error message. */
export function tail(file: string, lines: number): string {
  try {
    return readFileSync(file, "utf8").replaceAll("\r", "").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}
