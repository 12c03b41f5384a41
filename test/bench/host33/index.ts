// One host, 33 resources: the whole path with the real CLI against what the engine takes for resources that do nothing, against
// Pulumi's provider for commands and one shell script with the same commands, and over longer ways.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type PulumiProject, createProject } from "../../../lab/pulumi-project.js";
import { ensurePackages } from "../../../lab/packages.js";
import { ensurePulumi } from "../../../lab/pulumi-cli.js";
import { libvirtdPackages } from "../../integration/libvirtd.js";
import { sshdPackages } from "../../integration/sshd.js";
import { startDelayProxy } from "../delay-proxy.js";
import type { Figures, Part } from "../part.js";
import { type KvmHost, startKvmHost } from "./kvm-host.js";
import { findPeer } from "./peer.js";
import { destroyScript, floorProgram, ourProgram, upScript } from "./subjects.js";

const operations = ["up", "noop", "refresh", "preview", "destroy"] as const;
type Operation = (typeof operations)[number];
type Times = Record<Operation, number>;

const rounds = 3;
const roundTrips = [20, 100];

export const host33: Part = {
  name: "host33",
  title: `one host, 4 pools and 28 interfaces of 7 VMs; the best of ${rounds} rounds, in turn with the engine's floor`,
  async run(show) {
    await ensurePackages([...libvirtdPackages, ...sshdPackages]);
    const host = await startKvmHost();
    try {
      return await compare(host, show);
    } finally {
      await host.stop();
    }
  },
};

async function compare(host: KvmHost, show: (line: string) => void): Promise<Figures> {
  const floor: Times[] = [];
  const ours: Times[] = [];
  const peers: Times[] = [];
  const shell: Pick<Times, "up" | "destroy">[] = [];
  const longer = new Map<number, Times[]>(roundTrips.map((roundTrip) => [roundTrip, []]));
  const peer = await findPeer(host, await ensurePulumi());
  for (let round = 1; round <= rounds; round += 1) {
    floor.push(await timesOf("floor", floorProgram()));
    ours.push(await timesOf("ours", ourProgram(host.uri())));
    if ("program" in peer) peers.push(await timesOf("peer", peer.program, peer.env));
    shell.push({ up: await script(host, upScript()), destroy: await script(host, destroyScript()) });
    for (const [roundTrip, times] of longer) times.push(await overLongerWay(host, roundTrip));
  }
  const least = (all: readonly Partial<Times>[], operation: Operation) =>
    Math.min(...all.map((times) => times[operation] ?? Infinity));

  const figures: Figures = {};
  show("            floor s   ours s    ratio");
  for (const operation of operations) {
    const ratio = least(ours, operation) / least(floor, operation);
    figures[`${operation}.ratioToFloor`] = ratio;
    figures[`${operation}.seconds`] = least(ours, operation);
    const cells = [least(floor, operation), least(ours, operation), ratio].map((n) => n.toFixed(2).padStart(8));
    show(`${operation.padEnd(10)} ${cells.join(" ")}`);
  }
  if ("why" in peer) show(`not compared with @pulumi/command: ${peer.why}`);
  else {
    show("   @pulumi/command s   ours s    ratio");
    for (const operation of operations) {
      const ratio = least(ours, operation) / least(peers, operation);
      figures[`${operation}.ratioToPeer`] = ratio;
      const cells = [least(peers, operation), least(ours, operation), ratio].map((n) => n.toFixed(2).padStart(8));
      show(`${operation.padEnd(10)} ${cells.join(" ")}`);
    }
  }
  for (const operation of ["up", "destroy"] as const) {
    figures[`${operation}.ratioToShell`] = least(ours, operation) / least(shell, operation);
    show(`${operation} as one shell script: ${least(shell, operation).toFixed(2)} s`);
  }
  for (const [roundTrip, all] of longer) {
    const cells = operations.map((operation) => {
      const time = least(all, operation);
      const ratio = time / least(floor, operation);
      figures[`rtt${roundTrip}.${operation}.ratioToFloor0`] = ratio;
      return `${operation} ${time.toFixed(2)} s (${ratio.toFixed(2)})`;
    });
    show(`at ${roundTrip} ms round trip, and its ratio to the floor at 0 ms: ${cells.join(", ")}`);
  }
  return figures;
}

async function overLongerWay(host: KvmHost, roundTripMs: number): Promise<Times> {
  const proxy = await startDelayProxy(host.sshd.port, roundTripMs);
  try {
    return await timesOf(`rtt${roundTripMs}`, ourProgram(host.uri(proxy.port)));
  } finally {
    await proxy.stop();
  }
}

async function timesOf(name: string, text: string, env: NodeJS.ProcessEnv = {}): Promise<Times> {
  const project = await createProject({ name: `bench-${name}`, program: { text }, pulumi: await ensurePulumi(), env });
  try {
    const run: Record<Operation, () => ReturnType<PulumiProject["up"]>> = {
      up: () => project.up({ args: ["--skip-preview"] }),
      noop: () => project.up({ args: ["--skip-preview", "--expect-no-changes"] }),
      refresh: () => project.refresh({ args: ["--skip-preview", "--expect-no-changes"] }),
      preview: () => project.preview(),
      destroy: () => project.destroy({ args: ["--skip-preview"] }),
    };
    const times = {} as Times;
    for (const operation of operations) {
      times[operation] = await seconds(async () => {
        const ran = await run[operation]();
        if (ran.exitCode !== 0) throw new Error(`${name}: ${operation} failed:\n${ran.stdout}${ran.stderr}`);
      });
    }
    return times;
  } finally {
    await project.dispose();
  }
}

/** One SSH connection, and all commands in it. */
function script({ sshd }: KvmHost, text: string): Promise<number> {
  const options = ["-i", sshd.identityFile, "-o", `UserKnownHostsFile=${sshd.knownHostsFile}`, "-o", "BatchMode=yes"];
  const target = ["-p", String(sshd.port), `${sshd.user}@127.0.0.1`];
  return seconds(() => promisify(execFile)("ssh", ["-F", "none", ...options, ...target, text]));
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}
