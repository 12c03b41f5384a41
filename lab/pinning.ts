// Keeps all threads of an emulated host on one CPU of this machine. QEMU's emulated SVM, which runs the VMs inside, changes a
// CPU's pending interrupts with a plain read-modify-write (QEMU 10.0, target/i386: `interrupt_request &= ~CPU_INTERRUPT_VIRQ`),
// without the lock that everybody else takes: a timer on another CPU then loses its interrupt, or brings one back that was
// done. Hosts and VMs hung by it now and then. On one CPU that instruction cannot be interrupted half-way.
import { readFileSync } from "node:fs";
import { isAlive, listLabs, readState } from "./run-state.js";

/** The CPU with the fewest labs on it. */
export async function chooseCpu(): Promise<number> {
  const states = await Promise.all((await listLabs()).map(readState));
  const taken = states.filter((state) => state !== undefined && isAlive(state)).map((state) => cpusOf(state?.pid ?? 0));
  return leastTaken(cpusOf("self"), taken);
}

export function leastTaken(allowed: readonly number[], taken: readonly (readonly number[])[]): number {
  const labsOn = (cpu: number) => taken.filter((cpus) => cpus.includes(cpu)).length;
  return [...allowed].sort((a, b) => labsOn(a) - labsOn(b) || a - b)[0] ?? 0;
}

/** The kernel's list format, as in `0-3,8`. */
export function parseCpuList(text: string): number[] {
  return text
    .split(",")
    .filter((part) => part.trim() !== "")
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

function cpusOf(pid: number | "self"): number[] {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return parseCpuList(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? "");
  } catch {
    return []; // it ended meanwhile
  }
}
