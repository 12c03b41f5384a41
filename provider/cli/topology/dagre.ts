// dagre as far as the picture needs it. Its own types do not resolve for a CommonJS package (relative imports without an
// extension in an ES module's declarations: dagre 3.1).
import * as untyped from "@dagrejs/dagre";

type Point = { x: number; y: number };

export interface LayoutGraph {
  setGraph(options: { rankdir: "LR"; nodesep: number; ranksep: number; marginx: number; marginy: number }): void;
  setDefaultEdgeLabel(make: () => object): void;
  setNode(id: string, size: { width: number; height: number }): void;
  setEdge(from: string, to: string, options: { minlen: number; weight: number }, name?: string): void;
  /** After `layout`: where its middle is. */
  node(id: string): Point & { width: number; height: number };
  /** After `layout`: the way from one to the other, with a point for each column between. */
  edge(from: string, to: string): { points: Point[] };
  /** After `layout`: the size of it all. */
  graph(): { width: number; height: number };
}

export const dagre = untyped as unknown as {
  Graph: new (options: { multigraph: boolean }) => LayoutGraph;
  layout(graph: LayoutGraph, options: { disableOptimalOrderHeuristic: boolean }): void;
};
