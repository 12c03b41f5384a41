// The emulated SR-IOV host as a library: start one, run commands on it, reboot it, put it back to its first state, stop it.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isSriovError, SriovError } from "../provider/base/errors.js";
import { chooseAccelerator } from "./accelerator.js";
import { withBuildLock } from "./build-lock.js";
import { defaultKernelArguments, nextArguments, readNextBoot } from "./boot-loader.js";
import { createOverlay, endProcess, freePort, spawnHost, tail } from "./host-process.js";
import { imagesFolder } from "./cache.js";
import { ensureImage } from "./image.js";
import { knownHostsLine } from "./known-hosts.js";
import { type Image, imageFiles } from "./image-files.js";
import type { Report } from "./progress.js";
import { MAX_PFS } from "./qemu.js";
import { isAlive, readState, runFiles, sshTarget, writeState, type RunState } from "./run-state.js";
import {
  closeMaster,
  greets,
  runOverSsh,
  waitForSsh,
  type CommandResult,
  type RunOptions,
  type SshTarget,
} from "./ssh.js";

export type StartOptions = {
  /** Unset: "default". */
  name?: string;
  /** Unset: 2, or what the lab has if it runs. */
  pfs?: number;
  /**
   * What the host's kernel is started with, besides what the lab needs itself. Unset: `intel_iommu=on iommu=pt`. Only for a lab
   * that is started by this call; a reboot takes what the host's own boot loader is configured for, if it has one.
   */
  kernelArguments?: readonly string[];
  /** Told what the lab waits for. */
  report?: Report;
};

// 15 s on an idle machine without KVM, several times that on a busy one.
const BOOT_MS = 300_000;

/** The lab of that name, running: the one that runs already, or a new one in its first state. */
export async function startLab(options: StartOptions = {}): Promise<Lab> {
  const { name = "default", pfs, kernelArguments = defaultKernelArguments, report = () => undefined } = options;
  if (pfs !== undefined && !(Number.isInteger(pfs) && pfs >= 1 && pfs <= MAX_PFS)) {
    throw new SriovError("invalid-input", `A lab has 1 to ${MAX_PFS} PFs; got ${pfs}.`);
  }
  const { folder } = runFiles(name);
  const waiting = () => report(`another process is starting the lab "${name}"`);
  return withBuildLock(`lab ${folder}`, waiting, async () => {
    const running = await findLab(name);
    if (running === undefined) {
      await boot({ name, pfs: pfs ?? 2, machineId: randomBytes(16).toString("hex"), kernelArguments }, report);
      return mustFind(name);
    }
    if (pfs === undefined || running.pfs === pfs) return running;
    throw new SriovError("conflict", `The lab "${name}" runs with ${running.pfs} PFs, and ${pfs} were asked for.`, {
      remedy: `Stop it first (npm run lab -- down --name ${name}), or use another name.`,
    });
  });
}

/** The lab of that name if it runs. One whose QEMU is gone (a crash, a reboot of this machine) does not. */
export async function findLab(name: string): Promise<Lab | undefined> {
  const state = await readState(name);
  return state !== undefined && isAlive(state) ? new Lab(state) : undefined;
}

/** Ends the lab, or clears away what a crashed one left. Answers whether there was anything. */
export async function stopLab(name: string): Promise<boolean> {
  const state = await readState(name);
  const files = runFiles(name);
  if (state !== undefined) {
    await closeMaster(sshTarget(name, state.sshPort));
    if (isAlive(state)) await endProcess(state.pid);
  }
  await rm(files.folder, { recursive: true, force: true });
  return state !== undefined;
}

async function mustFind(name: string): Promise<Lab> {
  const lab = await findLab(name);
  if (lab === undefined) throw new SriovError("bug", `The lab "${name}" ended just after its start.`);
  return lab;
}

type Identity = Pick<RunState, "name" | "pfs" | "machineId" | "kernelArguments">;
type Ports = Pick<RunState, "sshPort" | "pfSshPort">;

