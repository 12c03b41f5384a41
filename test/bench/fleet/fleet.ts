// Starts the simulated hosts in a process of their own, so that their work is not taken for the benchmark's or the provider's.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newEd25519 } from "../../unit/transport/ed25519.js";
import type { HostCounts, Illness } from "./simulated-host.js";
import type { Message, Order } from "./simulator.js";

export type Fleet = {
  uris: string[];
  pid: number;
  counts(): Promise<HostCounts[]>;
  stop(): Promise<void>;
};

const startLimitMs = 60_000;

/** `ill`: hosts beyond those, the last ones, and what is wrong with them. */
export async function startFleet(healthy: number, { ill = [] }: { ill?: Illness[] } = {}): Promise<Fleet> {
  const dir = await mkdtemp(join(tmpdir(), "pulumi-sriov-fleet-"));
  const child = fork(join(__dirname, "simulator.ts"), { execArgv: ["--require", "tsx/cjs"] });
  const stop = async () => {
    if (child.connected) child.disconnect();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const [host, user] = [newEd25519(), newEd25519()];
    const order: Order = {
      hosts: healthy + ill.length,
      ill,
      keys: { hostPrivate: host.private, userPublic: user.public },
    };
    child.send(order);
    const message = await next(child, "start");
    if (!("places" in message)) throw new Error(`the simulated hosts do not start: ${JSON.stringify(message)}`);
    const [keyfile, knownHosts] = [join(dir, "id_ed25519"), join(dir, "known_hosts")];
    await writeFile(keyfile, user.private, { mode: 0o600 });
    // A line a host, as ssh-keyscan writes it.
    const known = message.places.map(({ address, port }) => `[${address}]:${port} ${host.public}\n`);
    await writeFile(knownHosts, known.join(""));
    const parameters = new URLSearchParams({ keyfile, known_hosts: knownHosts }).toString();
    return {
      uris: message.places.map(({ address, port }) => `qemu+ssh://root@${address}:${port}/system?${parameters}`),
      pid: child.pid ?? 0,
      counts: async () => {
        child.send("counts");
        const answer = await next(child, "count");
        if (!("counts" in answer)) throw new Error(`the simulated hosts do not count: ${JSON.stringify(answer)}`);
        return answer.counts;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One message at a time is asked for. */
async function next(child: ChildProcess, doing: string): Promise<Message> {
  const ended = new AbortController();
  const onExit = () => ended.abort(new Error("they ended"));
  child.once("exit", onExit);
  try {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(startLimitMs)]);
    const [message] = (await once(child, "message", { signal })) as [Message];
    return message;
  } catch (cause) {
    throw new Error(`the simulated hosts do not ${doing} within ${startLimitMs / 1000} s, or ended before`, { cause });
  } finally {
    child.off("exit", onExit);
  }
}
