// The process of the simulated hosts: started by fleet.ts with a message that says how many, it answers where they listen, and
// from then on each "counts" with what every host was asked and has.
import { type HostCounts, type HostKeys, type Illness, SimulatedHost } from "./simulated-host.js";
import { LinuxStates } from "./simulated-linux.js";

/** `ill`: what the last ones have. */
export type Order = { hosts: number; ill: Illness[]; keys: HostKeys };
export type Place = { address: string; port: number };
export type Message = { places: Place[] } | { counts: HostCounts[] } | { error: string };

const tell = (message: Message) => void process.send?.(message);
const states = new LinuxStates();
const hosts: SimulatedHost[] = [];

async function start({ hosts: count, ill, keys }: Order): Promise<void> {
  const places: Place[] = [];
  for (let number = 1; number <= count; number += 1) {
    const host = new SimulatedHost(number, keys, states, ill[number - 1 - count + ill.length]);
    // All of 127.0.0.0/8 is this machine's: each host has an address of its own.
    const address = `127.77.${number >> 8}.${number & 255}`;
    places.push({ address, port: await host.listen(address) });
    hosts.push(host);
  }
  tell({ places });
}

process.on("message", (message: Order | "counts") => {
  if (message === "counts") return tell({ counts: hosts.map((host) => host.counts) });
  return void start(message).catch((error: unknown) => tell({ error: String(error) }));
});
process.on("disconnect", () => {
  states.dispose();
  process.exit(0);
});
