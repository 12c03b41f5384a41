// A YAML program through the plugin, from the first preview to destroy: what each of Pulumi's options and ways of comparing does.
import assert from "node:assert/strict";
import type { PulumiProject } from "../../../lab/pulumi-project.js";
import { allocatePort, fakePfs, setNumVfs } from "../../integration/libvirtd.js";
import { type World, failed, planned, startWorld, succeeded, until } from "./world.js";

describe("a YAML program through the plugin", function () {
  this.timeout(120_000);
  // Each step stands on the one before.
  this.bail(true);
  let world: World;
  let project: PulumiProject;
  const write = (text: string) => project.writeYaml(world.yaml(text).yaml);
  const up = async (...args: string[]) => succeeded(await project.up({ args: ["--skip-preview", ...args] }));
  const operations = async (...args: string[]) => (await planned(project, args)).map(({ op, name }) => `${op} ${name}`);

  before(async () => {
    world = await startWorld();
    project = await world.project("plugin-yaml", world.yaml(program()));
  });
  after(() => world?.close());

  const network = (more = "", options = "") => `
pool:
  type: sriov:SriovNetwork
  properties: { name: pool, pf: ens1f0, ${more} }
  options: { ${options} }`;
  const group = (vlan: number) => `portgroups: [{ name: a, vlan: ${vlan} }]`;
  const nic = `
nic:
  type: sriov:VmSriovInterface
  properties: { domain: web, network: "\${pool.name}", apply: config, vlan: 42 }`;
  const program = (more = "", options = "") => network(more, options) + nic;

  it("previews what up then makes, and a second preview has nothing to do", async () => {
    assert.deepEqual(await operations(), ["create pool", "create nic"]);
    await up();
    assert.match(await world.virsh("net-dumpxml pool"), /<forward mode='hostdev' managed='yes'>/);
    assert.match(await world.virsh("dumpxml --inactive web"), /<source network='pool'\/>[^]*<tag id='42'\/>/);
    assert.deepEqual(await operations(), []);
    succeeded(await project.refresh({ args: ["--skip-preview", "--expect-no-changes"] }));
  });

  it("previews what depends on something that is not made yet", async () => {
    const mark = "<place xmlns='urn:place' of='${new.uuid}'/>";
    await write(`${program()}
new:
  type: sriov:SriovNetwork
  properties: { name: new, vfs: ["0000:03:10.1"] }
dependent:
  type: sriov:SriovNetwork
  properties: { name: "\${new.uuid}", vfs: ["0000:03:11.5"], metadata: [{ uri: "urn:place", xml: "${mark}" }] }`);
    assert.deepEqual(await operations(), ["create new", "create dependent"]);
    await write(program());
  });

  it("finds by a plain preview what was changed by hand, and mends it by a plain up", async () => {
    await world.virsh("net-autostart pool --disable");
    assert.deepEqual(await operations(), ["update pool"]);
    await up();
    assert.match(await world.virsh("net-info pool"), /Autostart: +yes/);
  });

  it("tells a change of an input from one that only the host's state shows", async () => {
    const [pf] = fakePfs;
    assert.ok(pf);
    await setNumVfs(world.fixture, pf, 3);
    const [stale] = (await planned(project)).filter(({ op }) => op === "update");
    assert.deepEqual(stale?.detailedDiff["stale"], { kind: "update", inputDiff: false });
    await setNumVfs(world.fixture, pf, 7);
    await write(program(group(7)));
    const [change] = (await planned(project)).filter(({ op }) => op === "update");
    assert.deepEqual(change?.detailedDiff, { portgroups: { kind: "add", inputDiff: true } });
    await up();
    assert.match(await world.virsh("net-dumpxml pool"), /<portgroup name='a'>\s*<vlan>\s*<tag id='7'/);
  });

  it("ignores a property of ignoreChanges in the program and on the host", async () => {
    await write(program(`${group(8)}, autostart: true`, "ignoreChanges: [portgroups, autostart]"));
    await world.virsh("net-autostart pool --disable");
    assert.deepEqual(await operations(), []);
    await world.virsh("net-autostart pool");
  });

  it("replaces for a property of replaceOnChanges, and deletes before it makes anew", async () => {
    await write(program(group(8), "replaceOnChanges: [portgroups]"));
    assert.deepEqual(
      (await operations()).filter((step) => step.endsWith(" pool")),
      ["replace pool"],
    );
    const before = await world.virsh("net-uuid pool");
    assert.match(await up(), /pool deleted original[^]*pool created replacement/);
    assert.notEqual(await world.virsh("net-uuid pool"), before);
    await write(program(group(7)));
  });

  it("deletes nothing that is protected", async () => {
    await write(program(group(7), "protect: true"));
    await up();
    assert.match(failed(await project.destroy({ args: ["--skip-preview"] })), /protected/);
    assert.match(await world.virsh("net-list --name"), /pool/);
    await write(program(group(7)));
    await up();
  });

  it("leaves on the host what is retained on delete", async () => {
    await write(program(group(7), "retainOnDelete: true"));
    await up();
    succeeded(await project.destroy({ args: ["--skip-preview"] }));
    assert.match(await world.virsh("net-list --name"), /pool/);
    assert.doesNotMatch(await world.virsh("dumpxml --inactive web"), /<interface/);
    assert.deepEqual(
      (await project.stackExport()).filter(({ type }) => type.startsWith("sriov:")),
      [],
    );
  });

  it("ends an operation that takes longer than its customTimeouts, and the next up goes on from what was made", async () => {
    await world.virsh("net-destroy pool");
    await world.virsh("net-undefine pool");
    await write(network("", "customTimeouts: { create: 2s }"));
    await world.holdNetworks();
    try {
      assert.match(failed(await project.up({ args: ["--skip-preview"] })), /Not done within 2 s/);
    } finally {
      await world.letNetworksStart();
    }
    await up();
    assert.match(await world.virsh("net-list --name"), /pool/);
  });

  it("shows what it does and for how long, keeps what a half-done create made, and the next up does the rest", async () => {
    const fresh = `
fresh:
  type: sriov:SriovNetwork
  properties: { name: fresh, vfs: ["0000:03:10.1"], autostart: true }`;
    await write(network() + fresh);
    await world.holdNetworks();
    const lines: string[] = [];
    const running = project.up({ args: ["--skip-preview"], onLine: (line) => void lines.push(line) });
    try {
      const shown = /SriovNetwork fresh creating .*127\.0\.0\.1: virsh net-start fresh, [2-9] s/;
      await until("the seconds are shown", () => lines.some((line) => shown.test(line)));
      await world.refuseNetworks();
      const said = failed(await running);
      assert.match(said, /The network is defined; the next `pulumi up` goes on from there/);
      const made = (await project.stackExport()).find(({ urn }) => urn.endsWith("::fresh"));
      assert.match(made?.initErrors?.join("\n") ?? "", /hook/i);
      assert.equal(made?.outputs?.["uuid"], await world.virsh("net-uuid fresh"));
      assert.equal(made?.outputs?.["active"], false);
    } finally {
      await world.letNetworksStart();
    }
    const uuid = await world.virsh("net-uuid fresh");
    assert.deepEqual(await operations(), ["update fresh"]);
    await up();
    assert.match(await world.virsh("net-list --name"), /fresh/);
    assert.equal(await world.virsh("net-uuid fresh"), uuid);
    assert.deepEqual(await operations(), []);
    await write(network());
    await up();
  });

  it("keeps what a half-done update did, says what is missing, and does that when it can", async () => {
    await allocatePort(world.fixture, { network: "pool", domain: "web", mac: "52:54:00:00:00:01" });
    await write(network("vlan: 9"));
    const said = failed(await project.up({ args: ["--skip-preview"] }));
    assert.match(said, /Refused to restart network "pool" on \S+: VM web/);
    const pool = (await project.stackExport()).find(({ type }) => type === "sriov:index:SriovNetwork");
    assert.equal(pool?.initErrors?.length, 1);
    assert.match(await world.virsh("net-dumpxml --inactive pool"), /<tag id='9'\/>/);
    assert.doesNotMatch(await world.virsh("net-dumpxml pool"), /<tag id='9'\/>/);
    await world.virsh(`net-port-delete pool ${await world.virsh("net-port-list pool")}`);
    await up();
    assert.match(await world.virsh("net-dumpxml pool"), /<tag id='9'\/>/);
    assert.deepEqual(await operations(), []);
  });

  it("ends within five seconds of a Ctrl-C: what was made is in the state, and the next up makes the rest", async () => {
    const more = `
first:
  type: sriov:VmSriovInterface
  properties: { domain: web, network: "\${pool.name}", apply: config }
second:
  type: sriov:SriovNetwork
  properties: { name: second, pf: ens1f1 }
  options: { dependsOn: ["\${first}"] }`;
    await write(network() + more);
    await world.holdNetworks();
    const controller = new AbortController();
    const running = project.up({ args: ["--skip-preview"], signal: controller.signal });
    try {
      await world.untilHeld("second");
      const since = Date.now();
      controller.abort();
      failed(await running);
      assert.ok(Date.now() - since < 5_000, `it took ${Date.now() - since} ms`);
    } finally {
      await world.letNetworksStart();
    }
    const names = (await project.stackExport()).map(({ urn }) => urn.split("::").at(-1));
    assert.ok(names.includes("pool") && names.includes("first"), String(names));
    await up();
    assert.match(await world.virsh("net-list --name"), /second/);
    assert.deepEqual(await operations(), []);
  });

  it("deletes everything it made, and does not mind what is gone already", async () => {
    await world.virsh("net-destroy second");
    await world.virsh("net-undefine second");
    succeeded(await project.destroy({ args: ["--skip-preview"] }));
    assert.equal(await world.virsh("net-list --all --name"), "");
    assert.doesNotMatch(await world.virsh("dumpxml --inactive web"), /<interface/);
  });
});
