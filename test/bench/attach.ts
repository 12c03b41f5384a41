// 28 interfaces in the definitions of 7 VMs: our lifecycle, read-back and all, against one shell script with the same 28
// `virsh attach-device --config`, on the same real libvirtd, in turns.
import { randomInt } from "node:crypto";
import { deadlineIn } from "../../provider/base/deadline.js";
import { vmSriovInterface } from "../../provider/resources/vm-sriov-interface/index.js";
import { defineDomain, mustRun } from "../integration/libvirtd.js";
import { type World, host, startWorld } from "../integration/resources/world.js";
import type { Part } from "./part.js";

const vms = Array.from({ length: 7 }, (_, i) => `bench${i}`);
const perVm = 4;
const rounds = 5;

type Wanted = { domain: string; alias: string; mac: string };

const wanted = (): Wanted[] =>
  vms.flatMap((domain) =>
    Array.from({ length: perVm }, (_, i) => ({ domain, alias: `ua-data${i}`, mac: randomMac() })),
  );
const randomMac = () =>
  ["52", "54", "00", ...[0, 0, 0].map(() => randomInt(256).toString(16).padStart(2, "0"))].join(":");

const xml = ({ mac, alias }: Wanted) =>
  `<interface type='network'><mac address='${mac}'/><source network='pool'/><vlan><tag id='42'/></vlan><alias name='${alias}'/></interface>`;

async function seconds(act: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await act();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

async function ours(world: World, all: readonly Wanted[]): Promise<void> {
  const context = { ...world.context, deadline: deadlineIn(120_000) };
  await Promise.all(
    all.map(async ({ domain, alias, mac }) => {
      const inputs = { host, domain, network: "pool", vlan: 42, mac, alias, apply: "config" } as const;
      const outcome = await vmSriovInterface.create(context, { ...inputs, detachTimeout: 60, restartDomain: "never" });
      if (!outcome.done) throw new Error(outcome.reasons.join("\n"));
    }),
  );
}

async function script(world: World, all: readonly Wanted[]): Promise<string> {
  const file = ({ domain, alias }: Wanted) => `/run/${domain}-${alias}.xml`;
  const files = all.map((one) => `cat > ${file(one)} <<'END'\n${xml(one)}\nEND`);
  await mustRun(world.fixture, files.join("\n"));
  return all.map((one) => `virsh attach-device ${one.domain} ${file(one)} --config`).join(" &&\n");
}

/** How many interfaces the definitions have: what both sides have to bring about. */
async function attached(world: World): Promise<number> {
  const counts = vms.map((vm) => `virsh dumpxml --inactive ${vm} | grep -c "<interface type='network'" || true`);
  return (await mustRun(world.fixture, counts.join("\n")))
    .trim()
    .split("\n")
    .map(Number)
    .reduce((a, b) => a + b, 0);
}

async function clean(world: World): Promise<void> {
  for (const vm of vms) {
    await mustRun(world.fixture, `virsh undefine ${vm} 2>/dev/null || true`);
    await defineDomain(world.fixture, vm);
  }
}

export const attach: Part = {
  name: "attach",
  title:
    "28 config attaches on a real libvirtd, against one shell script of virsh calls (target: at most 1.3 times its time)",
  async run(show) {
    const world = await startWorld();
    try {
      await mustRun(
        world.fixture,
        `echo "<network><name>pool</name><forward mode='hostdev' managed='yes'><pf dev='ens1f0'/></forward></network>" > /run/net.xml
         virsh net-define /run/net.xml && virsh net-start pool`,
      );
      const times: { ours: number[]; script: number[] } = { ours: [], script: [] };
      for (let round = 0; round < rounds; round += 1) {
        for (const side of ["script", "ours"] as const) {
          await clean(world);
          const all = wanted();
          const commands = side === "script" ? await script(world, all) : "";
          const took = await seconds(() => (side === "ours" ? ours(world, all) : mustRun(world.fixture, commands)));
          const found = await attached(world);
          if (found !== all.length) throw new Error(`${side}: ${found} of ${all.length} interfaces are attached`);
          times[side].push(took);
        }
        show(
          `round ${round + 1}: script ${times.script.at(-1)?.toFixed(2)} s, ours ${times.ours.at(-1)?.toFixed(2)} s`,
        );
      }
      const median = (list: number[]) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
      const [own, other] = [median(times.ours), median(times.script)];
      return { "ours-s": own, "script-s": other, ratio: own / other };
    } finally {
      await world.close();
    }
  },
};