/** A first boot, from a fresh disk. */
async function boot(identity: Identity & Partial<Ports>, report: Report): Promise<void> {
  const { name } = identity;
  const image = await ensureImage(report);
  const files = runFiles(name);
  await rm(files.folder, { recursive: true, force: true });
  await mkdir(files.folder, { recursive: true, mode: 0o700 });
  const sshPort = identity.sshPort ?? (await freePort());
  const pfSshPort = identity.pfSshPort ?? (await freePort());
  await createOverlay(image.disk, files.overlay);
  await copyFile(image.identityFile, files.identityFile);
  await writeFile(files.knownHosts, knownHostsLine(sshPort, await readFile(image.hostKey, "utf8")));

  await launch({ ...identity, sshPort, pfSshPort }, image, report);
}

/** Starts QEMU on the lab's disk, and returns when the host answers. */
async function launch(identity: Identity & Ports, image: Image, report: Report): Promise<void> {
  const { name, pfs, machineId, sshPort, pfSshPort, kernelArguments } = identity;
  const files = runFiles(name);
  report(`booting a host with ${pfs} PFs (${image.accelerator === "kvm" ? "KVM" : "emulated CPU: 15 to 60 s"})`);
  const host = await spawnHost(
    {
      accelerator: image.accelerator,
      pfs,
      sshPort,
      pfSshPort,
      kernel: image.kernel,
      initrd: image.initrd,
      disk: { file: files.overlay, format: "qcow2" },
      serialLog: files.serialLog,
      machineId,
      kernelArguments,
    },
    files.qemuLog,
  );
  const imageName = image.folder.split("/").at(-1) ?? "";
  await writeState({ name, pid: host.pid, sshPort, pfSshPort, pfs, image: imageName, machineId, kernelArguments });
  try {
    await waitForSsh(sshTarget(name, sshPort), BOOT_MS, host.stillAlive);
  } catch (error) {
    const consoleEnd = tail(files.serialLog, 15);
    await stopLab(name);
    if (!isSriovError(error)) throw error;
    throw new SriovError(error.kind, `${error.message} The end of its console:\n${consoleEnd || "(empty)"}`, {
      cause: error,
    });
  }
}

export class Lab {
  readonly name: string;
  readonly pfs: number;
  readonly sshPort: number;
  /** Leads to port 22 of 10.9.0.15, over the first PF, once the host has that address there. */
  readonly pfSshPort: number;
  readonly user = "root";
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** Another one after a reset, and after a reboot with other kernel arguments. */
  pid: number;
  readonly serialLog: string;
  readonly #machineId: string;
  #kernelArguments: readonly string[];
  readonly #target: SshTarget;

  constructor(state: RunState) {
    const files = runFiles(state.name);
    this.name = state.name;
    this.pfs = state.pfs;
    this.sshPort = state.sshPort;
    this.pfSshPort = state.pfSshPort;
    this.pid = state.pid;
    this.identityFile = files.identityFile;
    this.knownHostsFile = files.knownHosts;
    this.serialLog = files.serialLog;
    this.#machineId = state.machineId;
    this.#kernelArguments = state.kernelArguments;
    this.#target = sshTarget(state.name, state.sshPort);
  }

  /** One URI with all that virsh or a provider needs: key and known hosts too, so strict checking works. */
  get uri(): string {
    const parameters = new URLSearchParams({ keyfile: this.identityFile, known_hosts: this.knownHostsFile });
    return `${this.bareUri}?${decodeURIComponent(parameters.toString())}`;
  }

  /** Without the files: for programs that state them in `host.ssh`. */
  get bareUri(): string {
    return `qemu+ssh://${this.user}@127.0.0.1:${this.sshPort}/system`;
  }

  /** False while the host boots. */
  answers(): Promise<boolean> {
    return greets(this.sshPort);
  }

