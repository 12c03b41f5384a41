// Reads one PF, its VFs and what is installed for the boot: one round trip.
import { setTimeout as sleep } from "node:timers/promises";
import { SriovError } from "../../base/errors.js";
import { isPciAddress, parsePciAddress } from "../../base/pci-address.js";
import { runScript } from "../script.js";
import type { Shell } from "../shell.js";
import { type PfReading, parsePfReading } from "./pf.js";
import { readerScript } from "./reader-script.js";

const attempts = 5;
const pauseMs = 400;

export type CompleteReading = Exclude<PfReading, { found: "short-vf-list" }>;

/**
 * Equivalent to: `ip -j -d link show dev $pf`, `ls /sys/bus/pci/devices/$pf`, `systemctl show pulumi-sriov-vfs@$pf`.
 * Read again, up to five times, when the kernel left VFs out: it does so while a VF is in reset, and returns no error.
 */
export async function readPf(shell: Shell, selector: string, signal?: AbortSignal): Promise<CompleteReading> {
  const canonical = isPciAddress(selector) ? parsePciAddress(selector) : selector;
  for (let attempt = 1; ; attempt += 1) {
    const output = await runScript(shell, `read PF ${selector}`, readerScript(canonical), signal ? { signal } : {});
    const reading = parsePfReading(output);
    if (reading.found !== "short-vf-list") return reading;
    if (attempt === attempts) {
      throw new SriovError(
        "remote-failure",
        `Failed to read the VFs of PF ${selector} on ${shell.name}: ${reading.reason}, in ${attempts} attempts`,
        { remedy: "The driver may be resetting a VF: look at the kernel log (dmesg) of the host." },
      );
    }
    await sleep(pauseMs, undefined, signal ? { signal } : {});
  }
}
