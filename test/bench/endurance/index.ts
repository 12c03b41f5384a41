// The same things 500 times: nothing may be left of them, in our memory, in sshd or at libvirt.
import { ensurePackages } from "../../../lab/packages.js";
import { closeEverything } from "../../../provider/resources/context.js";
import { libvirtdPackages } from "../../integration/libvirtd.js";
import { sshdPackages } from "../../integration/sshd.js";
import { type KvmHost, pfs, startKvmHost } from "../host33/kvm-host.js";
import type { Figures, Part } from "../part.js";
import { startCycles } from "./cycles.js";
import { type Gauges, growth, readGauges } from "./gauges.js";

export type EnduranceOptions = {
  /** Of each kind. */
  cycles: number;
  /** Gauges are read after so many. */
  every: number;
  /** Before the first reading: caches fill, and code is compiled. */
  warmUp: number;
  /** How many of the host's four PFs have a part in it. */
  pfCount: number;
  /** Is done in each cycle, too. */
  also?: (host: KvmHost) => Promise<void>;
};

/** Throws, with the name of what grew, when something did beyond its bound. */
export async function endure(
  host: KvmHost,
  { cycles, every, warmUp, pfCount, also }: EnduranceOptions,
  show: (line: string) => void,
): Promise<Figures> {
  const work = await startCycles(host, pfs.slice(0, pfCount));
  try {
    const kinds = [work.attachAndDetach, work.lookAtAll, ...(also ? [() => also(host)] : [])];
    const repeat = async (times: number) => {
      for (let turn = 0; turn < times; turn += 1) for (const cycle of kinds) await cycle();
    };
    await repeat(warmUp);
    const first = await readGauges(host);
    show(lineOf(0, first));
    let last = first;
    for (let done = 0; done < cycles;) {
      const next = Math.min(every, cycles - done);
      await repeat(next);
      done += next;
      last = await readGauges(host, first);
      show(lineOf(done, last));
    }
    const grown = growth(first, last);
    if (grown.length > 0) throw new Error(`After ${cycles} cycles ${grown.join("; ")}`);
    return {
      cycles,
      heapGrowthMiB: last.heapMiB - first.heapMiB,
      rssGrowthMiB: last.rssMiB - first.rssMiB,
      handles: last.handles,
      channels: last.channels,
      libvirtConnections: last.libvirtConnections,
    };
  } finally {
    await work.dispose();
    await closeEverything();
  }
}

const lineOf = (cycle: number, gauges: Gauges): string => {
  const { heapMiB, rssMiB, handles, channels, libvirtConnections } = gauges;
  return `cycle ${String(cycle).padStart(4)}: heap ${heapMiB.toFixed(1)} MiB, RSS ${rssMiB.toFixed(0)} MiB, ${handles} open files, ${channels} of sshd's, ${libvirtConnections} libvirt connections`;
};

export const endurance: Part = {
  name: "endurance",
  title: "500 times an interface attached and detached, and 14 resources checked, compared and read: nothing may grow",
  async run(show) {
    await ensurePackages([...libvirtdPackages, ...sshdPackages]);
    const host = await startKvmHost();
    try {
      return await endure(host, { cycles: 500, every: 100, warmUp: 50, pfCount: pfs.length }, show);
    } finally {
      await host.stop();
    }
  },
};
