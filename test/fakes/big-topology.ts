// A host of 4 PFs with 7 VFs each, 4 pools and 7 VMs, in every state that there is: what a picture has to stay readable with.
import type { NicNode, PfNode, PoolNode, Topology, VfNode, VmNode } from "../../provider/cli/topology/topology.js";

const netdevs = ["eno49", "eno50", "enp129s0f0np0", "enp129s0f1np1"];
const address = (pf: number, vf: number) => `0000:0${pf + 1}:1${Math.floor(vf / 4)}.${(vf % 4) * 2}`;

const names = ["z-k8s-n-1", "z-k8s-n-2", "z-k8s-n-3", "router-edge-fra1", "db", "vpn-gateway", "build-runner-02"];
/** PF, VF, of which VM; the last two stopped. */
const held: [pf: number, vf: number, vm: number][] = [
  [0, 0, 0],
  [0, 1, 1],
  [1, 0, 0],
  [1, 3, 2],
  [2, 6, 3],
  [0, 2, 3],
  [3, 5, 4],
];

function vfNode(pf: number, vf: number): VfNode {
  const vm = held.find(([ofPf, index]) => ofPf === pf && index === vf)?.[2];
  const common = { index: vf, address: address(pf, vf), iommuGroup: 90 + pf * 7 + vf, driver: "igbvf" };
  // The last VF of each PF is in no pool.
  const pool = vf === 6 ? {} : { pool: `pool-${netdevs[pf]}` };
  if (vm !== undefined) {
    return { ...common, ...pool, vlan: 42, state: "vf-vm", user: { use: "vm", domain: names[vm] ?? "" } };
  }
  if (vf === 6 && pf === 0)
    return { ...common, vlan: 100, state: "vf-host", user: { use: "host", uppers: ["br-storage"] } };
  if (vf === 6 && pf === 1) {
    return { ...common, vlan: 0, state: "vf-process", user: { use: "process", process: "dpdk-testpmd (48211)" } };
  }
  return { ...common, ...pool, vlan: 0, state: "vf-free", user: { use: "free" } };
}

const pfs = netdevs.map((name, pf): PfNode => ({
  address: `0000:0${pf + 1}:00.0`,
  name,
  driver: pf < 2 ? "igb" : "mlx5_core",
  state: (["pf-up", "pf-up", "pf-no-link", "pf-down"] as const)[pf] ?? "pf-up",
  numVfs: 7,
  totalVfs: 63,
  vfs: Array.from({ length: 7 }, (_, vf) => vfNode(pf, vf)),
}));

const pools = netdevs.map((netdev, pf): PoolNode => ({
  name: `pool-${netdev}`,
  state: (["running", "running", "stale", "stopped"] as const)[pf] ?? "running",
  vfs: 6,
  used: held.filter(([ofPf, vf]) => ofPf === pf && vf !== 6).length,
}));

const vms = names.map((name, vm): VmNode => {
  const nics = held
    .filter(([, , of]) => of === vm)
    .map(([pf, vf], i): NicNode => ({
      mac: `52:54:00:00:0${vm}:0${i}`,
      vlan: 42,
      ...(vf === 6 ? {} : { pool: `pool-${netdevs[pf]}` }),
      vf: address(pf, vf),
      live: true,
    }));
  if (nics.length > 0) return { name, state: "running", nics };
  return {
    name,
    state: "stopped",
    nics: [{ mac: `52:54:00:00:0${vm}:00`, pool: `pool-${netdevs[vm % 4]}`, live: false }],
  };
});

export const bigTopology: Topology = { host: "kvm1.example.net", hasLibvirt: true, pfs, pools, vms, otherVms: 3 };
