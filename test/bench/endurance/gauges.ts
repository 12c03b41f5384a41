// What may grow when something is not given back: in this process, in the host's sshd, at its libvirt. And who decides whether it has.
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { collectGarbage } from "../../kept.js";
import { type LibvirtdFixture, mustRun } from "../../integration/libvirtd.js";
import type { KvmHost } from "../host33/kvm-host.js";

export type Gauges = {
  /** After a forced collection. */
  heapMiB: number;
  rssMiB: number;
  /** Open files of this process: /proc/self/fd. */
  handles: number;
  /** Open files of the sshd processes that serve us: every channel, of a command or of a socket, is at least one. */
  channels: number;
  /** Clients that the host's libvirtd has. */
  libvirtConnections: number;
};

/**
 * How much more than after the warm-up is no leak. What is counted may not grow at all; a heap moves by what V8 keeps of code and
 * feedback, which ends, so 500 cycles that keep 4 KiB each are found. RSS moves by what V8 has ready for the next garbage.
 */
export const bounds: Gauges = { heapMiB: 2, rssMiB: 128, handles: 0, channels: 0, libvirtConnections: 0 };

/** A channel that was closed here is closed there when its packet has arrived; and an idle V8 gives memory back. */
const settleMs = 500;

/** Waits, with a bound, until what is counted is down at `before`. */
export async function readGauges(host: KvmHost, before?: Gauges): Promise<Gauges> {
  await sleep(settleMs);
  for (const end = Date.now() + settleMs; ; await sleep(50)) {
    const now = await readOnce(host);
    const isSettled = before === undefined || counted.every((gauge) => now[gauge] <= before[gauge]);
    if (isSettled || Date.now() > end) return now;
  }
}

const counted = ["handles", "channels", "libvirtConnections"] as const;

async function readOnce({ libvirtd, sshd }: KvmHost): Promise<Gauges> {
  const channels = await openFilesBelow(sshd.pid);
  const clients = await clientsOf(libvirtd);
  collectGarbage();
  const { heapUsed, rss } = process.memoryUsage();
  return {
    heapMiB: heapUsed / 2 ** 20,
    rssMiB: rss / 2 ** 20,
    handles: readdirSync("/proc/self/fd").length,
    channels,
    libvirtConnections: clients,
  };
}

/**
 * An accepted socket bears the name of the listening one and is in the state 03, connected. It is listed in the network namespace of
 * who connects (net/unix/af_unix.c), here, where other libvirtds may have clients as well: so it has to be open in this one.
 */
async function clientsOf(libvirtd: LibvirtdFixture): Promise<number> {
  const links = await mustRun(libvirtd, 'for p in $(pgrep -x libvirtd); do readlink /proc/"$p"/fd/*; done');
  const open = new Set(links.split("\n").map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const lines = readFileSync("/proc/net/unix", "utf8").split("\n");
  return lines.filter((line) => {
    const [, , , , , state, inode, path = ""] = line.trim().split(/\s+/);
    return state === "03" && path.endsWith("/libvirt-sock") && open.has(inode);
  }).length;
}

/** Of the processes that sshd has made, one or two a connection; not of the commands, which come and go. */
async function openFilesBelow(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-e", "-o", "pid=,ppid=,comm="]);
  const processes = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , name = ""]) => name.startsWith("sshd"));
  const below = (parent: string): string[] =>
    processes.filter(([, ppid]) => ppid === parent).flatMap(([child = ""]) => [child, ...below(child)]);
  return below(String(pid)).reduce((sum, child) => sum + readdirSync(`/proc/${child}/fd`).length, 0);
}

/** A sentence for each gauge that has grown beyond its bound. */
export function growth(first: Gauges, last: Gauges): string[] {
  return (Object.keys(bounds) as (keyof Gauges)[])
    .filter((gauge) => last[gauge] - first[gauge] > bounds[gauge])
    .map((gauge) => {
      const [from, to] = [first[gauge], last[gauge]].map((value) => Number(value.toFixed(2)));
      return `${gauge} grew from ${from} to ${to}, by more than ${bounds[gauge]}`;
    });
}
