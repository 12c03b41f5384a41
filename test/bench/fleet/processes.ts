// What the processes below this one used, looked up in /proc while they run: a plugin of Pulumi's is not our child, and nobody
// tells us its peak after it has ended.
import { readFileSync, readdirSync } from "node:fs";

/** Seconds of CPU, and the most memory the process of the dynamic resources ever had. */
export type Used = { cpuSeconds: number; providerPeakMiB: number };

const everyMs = 200;
/** USER_HZ: 100 on every Linux architecture we run on. */
const ticksPerSecond = 100;
const providerCommand = "dynamic-provider";

type Stat = { parent: number; startedAt: string; ticks: number };

/** Counts everything below this process but `except` and what is below that, until the answer is called. */
export function watchProcesses(except: number): { stop(): Used; kill(): void } {
  const ticks = new Map<string, number>();
  const before = new Set(below(process.pid, except).map(({ key }) => key));
  let peakKiB = 0;
  const look = () => {
    for (const { pid, key, stat } of below(process.pid, except)) {
      if (before.has(key)) continue;
      ticks.set(key, stat.ticks);
      if (read(pid, "cmdline").includes(providerCommand)) {
        peakKiB = Math.max(peakKiB, Number(/^VmHWM:\s*(\d+) kB$/m.exec(read(pid, "status"))?.[1] ?? 0));
      }
    }
  };
  const timer = setInterval(look, everyMs);
  return {
    stop: () => {
      look();
      clearInterval(timer);
      const sum = [...ticks.values()].reduce((a, b) => a + b, 0);
      return { cpuSeconds: sum / ticksPerSecond, providerPeakMiB: peakKiB / 1024 };
    },
    kill: () => {
      for (const { pid, key } of below(process.pid, except)) if (!before.has(key)) process.kill(pid, "SIGKILL");
    },
  };
}

function below(root: number, except: number): { pid: number; key: string; stat: Stat }[] {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (stat) stats.set(Number(name), stat);
  }
  const isBelow = (pid: number): boolean => {
    const parent = stats.get(pid)?.parent;
    return pid !== except && parent !== undefined && (parent === root || isBelow(parent));
  };
  return [...stats]
    .filter(([pid]) => isBelow(pid))
    .map(([pid, stat]) => ({ pid, stat, key: `${pid} ${stat.startedAt}` }));
}

function statOf(pid: number): Stat | undefined {
  // The name may hold anything, parentheses too.
  const fields = read(pid, "stat")
    .replace(/^.*\) /s, "")
    .split(" ");
  const [parent, user, system, startedAt] = [fields[1], fields[11], fields[12], fields[19]];
  if (startedAt === undefined) return undefined;
  return { parent: Number(parent), ticks: Number(user) + Number(system), startedAt };
}

/** Empty for a process that is gone. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}
