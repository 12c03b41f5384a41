// `pulumi-sriov adopt`: the program and the state it writes agree with each other and with the host.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dynamicProviderText } from "../../../provider/resources/dynamic.js";
import type { Lifecycle, Values } from "../../../provider/resources/lifecycle.js";
import { Program } from "../../../provider/resources/program.js";
import { type ResourceName, registry } from "../../../provider/resources/registry.js";
import { FakeKvm } from "../../fakes/fake-libvirt-context.js";
import { isGolden } from "./golden.js";
import { CliWorld, uri } from "./world.js";

const host = { uri };
type AnyLifecycle = Lifecycle<Values, Values>;
const lifecycleOf = (type: string) => registry[type as ResourceName] as unknown as AnyLifecycle;
type StateResource = {
  urn: string;
  type: string;
  id?: string;
  inputs?: Values;
  outputs?: Values;
  dependencies?: string[];
  propertyDependencies?: { [property: string]: string[] };
};

describe("`pulumi-sriov adopt`", () => {
  let kvm: FakeKvm;
  let world: CliWorld;
  beforeEach(async () => {
    kvm = new FakeKvm();
    world = new CliWorld(kvm.context);
    kvm.host.put("sys/module/apparmor/parameters/enabled", "Y");
    kvm.host.put("etc/apparmor.d/abstractions/libvirt-qemu", "include if exists <local/abstractions/libvirt-qemu>");
    await make("HostSetup", "kvm", { apparmorVfioRule: true });
    await make("VfConfig", "eno49", { pf: "eno49", numVfs: 3, vfs: [{ index: 2, vlan: 100, spoofchk: true }] });
    await kvm.setNumVfs("eno49", 3);
    await make("SriovNetwork", "pool-eno49", { pf: "eno49", portgroups: [{ name: "a", default: true, vlan: 8 }] });
    kvm.libvirt.domains.start(kvm.libvirt.domains.add("web"));
    await make("VmSriovInterface", "data", {
      domain: "web",
      network: "pool-eno49",
      vlan: 42,
      mac: "52:54:00:00:00:01",
    });
    const db = kvm.libvirt.domains.add("db");
    await make("VmSriovInterface", "data", { domain: "db", vf: "0000:01:10.4", mac: "52:54:00:00:00:02" });
    db.definition = db.definition.replace(
      "</devices>",
      "<interface type='network'><mac address='52:54:00:00:00:03'/><source network='pool-eno49'/></interface></devices>",
    );
  });
  afterEach(() => {
    kvm.dispose();
    world.dispose();
  });

  async function make(type: ResourceName, name: string, news: Values): Promise<void> {
    const { inputs, failures } = await lifecycleOf(type).check(kvm.context, { host, ...news }, undefined, name);
    assert.deepEqual(failures, []);
    const outcome = await lifecycleOf(type).create(kvm.context, inputs);
    assert.deepEqual(outcome.done ? [] : outcome.reasons, []);
  }
  const adopt = (...args: string[]) => world.run(["adopt", uri, ...args]);
  const text = (name: string) => readFileSync(join(world.folder, name), "utf8");
  const resources = (): StateResource[] =>
    (JSON.parse(text("adopted-state.json")) as { deployment: { resources: StateResource[] } }).deployment.resources;

  it("writes a program with what somebody would have to say, and no more", async () => {
    const { code, stdout } = await adopt("--stack", "prod");
    assert.equal(code, 0);
    isGolden("adopt-index.ts.txt", text("index.ts"));
    isGolden("adopt-report.txt", stdout);
    assert.equal(text("Pulumi.yaml"), "name: kvm1\nruntime: nodejs\ndescription: The SR-IOV of kvm1\n");
    assert.match(text("package.json"), /"pulumi-sriov": "\^\d/);
  });

  it("writes a state in which nothing differs from what the host shows and the program says", async () => {
    await adopt();
    const dynamic = resources().slice(2);
    assert.equal(dynamic.length, 5);
    // As a preview does it, in a process that knows of no other program.
    const context = { ...kvm.context, program: new Program() };
    for (const { urn, type, id = "", inputs = {}, outputs = {} } of dynamic) {
      const name = type.split(":").at(-1) ?? "";
      const text = dynamicProviderText(name as ResourceName);
      assert.deepEqual([inputs["__provider"], outputs["__provider"]], [text, text]);
      const { __provider: _, schemaVersion, ...state } = outputs;
      const { __provider: _text, ...olds } = inputs;
      assert.equal(schemaVersion, lifecycleOf(name).schemaVersion);
      const facts = ["hostId", "pfPciAddress", "pfName", "driver", "totalVfs", "domainUuid", "owner"];
      const isArgument = ([key]: [string, unknown]) =>
        !facts.includes(key) && !(name === "SriovNetwork" && key === "numVfs");
      const news = Object.fromEntries(Object.entries(olds).filter(isArgument));
      const checked = await lifecycleOf(name).check(context, news, olds, urn.split("::").at(-1) ?? "", "kvm1/dev");
      assert.deepEqual(checked.failures, [], urn);
      assert.deepEqual(lifecycleOf(name).diff(id, state, checked.inputs).changes, [], urn);
    }
  });

  it("says in the state what depends on what, so that a destroy goes in the right order", async () => {
    await adopt("--project", "site", "--stack", "prod");
    const urn = (type: string, name: string) => `urn:pulumi:prod::site::pulumi-nodejs:dynamic/sriov:${type}::${name}`;
    const of = (wanted: string) => resources().find((one) => one.urn === wanted);
    const pool = of(urn("SriovNetwork", "pool-eno49"));
    assert.deepEqual(pool?.dependencies, [urn("VfConfig", "eno49"), urn("HostSetup", "setup")]);
    assert.deepEqual(pool?.propertyDependencies, { pf: [urn("VfConfig", "eno49")] });
    assert.deepEqual(of(urn("VmSriovInterface", "web-data"))?.propertyDependencies, {
      network: [urn("SriovNetwork", "pool-eno49")],
    });
  });

  it("changes nothing on the host", async () => {
    kvm.host.forget();
    const before = kvm.libvirt.changes.length;
    await adopt();
    assert.deepEqual([...kvm.host.writes, ...kvm.host.commands, ...kvm.libvirt.changes.slice(before)], []);
  });

  it("says of what differs from its own boot plan that the preview will show it", async () => {
    await kvm.host.shell.run("ip link set dev eno49 vf 2 vlan 7 qos 0");
    const { stdout } = await adopt();
    assert.match(stdout, /VfConfig eno49 differs .*: vfs\[0\]\.vlan/);
  });

  it("overwrites nothing, unless it is told to", async () => {
    writeFileSync(join(world.folder, "index.ts"), "mine");
    const { code, stderr } = await adopt();
    assert.equal(code, 2);
    assert.match(stderr, /Refused to overwrite index\.ts in .*\n.*--out.*--force/);
    assert.deepEqual(readdirSync(world.folder), ["index.ts"]);
    assert.equal((await adopt("--out", "new/folder")).code, 0);
    assert.ok(existsSync(join(world.folder, "new/folder/index.ts")));
    assert.equal((await adopt("--force")).code, 0);
    assert.notEqual(text("index.ts"), "mine");
  });

  it("refuses names that are none before it writes", async () => {
    const { code, stderr } = await adopt("--stack", "org/site/prod");
    assert.equal(code, 2);
    assert.match(stderr, /--stack: expected letters.*without the organization.*"org\/site\/prod"/);
    assert.deepEqual(readdirSync(world.folder), []);
  });
});
