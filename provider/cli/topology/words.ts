// What the tree and the picture say of each thing: the same words and shapes in both.
import type { NicNode, PfNode, PoolNode, State, Topology, VfNode } from "./topology.js";

export const shapes: { [state in State]: string } = {
  "pf-up": "▲",
  "pf-no-link": "△",
  "pf-down": "▽",
  "vf-free": "○",
  "vf-vm": "●",
  "vf-host": "■",
  "vf-process": "✚",
  running: "▶",
  stopped: "□",
  stale: "◆",
};

export const meanings: { [state in State]: string } = {
  "pf-up": "PF up",
  "pf-no-link": "PF up, no link",
  "pf-down": "PF down",
  "vf-free": "VF free",
  "vf-vm": "VF in a running VM",
  "vf-host": "VF used by the host",
  "vf-process": "VF of another program",
  running: "runs",
  stopped: "stopped",
  stale: "pool out of date",
};

export const countOf = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

export const pfText = ({ address, name, driver, state, numVfs, totalVfs }: PfNode): string[] => [
  `PF ${name}`,
  ...(name === address ? [] : [address]),
  driver ?? "no driver",
  { "pf-up": "up", "pf-no-link": "up, no link", "pf-down": "down" }[state as "pf-up"],
  `${numVfs} of ${countOf(totalVfs, "VF")}`,
];

export const vfText = ({ index, address, vlan }: VfNode): string[] => [
  `VF ${index}`,
  address,
  ...(vlan === 0 ? [] : [`VLAN ${vlan}`]),
];

export function userText({ user }: VfNode): string {
  switch (user.use) {
    case "vm":
      return `VM ${user.domain}`;
    case "process":
      return user.process;
    case "host":
      return `in ${user.uppers.join(" ")}`;
    case "free":
      return "free";
  }
}

export const poolText = ({ name, state, vfs, used }: PoolNode): string[] => [
  name,
  { running: "active", stopped: "inactive", stale: "active, out of date" }[state as "running"],
  `${used} of ${countOf(vfs, "VF")} in use`,
];

/** `eno49 VF 3`, or its address where it is none of a PF that is shown. */
export function vfName(topology: Topology, address: string): string {
  for (const pf of topology.pfs) {
    const vf = pf.vfs.find((one) => one.address === address);
    if (vf) return `${pf.name} VF ${vf.index}`;
  }
  return address;
}

export function nicText(topology: Topology, { mac, vlan, pool, vf, live }: NicNode): string[] {
  return [
    ...(mac === undefined ? [] : [mac]),
    ...(vlan === undefined ? [] : [`VLAN ${vlan}`]),
    ...(pool === undefined ? [] : [`pool ${pool}`]),
    ...(vf === undefined ? [] : [vfName(topology, vf)]),
    ...(live ? [] : ["not live"]),
  ];
}
