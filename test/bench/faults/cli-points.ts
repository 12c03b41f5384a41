// The points of the real CLI: whose process is killed and when, and two stacks on one host.
import { type KvmHost, startKvmHost } from "../host33/kvm-host.js";
import { killAndGoOn, kills } from "./kills.js";
import { samePool, sameVms } from "./stacks.js";
import { type Walked, asFailure } from "./walk.js";

export type CliPoint = { title: string; run: (host: KvmHost) => Promise<void> };

export const cliPoints: CliPoint[] = [
  ...kills.map((kill) => ({
    title: `kill -9 of the ${kill.victim} at ${kill.at} interfaces of ${kill.during === "up" ? "an up" : "a destroy"}`,
    run: (host: KvmHost) => killAndGoOn(host, kill),
  })),
  { title: "two stacks at once with interfaces of the same VMs", run: sameVms },
  { title: "two stacks at once that want the same pool", run: samePool },
];

/** One after the other, on one host for as long as all goes well. */
export async function walkCli(points: readonly CliPoint[]): Promise<Walked> {
  const walked: Walked = { points: 0, failures: [] };
  let host: KvmHost | undefined;
  try {
    for (const { title, run } of points) {
      host ??= await startKvmHost({ comesBack: true });
      walked.points += 1;
      try {
        await run(host);
      } catch (error) {
        walked.failures.push({ where: title, ...asFailure(error) });
        // What it left is no other point's affair.
        await host.stop();
        host = undefined;
      }
    }
  } finally {
    await host?.stop();
  }
  return walked;
}
