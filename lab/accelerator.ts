// Whether KVM works here. /dev/kvm can exist and still hang every guest (nested virtualisation, locked-down sandboxes), so
// the question is put to KVM itself: boot the lab's own kernel on it, for a bounded time. The answer holds until the
// machine boots again.
import { constants } from "node:fs";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { labCacheFolder } from "./cache.js";
import { runChild } from "./child.js";
import type { Report } from "./progress.js";
import type { Accelerator } from "./qemu.js";

// A kernel that finds no root file system panics within 2 s on a working KVM.
const PROBE_MS = 20_000;

export async function chooseAccelerator(kernel: string, report: Report): Promise<Accelerator> {
  if (!(await canOpenKvm())) return "tcg";
  const bootId = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const remembered = join(labCacheFolder(), "accelerator.json");
  const known = await readRemembered(remembered);
  if (known?.bootId === bootId) return known.accelerator;

  report(`asking /dev/kvm to boot a kernel (${PROBE_MS / 1000} s at most)`);
  const accelerator = (await kvmBoots(kernel)) ? "kvm" : "tcg";
  await mkdir(labCacheFolder(), { recursive: true });
  await writeFile(remembered, JSON.stringify({ bootId, accelerator }));
  return accelerator;
}

async function canOpenKvm(): Promise<boolean> {
  try {
    await access("/dev/kvm", constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function kvmBoots(kernel: string): Promise<boolean> {
  const probe = await runChild(
    "qemu-system-x86_64",
    [
      ...["-accel", "kvm", "-cpu", "host", "-machine", "q35,kernel-irqchip=split", "-m", "512M", "-smp", "2"],
      ...["-display", "none", "-monitor", "none", "-serial", "none", "-nodefaults"],
      // No root: the kernel panics, panic=-1 makes that a reset, and -no-reboot makes the reset an exit.
      ...["-no-reboot", "-kernel", kernel, "-append", "panic=-1"],
    ],
    { timeoutMs: PROBE_MS },
  );
  return probe.exitCode === 0;
}

type Remembered = { bootId: string; accelerator: Accelerator };

async function readRemembered(file: string): Promise<Remembered | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Remembered;
  } catch {
    return undefined; // never asked, or half-written: ask again
  }
}
