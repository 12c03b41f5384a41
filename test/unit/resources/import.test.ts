// What is there already, taken over by its id alone: the same inputs as of the program that made it, and no difference.
import assert from "node:assert/strict";
import type { Lifecycle, Values } from "../../../provider/resources/lifecycle.js";
import { type ResourceName, registry } from "../../../provider/resources/registry.js";
import { FakeKvm } from "../../fakes/fake-libvirt-context.js";

const host = { uri: "qemu+ssh://root@kvm1/system" };
type AnyLifecycle = Lifecycle<object, object>;
const lifecycleOf = (type: ResourceName) => registry[type] as unknown as AnyLifecycle;

describe("an import", () => {
  let kvm: FakeKvm;
  beforeEach(() => {
    kvm = new FakeKvm();
    kvm.host.put("sys/module/apparmor/parameters/enabled", "Y");
    kvm.host.put("etc/apparmor.d/abstractions/libvirt-qemu", "include if exists <local/abstractions/libvirt-qemu>");
  });
  afterEach(() => kvm.dispose());

  async function make(type: ResourceName, news: Values): Promise<{ id: string; inputs: object }> {
    const { inputs, failures } = await lifecycleOf(type).check(kvm.context, { host, ...news }, undefined, "it");
    assert.deepEqual(failures, []);
    const outcome = await lifecycleOf(type).create(kvm.context, inputs);
    assert.deepEqual(outcome.done ? [] : outcome.reasons, []);
    return { id: outcome.id, inputs };
  }

  async function imported(type: ResourceName, id: string) {
    const observed = await lifecycleOf(type).read(kvm.context, id, { host });
    assert.ok(observed.here, `${type} ${id} is there`);
    return observed;
  }

  /** Imported by each of the ids, it is as the program that made it says. */
  async function isAsMade(type: ResourceName, made: { id: string; inputs: object }, ids: string[]) {
    for (const id of ids) {
      const { state, inputs, id: real } = await imported(type, id);
      assert.equal(real, made.id);
      assert.deepEqual(JSON.parse(JSON.stringify(inputs)), JSON.parse(JSON.stringify(made.inputs)));
      assert.deepEqual(lifecycleOf(type).diff(id, state, made.inputs).changes, []);
    }
  }

  it("of a PF says what its boot plan says, by netdev and by PCI address", async () => {
    const vfs = [
      { index: 0, trust: true, maxTxRate: 200 },
      { index: 2, mac: "52:54:00:00:00:02", vlan: 42, qos: 3, spoofchk: false },
    ];
    const made = await make("VfConfig", { pf: "eno49", numVfs: 3, vfs });
    await isAsMade("VfConfig", made, ["kvm1/0000:01:00.0", "kvm1/eno49"]);
  });

  it("of a PF that somebody set up by hand says what differs from untouched VFs", async () => {
    const vfs = [{ index: 1, vlan: 42, trust: true }];
    const made = await make("VfConfig", { pf: "eno49", numVfs: 3, vfs, persistence: "none" });
    await isAsMade("VfConfig", made, ["kvm1/eno49"]);
  });

  it("deleted again leaves what it found", async () => {
    await make("VfConfig", { pf: "eno49", numVfs: 3, vfs: [{ index: 1, vlan: 42 }], persistence: "none" });
    const { state, id } = await imported("VfConfig", "kvm1/eno49");
    kvm.host.forget();
    await lifecycleOf("VfConfig").delete(kvm.context, id, state);
    assert.deepEqual([...kvm.host.writes, ...kvm.host.commands], []);
  });

  it("of a network takes its settings, by name and by UUID", async () => {
    await kvm.setNumVfs("eno49", 3);
    const made = await make("SriovNetwork", {
      pf: "eno49",
      vlan: 7,
      portgroups: [{ name: "a", default: true, vlan: 8 }],
    });
    const uuid = kvm.libvirt.networks.byName("it").uuid;
    await isAsMade("SriovNetwork", made, ["kvm1/it", `kvm1/${uuid}`]);
  });

  it("of an interface finds it by alias and by MAC, in a VM that runs and in one that does not", async () => {
    await kvm.setNumVfs("eno49", 3);
    await make("SriovNetwork", { pf: "eno49", name: "pool" });
    const web = kvm.libvirt.domains.add("web");
    kvm.libvirt.domains.start(web);
    const made = await make("VmSriovInterface", { domain: "web", network: "pool", vlan: 42, mac: "52:54:00:00:00:09" });
    const ids = ["kvm1/web/ua-sriov-it", "kvm1/web/52:54:00:00:00:09"];
    await isAsMade("VmSriovInterface", made, ids);
    kvm.libvirt.domains.stop(web);
    await isAsMade("VmSriovInterface", made, ids);
  });

  it("of an interface without an alias of its own is refused, with the remedy", async () => {
    const web = kvm.libvirt.domains.add("web");
    web.definition = web.definition.replace(
      "</devices>",
      "<interface type='network'><mac address='52:54:00:00:00:01'/><source network='pool'/></interface></devices>",
    );
    await assert.rejects(imported("VmSriovInterface", "kvm1/web/52:54:00:00:00:01"), {
      kind: "unsupported",
      message: /"web" on kvm1: interface 52:54:00:00:00:01 has no alias.*<alias name='ua-\.\.\.'\/>/,
    });
  });

  it("of a host's setup finds our AppArmor rule, and nothing where there is none", async () => {
    assert.deepEqual(await lifecycleOf("HostSetup").read(kvm.context, "kvm1/setup", { host }), { here: false });
    const made = await make("HostSetup", { apparmorVfioRule: true });
    await isAsMade("HostSetup", made, ["kvm1/setup"]);
  });

  it("of what is not there is gone, not an error", async () => {
    for (const [type, id] of [
      ["VfConfig", "kvm1/eno99"],
      ["SriovNetwork", "kvm1/nothing"],
      ["VmSriovInterface", "kvm1/web/ua-x"],
    ] as const) {
      assert.deepEqual(await lifecycleOf(type).read(kvm.context, id, { host }), { here: false }, type);
    }
  });
});
