// What is remembered of a lab between commands: one folder a lab, with a state file that other tools may read too.
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { labCacheFolder, runFolder } from "./cache.js";
import { controlPathIn, type SshTarget } from "./ssh.js";

export type RunState = {
  name: string;
  pid: number;
  sshPort: number;
  /** Leads to port 22 of 10.9.0.15, over the first PF. */
  pfSshPort: number;
  pfs: number;
  /** The image's folder name: an image in use is not cleaned up. */
  image: string;
  machineId: string;
  /** What the host's boot loader passed to the kernel this time. */
  kernelArguments: readonly string[];
};

export type RunFiles = ReturnType<typeof runFiles>;

export function runFiles(name: string) {
  const folder = runFolder(name);
  return {
    folder,
    state: join(folder, "state.json"),
    overlay: join(folder, "overlay.qcow2"),
    serialLog: join(folder, "serial.log"),
    qemuLog: join(folder, "qemu.log"),
    identityFile: join(folder, "id_ed25519"),
    knownHosts: join(folder, "known_hosts"),
  };
}

export function sshTarget(name: string, port: number, user = "root"): SshTarget {
  const files = runFiles(name);
  return {
    port,
    user,
    identityFile: files.identityFile,
    knownHostsFile: files.knownHosts,
    controlPath: controlPathIn(files.folder),
  };
}

export async function readState(name: string): Promise<RunState | undefined> {
  try {
    return JSON.parse(await readFile(runFiles(name).state, "utf8")) as RunState;
  } catch {
    return undefined; // never started, or ended before it was written
  }
}

export async function writeState(state: RunState): Promise<void> {
  const { state: file } = runFiles(state.name);
  await writeFile(`${file}.new`, JSON.stringify(state, null, 2) + "\n");
  await rename(`${file}.new`, file);
}

export async function listLabs(): Promise<string[]> {
  const names = await readdir(join(labCacheFolder(), "run")).catch(() => []);
  return names.sort();
}

/** True while the lab's own QEMU lives: a pid alone may have gone to another process since. */
export function isAlive(state: Pick<RunState, "name" | "pid">): boolean {
  try {
    return readFileSync(`/proc/${state.pid}/cmdline`, "utf8").includes(runFiles(state.name).serialLog);
  } catch {
    return false;
  }
}
