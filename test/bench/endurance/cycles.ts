// What is done again and again: an interface comes and goes, and everything of a program is looked at. Each call has a context
// of its own, as each RPC of the engine has.
import { isDeepStrictEqual } from "node:util";
import { silentLog } from "../../../provider/base/log.js";
import { createContext, readAgeMs } from "../../../provider/resources/context.js";
import type { Lifecycle, Values } from "../../../provider/resources/lifecycle.js";
import { sriovNetwork } from "../../../provider/resources/sriov-network/index.js";
import { vfConfig } from "../../../provider/resources/vf-config/index.js";
import { vmSriovInterface } from "../../../provider/resources/vm-sriov-interface/index.js";
import type { FakePf } from "../../integration/libvirtd.js";
import { type KvmHost, vms } from "../host33/kvm-host.js";

const timeoutMs = 60_000;
const writing = () => createContext({ log: silentLog, signal: new AbortController().signal, timeoutMs });
const looking = () =>
  createContext({ log: silentLog, signal: new AbortController().signal, timeoutMs, maxAgeMs: readAgeMs });

type Made = {
  name: string;
  asked: Values;
  lifecycle: Lifecycle<object, object>;
  id: string;
  inputs: object;
  state: object;
};

const [vm = "", ...others] = vms;

export type Cycles = {
  attachAndDetach: () => Promise<void>;
  lookAtAll: () => Promise<void>;
  dispose: () => Promise<void>;
};

/** Makes the program that is looked at: the VFs and a pool of each PF, and an interface in each VM but the one that is left for cycles. */
export async function startCycles(kvm: KvmHost, ownPfs: readonly FakePf[]): Promise<Cycles> {
  const host = { uri: kvm.uri() };
  const network = `pool-${ownPfs[0]?.netdev}`;
  const made: Made[] = [];
  const makeAll = async (all: [name: string, lifecycle: unknown, asked: Values][]) => {
    const one = ([name, lifecycle, asked]: (typeof all)[number]) =>
      make(name, lifecycle as Lifecycle<object, object>, asked);
    made.push(...(await Promise.all(all.map(one))));
  };
  await makeAll(
    ownPfs.map(({ netdev: pf, vfs }) => [`vfs-${pf}`, vfConfig, { host, pf, numVfs: vfs.length, persistence: "none" }]),
  );
  await makeAll(ownPfs.map(({ netdev: pf }) => [`pool-${pf}`, sriovNetwork, { host, name: `pool-${pf}`, pf }]));
  await makeAll(others.map((domain) => [`nic-${domain}`, vmSriovInterface, { host, domain, network, vlan: 42 }]));
  return {
    attachAndDetach: async () => {
      const asked = { host, domain: vm, network, vlan: 43, apply: "config" };
      const { lifecycle, id, state } = await make("nic-of-a-cycle", vmSriovInterface, asked);
      await lifecycle.delete(writing(), id, state);
    },
    lookAtAll: async () => void (await Promise.all(made.map(lookAt))),
    dispose: async () => {
      for (const { lifecycle, id, state } of made.reverse()) await lifecycle.delete(writing(), id, state);
    },
  };
}

async function make(name: string, lifecycle: Lifecycle<object, object>, asked: Values): Promise<Made> {
  const { inputs, failures } = await lifecycle.check(looking(), asked, undefined, name);
  if (failures.length > 0) throw new Error(`${name}: ${JSON.stringify(failures)}`);
  const outcome = await lifecycle.create(writing(), inputs);
  if (!outcome.done) throw new Error(`${name}: ${outcome.reasons.join("\n")}`);
  return { name, asked, lifecycle, id: outcome.id, inputs, state: outcome.state };
}

/** As `pulumi refresh` and `pulumi preview` do, and nothing may have changed. */
async function lookAt({ name, asked, lifecycle, id, inputs, state }: Made): Promise<void> {
  const checked = await lifecycle.check(looking(), asked, inputs as Values, name);
  const { changes } = lifecycle.diff(id, state, checked.inputs);
  const now = await lifecycle.read(looking(), id, state);
  if (changes.length > 0 || checked.failures.length > 0 || !now.here || !isDeepStrictEqual(now.state, state)) {
    throw new Error(`${name} is not as it was made: ${JSON.stringify({ changes, failures: checked.failures, now })}`);
  }
}
