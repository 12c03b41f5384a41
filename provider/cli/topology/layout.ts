// Where each box and line of the picture goes. dagre lays out; the width of text is known, because every text of the picture
// is set to the width that is reckoned here (SVG's textLength), whatever font the reader has. Pure.
import { type LayoutGraph, dagre } from "./dagre.js";
import type { PfNode, State, Topology, VfNode } from "./topology.js";
import { nicText, pfText, poolText, userText, vfText } from "./words.js";

export type Line = { text: string; bold: boolean };
export type Box = {
  id: string;
  kind: "host" | "pf" | "vf" | "pool" | "vm";
  state: State | undefined;
  lines: Line[];
  /** What a pointer that rests on it is told besides. */
  more?: string[];
  /** The upper left corner. */
  x: number;
  y: number;
  width: number;
  height: number;
};
/** From the right side of a box to the left side of another, past those between. */
export type Wire = { from: string; to: string; solid: boolean; points: { x: number; y: number }[] };
export type Picture = { width: number; height: number; boxes: Box[]; wires: Wire[] };

export const fontSize = 13;
/** Of a monospaced font: 0.6 em, near enough in all of them. */
export const characterWidth = fontSize * 0.6;
export const lineHeight = 18;
export const padding = 8;
/** The state's shape stands left of the first line. */
export const shapeSize = 20;
export const margin = 16;

type Plan = Omit<Box, "x" | "y" | "width" | "height">;
type Link = { from: string; to: string; solid: boolean };

/** Columns, from the left. */
const ranks = { host: 0, pf: 1, vf: 2, pool: 3, vm: 4 };

export function pictureOf(topology: Topology): Picture {
  const boxes = boxesOf(topology);
  const links = linksOf(topology);
  const graph = new dagre.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 6, ranksep: 48, marginx: margin, marginy: margin });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const box of boxes) graph.setNode(box.id, sizeOf(box, boxes));
  for (const { from, to } of links) graph.setEdge(from, to, { minlen: stepsBetween(from, to), weight: 2 });
  for (const box of boxes) {
    // What hangs on nothing still has its column.
    const isLoose = box.kind !== "host" && !links.some(({ to }) => to === box.id);
    if (isLoose) graph.setEdge("host", box.id, { minlen: ranks[box.kind], weight: 0 }, "place");
  }
  // As they were put in: VFs by index, and what hangs on them beside them.
  dagre.layout(graph, { disableOptimalOrderHeuristic: true });
  return read(graph, boxes, links);
}

function boxesOf(topology: Topology): Plan[] {
  const text = (parts: string[]): Line => ({ text: parts.join(" "), bold: false });
  const title = (words: string): Line => ({ text: words, bold: true });
  return [
    { id: "host", kind: "host", state: undefined, lines: [title(topology.host)] },
    ...topology.pfs.flatMap((pf): Plan[] => {
      const [name = "", address = "", ...rest] = pfText(pf);
      return [
        { id: `pf ${pf.address}`, kind: "pf", state: pf.state, lines: [title(name), text([address]), text(rest)] },
        ...pf.vfs.map((vf): Plan => ({
          id: vfId(pf, vf),
          kind: "vf",
          state: vf.state,
          lines: [text(vf.user.use === "free" ? vfText(vf) : [...vfText(vf), userText(vf)])],
          more: moreOf(vf),
        })),
      ];
    }),
    ...topology.pools.map((pool): Plan => {
      const [name = "", ...rest] = poolText(pool);
      return {
        id: `pool ${pool.name}`,
        kind: "pool",
        state: pool.state,
        lines: [title(name), ...rest.map((part) => text([part]))],
      };
    }),
    ...topology.vms.map((vm): Plan => ({
      id: `vm ${vm.name}`,
      kind: "vm",
      state: vm.state,
      lines: [
        title(vm.name),
        // The line to the pool says from which one.
        ...vm.nics.map(({ pool: _pool, ...nic }) => text(nicText(topology, nic))),
      ],
    })),
  ];
}

const moreOf = ({ driver, iommuGroup, pool }: VfNode): string[] => [
  ...(driver === undefined ? ["no driver"] : [`driver ${driver}`]),
  ...(iommuGroup === undefined ? [] : [`IOMMU group ${iommuGroup}`]),
  ...(pool === undefined ? [] : [`pool ${pool}`]),
];

/** Not by its PCI address: a driver that is a test of itself has VFs without any. */
const vfId = (pf: PfNode, vf: VfNode): string => `vf ${pf.address} ${vf.index}`;

function linksOf({ pfs, pools, vms }: Topology): Link[] {
  const links: Link[] = pfs.flatMap((pf) => [
    { from: "host", to: `pf ${pf.address}`, solid: true },
    ...pf.vfs.flatMap((vf) => [
      { from: `pf ${pf.address}`, to: vfId(pf, vf), solid: true },
      ...(vf.pool === undefined ? [] : [{ from: vfId(pf, vf), to: `pool ${vf.pool}`, solid: vf.state === "vf-vm" }]),
    ]),
  ]);
  const vfIds = new Map(pfs.flatMap((pf) => pf.vfs.map((vf) => [vf.address, vfId(pf, vf)])));
  for (const vm of vms) {
    for (const { pool, vf, live } of vm.nics) {
      const isFromPool = pools.some(({ name }) => name === pool);
      const from = isFromPool ? `pool ${pool}` : vfIds.get(vf ?? "");
      if (from === undefined) continue;
      const to = `vm ${vm.name}`;
      const same = links.find((link) => link.from === from && link.to === to);
      if (same) same.solid ||= live;
      else links.push({ from, to, solid: live });
    }
  }
  return links;
}

const kindOf = (id: string) => id.split(" ", 1)[0] as Box["kind"];
const stepsBetween = (from: string, to: string): number => Math.max(1, ranks[kindOf(to)] - ranks[kindOf(from)]);

/** The boxes of a column are of one width. */
function sizeOf({ kind, lines }: Plan, boxes: readonly Plan[]): { width: number; height: number } {
  const width = (plan: Plan) => Math.max(...plan.lines.map(({ text }) => text.length)) * characterWidth;
  const widest = Math.max(...boxes.filter((box) => box.kind === kind).map(width));
  const shape = kind === "host" ? 0 : shapeSize;
  return {
    width: Math.ceil(widest) + shape + 2 * padding,
    height: lines.length * lineHeight + (kind === "vf" ? 6 : 12),
  };
}

function read(graph: LayoutGraph, boxes: readonly Plan[], links: readonly Link[]): Picture {
  const placed = boxes.map((box): Box => {
    const { x, y, width, height } = graph.node(box.id);
    return { ...box, x: x - width / 2, y: y - height / 2, width, height };
  });
  const wires = links.map(({ from, to, solid }): Wire => ({ from, to, solid, points: graph.edge(from, to).points }));
  const { width, height } = graph.graph();
  return { width: Math.ceil(width), height: Math.ceil(height), boxes: placed, wires };
}
