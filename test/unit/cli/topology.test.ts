// The topology: what is read, the tree, and the picture as data. test/integration/cli looks at the picture in a real browser.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Box, characterWidth, padding, pictureOf, shapeSize } from "../../../provider/cli/topology/layout.js";
import { htmlText, svgText } from "../../../provider/cli/topology/svg.js";
import type { Topology } from "../../../provider/cli/topology/topology.js";
import { treeText } from "../../../provider/cli/topology/tree.js";
import { shapes } from "../../../provider/cli/topology/words.js";
import { parseXml } from "../../../provider/libvirt/xml/element.js";
import { bigTopology } from "../../fakes/big-topology.js";
import { FakeKvm } from "../../fakes/fake-libvirt-context.js";
import { isGolden } from "./golden.js";
import { CliWorld, uri } from "./world.js";

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe("the topology", () => {
  it("of a big host as a tree", () => isGolden("topology-big.txt", treeText(bigTopology)));

  it("of a host without PFs and without libvirt says so", () => {
    const empty: Topology = { host: "kvm1", hasLibvirt: false, pfs: [], pools: [], vms: [], otherVms: 0 };
    isGolden("topology-empty.txt", treeText(empty));
    assert.ok(svgText(pictureOf(empty), "kvm1").includes("kvm1"));
  });

  it("shows each state by a shape of its own, in the tree and in the picture", () => {
    assert.equal(new Set(Object.values(shapes)).size, Object.keys(shapes).length);
    const svg = svgText(pictureOf(bigTopology), "kvm1");
    const drawn = new Map(
      [...svg.matchAll(/data-state="([^"]+)" d="([^"]+)" transform="[^"]*" (fill="none")?/g)].map((match) => [
        match[1],
        `${match[2]} ${match[3]}`,
      ]),
    );
    assert.deepEqual([...drawn.keys()].sort(), Object.keys(shapes).sort());
    assert.equal(new Set(drawn.values()).size, drawn.size);
  });

  it("is laid out in five columns without boxes that overlap or texts wider than their box", () => {
    const { boxes, width, height } = pictureOf(bigTopology);
    assert.equal(boxes.length, 1 + 4 + 28 + 4 + 7);
    for (const [i, box] of boxes.entries()) {
      for (const other of boxes.slice(i + 1)) assert.ok(!overlap(box, other), `${box.id} and ${other.id}`);
      const room = box.width - 2 * padding - (box.kind === "host" ? 0 : shapeSize);
      for (const { text } of box.lines) assert.ok(text.length * characterWidth <= room + 0.01, `${box.id}: ${text}`);
      assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height, box.id);
    }
    const left = (kind: Box["kind"]) => boxes.filter((box) => box.kind === kind).map(({ x }) => x);
    const columns = (["host", "pf", "vf", "pool", "vm"] as const).map((kind) => [...new Set(left(kind))]);
    assert.deepEqual(
      columns.map((xs) => xs.length),
      [1, 1, 1, 1, 1],
    );
    assert.deepEqual(
      columns.flat(),
      columns.flat().toSorted((a, b) => a - b),
    );
  });

  it("keeps the VFs of a PF together and in their order", () => {
    const vfs = pictureOf(bigTopology).boxes.filter(({ kind }) => kind === "vf");
    assert.deepEqual(
      vfs.toSorted((a, b) => a.y - b.y).map(({ id }) => id),
      vfs.map(({ id }) => id),
    );
  });

  it("gives what hangs on nothing its column all the same", () => {
    const pools = [{ name: "lonely", state: "stopped" as const, vfs: 0, used: 0 }];
    const lonely = pictureOf({ ...bigTopology, pools: [...bigTopology.pools, ...pools] }).boxes;
    const x = (id: string) => lonely.find((box) => box.id === id)?.x;
    assert.equal(x("pool lonely"), x("pool pool-eno49"));
  });

  it("is well-formed XML and loads nothing, with names that are markup", () => {
    const host = `<b>&"'`;
    const svg = svgText(pictureOf({ ...bigTopology, host }), host);
    parseXml(svg, "svg");
    for (const text of [svg, htmlText(pictureOf(bigTopology), host)]) {
      assert.doesNotMatch(
        text.replaceAll('xmlns="http://www.w3.org/2000/svg"', ""),
        /https?:|url\(|@import|<script|<b>/,
      );
    }
  });
});

describe("`pulumi-sriov topology`", () => {
  let kvm: FakeKvm;
  let world: CliWorld;
  beforeEach(async () => {
    kvm = new FakeKvm();
    world = new CliWorld(kvm.context);
    await kvm.setNumVfs("eno49", 3);
    const { networks, domains } = kvm.libvirt;
    networks.start(
      networks.define(
        "<network><name>pool</name><forward mode='hostdev' managed='yes'><pf dev='eno49'/></forward></network>",
      ),
    );
    const web = domains.add("web");
    web.definition = web.definition.replace(
      "</devices>",
      "<interface type='network'><mac address='52:54:00:00:00:01'/><source network='pool'/></interface></devices>",
    );
    domains.start(web);
    domains.add("db");
  });
  afterEach(() => {
    kvm.dispose();
    world.dispose();
  });

  it("shows host, PFs, VFs, pools and VMs as a tree", async () => {
    const { code, stdout, stderr } = await world.run(["topology", uri]);
    assert.deepEqual([code, stderr], [0, ""]);
    isGolden("topology-small.txt", stdout);
  });

  it("writes a picture or a page, and says where", async () => {
    for (const [flag, start] of [
      ["--svg", "<svg "],
      ["--html", "<!doctype html>"],
    ] as const) {
      const { code, stdout, stderr } = await world.run(["topology", uri, flag, "kvm1.out"]);
      assert.deepEqual([code, stdout, stderr], [0, "", "Wrote kvm1.out.\n"]);
      const text = readFileSync(join(world.folder, "kvm1.out"), "utf8");
      assert.ok(text.startsWith(start));
      for (const name of ["kvm1", "PF eno49", "VF 0 0000:01:10.0", "pool", "web"]) assert.ok(text.includes(name), name);
    }
  });

  it("says of a file that cannot be written why", async () => {
    const { code, stderr } = await world.run(["topology", uri, "--svg", "no/folder.svg"]);
    assert.equal(code, 2);
    assert.match(stderr, /^pulumi-sriov: Failed to write no\/folder\.svg: ENOENT/);
    assert.ok(!existsSync(join(world.folder, "no")));
  });
});