  /** Runs a shell command as root. Any exit code is an answer; a lost connection or a time-out is an error. */
  run(command: string, options: RunOptions = {}): Promise<CommandResult> {
    return runOverSsh(this.#target, command, options);
  }

  /** As `run`, and an exit code other than 0 is an error. Answers stdout. */
  async mustRun(command: string, options: RunOptions = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(command, options);
    if (exitCode === 0) return stdout;
    const said = (stderr || stdout).trim();
    throw new SriovError(
      "remote-failure",
      `"${command}" ended with exit code ${exitCode} on the lab "${this.name}": ${said}`,
    );
  }

  /**
   * An orderly reboot; returns when a new boot answers. The kernel gets what the host's boot loader is configured for.
   * Equivalent to: `systemctl reboot`.
   */
  async reboot(): Promise<void> {
    const next = nextArguments(await this.mustRun(readNextBoot), this.#machineId);
    if (next !== undefined && next.join(" ") !== this.#kernelArguments.join(" ")) return this.#bootAnew(next);
    const bootId = () => this.mustRun("cat /proc/sys/kernel/random/boot_id", { timeoutMs: 20_000 });
    const before = await bootId();
    await this.run("systemd-run --quiet --on-active=1 systemctl reboot");
    await sleep(1_000);
    await closeMaster(this.#target);
    const deadline = Date.now() + BOOT_MS;
    for (;;) {
      await waitForSsh(this.#target, Math.max(1_000, deadline - Date.now()), () => this.#stillAlive());
      // Until it goes down, the old boot may answer once more.
      const now = await bootId().catch(() => before);
      if (now !== before) return;
      await closeMaster(this.#target);
      await sleep(500);
    }
  }

  /** Back to the first state: a fresh disk, the same machine (id, port, PFs). This object stays valid, its pid does not. */
  async reset(report: Report = () => undefined): Promise<Lab> {
    await stopLab(this.name);
    const { name, pfs, sshPort, pfSshPort } = this;
    const kernelArguments = this.#kernelArguments;
    await boot({ name, pfs, sshPort, pfSshPort, machineId: this.#machineId, kernelArguments }, report);
    return mustFind(name);
  }

  async stop(): Promise<void> {
    await stopLab(this.name);
  }

  /**
   * The power goes, and comes back: what the host had not written to its disk is lost. Returns when it answers again.
   * Equivalent to: pulling the plug.
   */
  async cutPower(): Promise<void> {
    process.kill(this.pid, "SIGKILL");
    await this.#untilDown();
    await closeMaster(this.#target);
    await this.#launchAgain(this.#kernelArguments);
  }

  async #bootAnew(kernelArguments: readonly string[]): Promise<void> {
    await this.run("systemd-run --quiet --on-active=1 systemctl poweroff");
    await sleep(1_000);
    await closeMaster(this.#target);
    await this.#untilDown();
    await this.#launchAgain(kernelArguments);
  }

  async #untilDown(): Promise<void> {
    const { name, pid } = this;
    for (const deadline = Date.now() + BOOT_MS; isAlive({ name, pid }); await sleep(200)) {
      if (Date.now() > deadline)
        throw new SriovError("timeout", `The lab "${name}" did not go down in ${BOOT_MS / 1000} s.`);
    }
  }

  /** On the disk that it has. */
  async #launchAgain(kernelArguments: readonly string[]): Promise<void> {
    const { name, pfs, sshPort, pfSshPort } = this;
    const identity = { name, pfs, sshPort, pfSshPort, machineId: this.#machineId, kernelArguments };
    // The image that its disk lies on, not the one of a recipe that changed since.
    const state = await readState(name);
    const image = imageFiles(join(imagesFolder(), state?.image ?? ""));
    await launch(
      identity,
      { ...image, accelerator: await chooseAccelerator(image.kernel, () => undefined) },
      () => undefined,
    );
    this.#kernelArguments = kernelArguments;
    this.pid = (await mustFind(name)).pid;
  }

  #stillAlive(): void {
    if (isAlive({ name: this.name, pid: this.pid })) return;
    throw new SriovError("remote-failure", `The QEMU of the lab "${this.name}" has ended.`);
  }
}
