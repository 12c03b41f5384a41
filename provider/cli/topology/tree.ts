// The topology as text for a terminal. Pure.
import type { Topology } from "./topology.js";
import { countOf, nicText, pfText, poolText, shapes, userText, vfText } from "./words.js";

type Branch = { text: string; below: Branch[] };

const leaf = (text: string): Branch => ({ text, below: [] });

export function treeText(topology: Topology): string {
  const pfs = topology.pfs.map((pf): Branch => {
    const rows = columns(
      pf.vfs.map((vf) => [
        vfText(vf).join("  "),
        ...(vf.iommuGroup === undefined ? [] : [`group ${vf.iommuGroup}`]),
        vf.pool ?? "no pool",
        userText(vf),
      ]),
    );
    return {
      text: `${shapes[pf.state]} ${pfText(pf).join("  ")}`,
      below: pf.vfs.map((vf, i) => leaf(`${shapes[vf.state]} ${rows[i]}`)),
    };
  });
  const pools = topology.pools.map((pool) => leaf(`${shapes[pool.state]} ${poolText(pool).join("  ")}`));
  const vms = topology.vms.map((vm): Branch => ({
    text: `${shapes[vm.state]} ${vm.name}`,
    below: columns(vm.nics.map((nic) => nicText(topology, nic))).map(leaf),
  }));
  const parts: Branch[] = [
    ...(pfs.length === 0 ? [leaf("no PF: no card with SR-IOV, or it is off in the firmware")] : pfs),
    ...(pools.length === 0 ? [] : [{ text: "Pools", below: pools }]),
    ...(vms.length === 0 ? [] : [{ text: "VMs", below: vms }]),
    ...(topology.otherVms === 0 ? [] : [leaf(`${countOf(topology.otherVms, "VM")} without a VF`)]),
    ...(topology.hasLibvirt ? [] : [leaf("no libvirt: pools and VMs are not known")]),
  ];
  return `${topology.host}\n${branches(parts, "")}`;
}

const branches = (all: Branch[], indent: string): string =>
  all
    .map(({ text, below }, i) => {
      const isLast = i === all.length - 1;
      const inside = branches(below, `${indent}${isLast ? "   " : "│  "}`);
      return `${indent}${isLast ? "└─" : "├─"} ${text.trimEnd()}\n${inside}`;
    })
    .join("");

/** Each cell as wide as the widest of its column, as far as the rows have the same number of cells. */
function columns(rows: string[][]): string[] {
  const isEven = rows.every((row) => row.length === rows[0]?.length);
  if (!isEven) return rows.map((row) => row.join("  "));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
}
