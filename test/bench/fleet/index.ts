// Fleets of 50, 200 and 1,000 simulated hosts with four resources each, with the real CLI: how time and memory grow. Each host gets
// the VFs of its PF, a pool of them, and an interface in each of two VMs. The hosts share the machine's processors with what is
// measured.
import { ensurePulumi } from "../../../lab/pulumi-cli.js";
import { type PulumiProject, createProject } from "../../../lab/pulumi-project.js";
import type { Figures, Part } from "../part.js";
import { type Fleet, startFleet } from "./fleet.js";
import { type Used, watchProcesses } from "./processes.js";
import { fleetProgram, floorProgram, wanted } from "./program.js";

const sizes = [50, 200, 1_000] as const;

export const fleets: Part[] = sizes.map((hosts) => ({
  name: `fleet${hosts}`,
  title: `${hosts} simulated hosts, 7 VFs, a pool and ${wanted.interfaces} interfaces on each`,
  async run(show) {
    const fleet = await startFleet(hosts);
    try {
      return await measure(fleet, show);
    } finally {
      await fleet.stop();
    }
  },
}));

const env = { PULUMI_SKIP_CHECKPOINTS: "true" };

type Operation = "up" | "noop" | "refresh" | "preview" | "destroy";
type Measured = Used & { seconds: number };

async function measure(fleet: Fleet, show: (line: string) => void): Promise<Figures> {
  const text = fleetProgram(fleet.uris);
  const project = await createProject({ name: "bench-fleet", program: { text }, pulumi: await ensurePulumi(), env });
  const figures: Figures = {};
  try {
    show("            seconds      CPU s  provider MiB  connections  commands  libvirt calls  (of a host)");
    for (const operation of ["up", "noop", "refresh", "preview", "destroy"] as const) {
      const before = await totals(fleet);
      const measured = await run(project, operation, fleet);
      const after = await totals(fleet);
      await mustHave(fleet, operation === "destroy" ? { vfs: 0, networks: 0, interfaces: 0 } : wanted);
      const perHost = (name: keyof typeof after) => (after[name] - before[name]) / fleet.uris.length;
      figures[`${operation}.seconds`] = measured.seconds;
      figures[`${operation}.connectionsPerHost`] = perHost("connections");
      figures["providerPeakMiB"] = Math.max(figures["providerPeakMiB"] ?? 0, measured.providerPeakMiB);
      figures["connectionsPerHost"] = Math.max(figures["connectionsPerHost"] ?? 0, perHost("connections"));
      if (operation === "up") figures["cpuSeconds"] = measured.cpuSeconds;
      const cells = [measured.seconds, measured.cpuSeconds, measured.providerPeakMiB].map((n) => n.toFixed(1));
      const asked = [perHost("connections"), perHost("commands"), perHost("calls")].map((n) => n.toFixed(2));
      show(row(operation, [...cells, ...asked]));
      if (operation === "noop") {
        const floor = await floorOfNoop(fleet);
        figures["floor.noop.seconds"] = floor.seconds;
        figures["noop.ratioToFloor"] = measured.seconds / floor.seconds;
        const used = [floor.seconds, floor.cpuSeconds, floor.providerPeakMiB].map((n) => n.toFixed(1));
        show(row("its floor", used));
      }
    }
    return figures;
  } finally {
    await project.dispose();
  }
}

const row = (name: string, cells: readonly string[]): string => {
  const widths = [8, 10, 13, 12, 9, 14];
  return name.padEnd(11) + cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join(" ");
};

/** What the engine takes to find that nothing is to be done for as many resources: that is not linear by itself. */
async function floorOfNoop(fleet: Fleet): Promise<Measured> {
  const text = floorProgram(fleet.uris);
  const project = await createProject({ name: "bench-floor", program: { text }, pulumi: await ensurePulumi(), env });
  try {
    await run(project, "up", fleet);
    return await run(project, "noop", fleet);
  } finally {
    await project.dispose();
  }
}

async function run(project: PulumiProject, operation: Operation, fleet: Fleet): Promise<Measured> {
  const limitSeconds = 120 + fleet.uris.length;
  const processes = watchProcesses(fleet.pid);
  // First as Ctrl-C; who does not listen to that is ended.
  const signal = AbortSignal.timeout(limitSeconds * 1000);
  const last = setTimeout(() => processes.kill(), (limitSeconds + 30) * 1000);
  const start = process.hrtime.bigint();
  try {
    const ran = await operations[operation](project, signal);
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    if (signal.aborted) throw new Error(`${operation} did not end within ${limitSeconds} s:\n${tail(ran)}`);
    if (ran.exitCode !== 0) throw new Error(`${operation} failed:\n${tail(ran)}`);
    return { seconds, ...processes.stop() };
  } finally {
    clearTimeout(last);
    processes.stop();
  }
}

type Run = (project: PulumiProject, signal: AbortSignal) => ReturnType<PulumiProject["up"]>;

const operations: Record<Operation, Run> = {
  up: (project, signal) => project.up({ args: ["--skip-preview"], signal }),
  noop: (project, signal) => project.up({ args: ["--skip-preview", "--expect-no-changes"], signal }),
  refresh: (project, signal) => project.refresh({ args: ["--skip-preview", "--expect-no-changes"], signal }),
  preview: (project, signal) => project.preview({ args: ["--expect-no-changes"], signal }),
  destroy: (project, signal) => project.destroy({ args: ["--skip-preview"], signal }),
};

/** Thousands of resources make long outputs, and what went wrong is at the end. */
const tail = ({ stdout, stderr }: { stdout: string; stderr: string }) => (stdout + stderr).slice(-6_000);

async function totals(fleet: Fleet) {
  const all = await fleet.counts();
  const sum = (name: "connections" | "commands" | "calls") => all.reduce((total, host) => total + host[name], 0);
  return { connections: sum("connections"), commands: sum("commands"), calls: sum("calls") };
}

/** Asked of the hosts, not of Pulumi. */
async function mustHave(fleet: Fleet, { vfs, networks, interfaces }: typeof wanted): Promise<void> {
  const wrong = (await fleet.counts()).filter(
    (host) => host.vfs !== vfs || host.networks !== networks || host.interfaces !== interfaces,
  );
  if (wrong.length > 0) {
    throw new Error(`${wrong.length} hosts do not have what the program says, such as ${JSON.stringify(wrong[0])}`);
  }
}
