// The image's first boot: what a host makes once in its life is made here once, instead of at every start of every lab.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SriovError } from "../provider/base/errors.js";
import { defaultKernelArguments } from "./boot-loader.js";
import { endProcess, freePort, spawnHost, tail } from "./host-process.js";
import type { Image } from "./image-files.js";
import { knownHostsLine } from "./known-hosts.js";
import { MAX_PFS } from "./qemu.js";
import { controlPathIn, runOverSsh, waitForSsh, type SshTarget } from "./ssh.js";

const BOOT_MS = 300_000;

export async function primeImage(image: Image): Promise<void> {
  const sshPort = await freePort();
  const serialLog = join(image.folder, "prime-serial.log");
  const qemuLog = join(image.folder, "prime-qemu.log");
  const target: SshTarget = {
    port: sshPort,
    user: "root",
    identityFile: image.identityFile,
    knownHostsFile: join(image.folder, "prime-known-hosts"),
    controlPath: controlPathIn(image.folder),
  };
  await writeFile(target.knownHostsFile, knownHostsLine(sshPort, await readFile(image.hostKey, "utf8")));
  const host = await spawnHost(
    {
      accelerator: image.accelerator,
      pfs: MAX_PFS,
      sshPort,
      kernel: image.kernel,
      initrd: image.initrd,
      disk: { file: image.disk, format: "raw" },
      serialLog,
      machineId: "0".repeat(31) + "1",
      kernelArguments: defaultKernelArguments,
    },
    qemuLog,
  );
  try {
    await waitForSsh(target, BOOT_MS, host.stillAlive);
    const primed = await runOverSsh(target, "/var/lib/sriov-lab/prime", { timeoutMs: BOOT_MS });
    if (primed.exitCode !== 0) {
      throw new SriovError("remote-failure", `The image's first boot failed: ${primed.stdout}${primed.stderr}`);
    }
    await waitForEnd(host.stillAlive);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SriovError(
      "remote-failure",
      `The image did not start: ${why} Its console ends:\n${tail(serialLog, 15)}`,
      {
        cause: error,
      },
    );
  } finally {
    await endProcess(host.pid);
    await Promise.all([serialLog, qemuLog, target.knownHostsFile].map((file) => rm(file, { force: true })));
  }
}

/** The host powers itself off when it is done: only then is its disk whole. */
async function waitForEnd(stillAlive: () => void): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(200)) {
    try {
      stillAlive();
    } catch {
      return;
    }
  }
  throw new SriovError("timeout", "The image's first boot did not power off within 120 s.");
}
