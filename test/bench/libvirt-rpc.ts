// Our client against libvirt's own Python binding: the same 200 list calls on one connection to the same libvirtd, in turns.
// Both get all there is at once: we pipeline, and the binding, whose calls block, gets a thread for each of four calls (libvirtd
// takes no more of one client at a time); its calls one after the other are shown, too.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ensurePackages } from "../../lab/packages.js";
import { connectTo, libvirtdPackages, mustRun, startLibvirtd } from "../integration/libvirtd.js";
import type { Figures, Part } from "./part.js";

const calls = 200;
const networks = 10;
const rounds = 40;

const python = `
import libvirt, sys, time, concurrent.futures
connection = libvirt.open(sys.argv[1])
pool = concurrent.futures.ThreadPoolExecutor(4)
list_all = lambda _: len(connection.listAllNetworks(0))
for line in sys.stdin:
    start = time.perf_counter()
    many = pool.map(list_all, range(${calls})) if line == "threads\\n" else map(list_all, range(${calls}))
    assert all(count == ${networks} for count in many)
    print((time.perf_counter() - start) * 1000, flush=True)
`;

type Binding = { measure(how: "threads" | "in turn"): Promise<number>; end(): void };

/** The binding in a process of its own, which has connected before anything is measured. */
function startBinding(command: string[]): Binding {
  const [file = "", ...args] = command;
  const child: ChildProcessWithoutNullStreams = spawn(file, args, { cwd: "/" });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    measure: async (how) => {
      child.stdin.write(`${how}\n`);
      const { value, done } = (await lines.next()) as { value?: string; done?: boolean };
      if (done) throw new Error(`the Python binding ended: ${said}`);
      return Number(value);
    },
    end: () => child.stdin.end(),
  };
}

type Times = Record<"ours" | "threads" | "in turn", number[]>;

export const libvirtRpc: Part = {
  name: "libvirt-rpc",
  title: `${calls} list calls on one connection to libvirtd; the best of ${rounds} rounds, in turn with libvirt's Python binding`,
  async run(show): Promise<Figures> {
    await ensurePackages([...libvirtdPackages, "python3-libvirt"]);
    const libvirtd = await startLibvirtd();
    try {
      for (let i = 0; i < networks; i += 1) {
        const xml = `<network><name>pool${i}</name><forward mode='hostdev'><pf dev='ens1f0'/></forward></network>`;
        await mustRun(libvirtd, `cat > /run/network.xml <<'END'\n${xml}\nEND\nvirsh net-define /run/network.xml`);
      }
      const client = await connectTo(libvirtd);
      const binding = startBinding([...libvirtd.enter, "/usr/bin/python3", "-c", python, "qemu:///system"]);
      const ours = async () => {
        const start = performance.now();
        const found = await Promise.all(Array.from({ length: calls }, () => client.listNetworks()));
        const milliseconds = performance.now() - start;
        if (found.some((list) => list.length !== networks)) throw new Error("not all networks were listed");
        return milliseconds;
      };
      const times: Times = { ours: [], threads: [], "in turn": [] };
      for (let round = -2; round < rounds; round += 1) {
        const [mine, threads, inTurn] = [
          await ours(),
          await binding.measure("threads"),
          await binding.measure("in turn"),
        ];
        if (round < 0) continue; // both warm up
        times.ours.push(mine);
        times.threads.push(threads);
        times["in turn"].push(inTurn);
      }
      binding.end();
      await client.close();
      return compare(times, show);
    } finally {
      await libvirtd.stop();
    }
  },
};

function compare(times: Times, show: (line: string) => void): Figures {
  const [ours, threads, inTurn] = [Math.min(...times.ours), Math.min(...times.threads), Math.min(...times["in turn"])];
  const rows: [string, number][] = [
    ["ours, pipelined", ours],
    ["the binding, 4 threads", threads],
    ["the binding, one after the other", inTurn],
  ];
  for (const [what, milliseconds] of rows) show(`${what.padEnd(34)} ${milliseconds.toFixed(1).padStart(7)} ms`);
  return { milliseconds: ours, ratioToThreads: ours / threads, ratioToOneByOne: ours / inTurn };
}
