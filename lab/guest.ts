// Looks inside a VM of the emulated host without using its network: commands go over its second serial port.
import { SriovError } from "../provider/base/errors.js";
import type { Lab } from "./lab.js";

/** The VMs every lab has, shut off and without a NIC. Their first VF gets this address (10.77.N.x for the N-th after it). */
export const labGuests = [
  { name: "z-k8s-n-1", address: "10.77.0.11" },
  { name: "z-k8s-n-2", address: "10.77.0.12" },
] as const;

export type GuestResult = { exitCode: number; output: string };

/** `lab-guest`'s own answer for "nothing heard in time", as of timeout(1). */
const NO_ANSWER = 124;

/**
 * Runs a shell command in a running VM; waits for the VM to boot. An emulated VM in an emulated host takes a minute or more
 * for that.
 */
export async function runInGuest(
  lab: Lab,
  domain: string,
  command: string,
  options: { timeoutMs?: number } = {},
): Promise<GuestResult> {
  const seconds = Math.ceil((options.timeoutMs ?? 300_000) / 1000);
  const result = await lab.run(`lab-guest ${quote(domain)} ${seconds} ${quote(command)}`, {
    timeoutMs: (seconds + 30) * 1000,
  });
  if (result.exitCode === NO_ANSWER && result.stderr.startsWith("lab-guest:")) {
    const said = result.stderr.trim().slice("lab-guest: ".length);
    throw new SriovError("timeout", `${said} (waited ${seconds} s). ${await lastWordsOf(lab, domain)}`);
  }
  return { exitCode: result.exitCode, output: result.stdout };
}

/** What a VM that does not answer last said, and whether the host sees it run: later nobody can ask. */
async function lastWordsOf(lab: Lab, domain: string): Promise<string> {
  const log = `/var/log/libvirt/qemu/${domain}-console.log`;
  const look = `virsh domstate ${quote(domain)}; uptime; tail -n 20 ${quote(log)}`;
  const seen = await lab.run(look, { timeoutMs: 30_000 }).catch((error: unknown) => ({ stdout: String(error) }));
  return `The VM's state, the host's load, and the end of the VM's console:\n${seen.stdout}`;
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
