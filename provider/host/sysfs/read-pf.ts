// Reads one PF, or all of them, with the VFs and what is installed for the boot: one round trip.
import { setTimeout as sleep } from "node:timers/promises";
import { SriovError, kindOf } from "../../base/errors.js";
import { parseMac } from "../../base/mac.js";
import { isPciAddress, parsePciAddress } from "../../base/pci-address.js";
import { readByScript, runScript } from "../script.js";
import type { Shell } from "../shell.js";
import type { PersistenceFacts } from "../persistence/reader.js";
import type { Surroundings } from "../surroundings.js";
import { type PfFacts, type PfReading, parseAllPfReadings, parsePfReading } from "./pf.js";
import { type ReadOptions, allReaderScript, readerScript } from "./reader-script.js";

const attempts = 5;
const pauseMs = 400;

export type CompleteReading = Exclude<PfReading, { found: "short-vf-list" }>;

/**
 * Where the answer may be shared with others, all PFs of the host are read at once.
 * Equivalent to: `ip -j -d link show dev $pf`, `ls /sys/bus/pci/devices/$pf`, `systemctl show pulumi-sriov-vfs@$pf`.
 * Read again, up to five times, when the kernel left VFs out: it does so while a VF is in reset, and returns no error.
 */
export async function readPf(
  shell: Shell,
  selector: string | { mac: string },
  signal?: AbortSignal,
  options?: ReadOptions,
): Promise<CompleteReading> {
  if (shell.mayBeOld) {
    const known = await fromAll(shell, canonical(selector), signal);
    if (known) return known;
  }
  const script = readerScript(canonical(selector), options);
  const asked = typeof selector === "string" ? selector : selector.mac;
  const [reading] = await untilComplete(shell, `PF ${asked}`, script, (output) => [parsePfReading(output)], signal);
  if (reading) return reading;
  throw new SriovError("bug", "one PF was asked for, and none answered");
}

/** Undefined when it takes a closer look: to say which PF is meant, or what is wrong with this one or another one. */
async function fromAll(
  shell: Shell,
  selector: string | { mac: string },
  signal: AbortSignal | undefined,
): Promise<CompleteReading | undefined> {
  if (typeof selector !== "string") return undefined;
  const all = (await readAll(shell, signal)).filter((reading) => reading.found === "pf");
  const meant = all.filter(({ pf }) => [pf.pciAddress, pf.netdev, ...pf.altnames].includes(selector));
  const [found] = meant;
  if (!found || meant.length > 1) return undefined;
  const others = all.filter((one) => one !== found);
  return { ...found, macsInUse: [found, ...others].flatMap(({ macsInUse }) => macsInUse) };
}

async function readAll(shell: Shell, signal: AbortSignal | undefined): Promise<PfReading[]> {
  try {
    return parseAllPfReadings(await readByScript(shell, "read all PFs", allReaderScript(), signal));
  } catch (error) {
    if (kindOf(error) === "remote-failure") return [];
    throw error;
  }
}

function canonical(selector: string | { mac: string }): string | { mac: string } {
  if (typeof selector !== "string") return { mac: parseMac(selector.mac) };
  return isPciAddress(selector) ? parsePciAddress(selector) : selector;
}

export type PfWithBoot = { pf: PfFacts; persistence: PersistenceFacts; surroundings: Surroundings };

/** Every SR-IOV PF of the host. Equivalent to: `readPf` of each, in one round trip. */
export async function readAllPfs(shell: Shell, signal?: AbortSignal): Promise<PfWithBoot[]> {
  const readings = await untilComplete(shell, "all PFs", allReaderScript(), parseAllPfReadings, signal);
  return readings.filter((reading) => reading.found === "pf");
}

async function untilComplete(
  shell: Shell,
  what: string,
  script: string,
  parse: (output: string) => PfReading[],
  signal: AbortSignal | undefined,
): Promise<CompleteReading[]> {
  for (let attempt = 1; ; attempt += 1) {
    // Again means again: not the answer that there is.
    const read = attempt === 1 ? readByScript : readAgain;
    const readings = parse(await read(shell, `read ${what}`, script, signal));
    const short = readings.find((reading) => reading.found === "short-vf-list");
    if (!short) return readings.filter((reading) => reading.found !== "short-vf-list");
    if (attempt === attempts) {
      throw new SriovError(
        "remote-failure",
        `Failed to read the VFs of ${what} on ${shell.name}: ${short.reason}, in ${attempts} attempts`,
        { remedy: "The driver may be resetting a VF: look at the kernel log (dmesg) of the host." },
      );
    }
    await sleep(pauseMs, undefined, signal ? { signal } : {});
  }
}

const readAgain: typeof readByScript = (shell, doing, script, signal) =>
  runScript(shell, doing, script, signal ? { signal } : {});
