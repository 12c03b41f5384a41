// SriovNetwork's whole life over a host of files and a libvirtd in memory.
import assert from "node:assert/strict";
import { SriovError } from "../../../../provider/base/errors.js";
import { virErr } from "../../../../provider/libvirt/errors.js";
import { hostKey } from "../../../../provider/resources/host-inputs.js";
import type { Outcome, Values } from "../../../../provider/resources/lifecycle.js";
import { sriovNetwork } from "../../../../provider/resources/sriov-network/index.js";
import type { SriovNetworkState } from "../../../../provider/resources/sriov-network/model.js";
import { FakeKvm } from "../../../fakes/fake-libvirt-context.js";
import { libvirtError } from "../../../fakes/fake-libvirt-xml.js";

const host = { uri: "qemu+ssh://root@kvm1/system" };

describe("SriovNetwork", () => {
  let kvm: FakeKvm;
  beforeEach(async () => {
    kvm = new FakeKvm();
    await kvm.setNumVfs("eno49", 3);
  });
  afterEach(() => kvm.dispose());

  const inputsOf = async (news: Values, olds?: Values) => {
    const checked = await sriovNetwork.check(kvm.context, { host, pf: "eno49", ...news }, olds, "pool");
    assert.deepEqual(checked.failures, []);
    return checked.inputs;
  };
  const done = (outcome: Outcome<SriovNetworkState>) => {
    assert.deepEqual(outcome.done ? [] : outcome.reasons, []);
    return outcome;
  };
  const half = (outcome: Outcome<SriovNetworkState>) => {
    assert.ok(!outcome.done);
    return { ...outcome, said: outcome.reasons.join("\n") };
  };
  const create = async (news: Values = {}) => done(await sriovNetwork.create(kvm.context, await inputsOf(news)));
  const read = async ({ id, state }: { id: string; state: SriovNetworkState }) => {
    const observed = await sriovNetwork.read(kvm.context, id, state);
    assert.ok(observed.here);
    return observed;
  };
  const only = () => {
    const [network] = kvm.libvirt.networks.all;
    assert.ok(network);
    return network;
  };

  it("defines, starts, turns autostart on, in this order, and nothing the second time", async () => {
    await create();
    const changes = ["defineNetwork pool", "startNetwork pool", "setNetworkAutostart pool on"];
    assert.deepEqual(kvm.libvirt.changes, changes);
    await create();
    assert.deepEqual(kvm.libvirt.changes, changes);
  });

  it("is not said to be deleted when libvirt said yes and it is still there", async () => {
    const made = await create();
    kvm.libvirt.undefineNetwork = async () => undefined;
    await assert.rejects(
      sriovNetwork.delete(kvm.context, made.id, made.state),
      /^SriovError: libvirt said yes to delete network "pool" on kvm1, but it is still there/,
    );
    Reflect.deleteProperty(kvm.libvirt, "undefineNetwork");
    await sriovNetwork.delete(kvm.context, made.id, made.state);
    assert.deepEqual(kvm.libvirt.networks.all, []);
  });

  it("is not made, and not in the state, when another stack has made one of that name meanwhile: our destroy took theirs away", async () => {
    const inputs = await inputsOf({});
    const defineNetwork = kvm.libvirt.defineNetwork.bind(kvm.libvirt);
    kvm.libvirt.defineNetwork = async (xml) => {
      kvm.libvirt.networks.define(
        "<network><name>pool</name><forward mode='hostdev'><pf dev='eno49'/></forward></network>",
      );
      return defineNetwork(xml);
    };
    await assert.rejects(sriovNetwork.create(kvm.context, inputs), (error: SriovError) => {
      assert.equal(error.kind, "conflict");
      assert.match(error.message, /kvm1 has a network "pool" already, and it was not made by this resource/);
      return true;
    });
    assert.equal(only().definition.includes("pulumi"), false);
  });

  it("shows the VFs and who holds them, and a VM that starts is no drift", async () => {
    const made = await create({ vlan: 42 });
    const web = kvm.libvirt.domains.add("web");
    web.definition = web.definition.replace(
      "</devices>",
      "<interface type='network'><mac address='52:54:00:00:00:01'/><source network='pool'/></interface></devices>",
    );
    kvm.libvirt.domains.start(web);
    const observed = await read(made);
    assert.equal(observed.state.connections, 1);
    assert.deepEqual(observed.state.virtualFunctions.slice(0, 2), [
      { pciAddress: "0000:01:10.0", allocatedTo: { domain: "web", mac: "52:54:00:00:00:01" } },
      { pciAddress: "0000:01:10.2" },
    ]);
    assert.deepEqual(observed.inputs, await inputsOf({ vlan: 42 }));
    assert.deepEqual(sriovNetwork.diff(made.id, observed.state, observed.inputs).changes, []);
  });

  it("keeps the name it was given when the resource is called otherwise later", async () => {
    const first = await inputsOf({});
    const later = await sriovNetwork.check(kvm.context, { host, pf: "eno49" }, first, "renamed");
    assert.equal(later.inputs.name, "pool");
    const elsewhere = { host: { uri: "qemu:///system" }, pf: "eno49" };
    assert.equal((await sriovNetwork.check(kvm.context, elsewhere, first, "renamed")).inputs.name, "renamed");
  });

  it("is gone only when libvirt says so: a lost connection is an error", async () => {
    const made = await create();
    kvm.libvirt.failures.set("findNetwork", new SriovError("unreachable", "connection lost"));
    await assert.rejects(sriovNetwork.read(kvm.context, made.id, made.state), /connection lost/);
    kvm.libvirt.networks.stop(only());
    kvm.libvirt.networks.undefine(only());
    assert.deepEqual(await sriovNetwork.read(kvm.context, made.id, made.state), { here: false });
  });

  it("that went between two questions is gone", async () => {
    const made = await create();
    kvm.libvirt.failures.set("networkXml", libvirtError(virErr.noNetwork, "Network not found"));
    assert.deepEqual(await sriovNetwork.read(kvm.context, made.id, made.state), { here: false });
  });

  it("is read by the name in its id when there is no state, with all it has: an import", async () => {
    await create({ vlan: 42, portgroups: [{ name: "a", vlan: 7 }] });
    const observed = await read({ id: "kvm1/pool", state: { host } as SriovNetworkState });
    assert.equal(observed.id, `kvm1/${only().uuid}`);
    assert.equal(observed.inputs.vlan, 42);
    assert.deepEqual(observed.inputs.portgroups, [{ name: "a", default: false, vlan: 7 }]);
  });

  it("half-made says what is missing, and an update finishes it", async () => {
    kvm.libvirt.failures.set("startNetwork", libvirtError(virErr.internal, "No usable Vf's present on SRIOV PF eno49"));
    const inputs = await inputsOf({});
    const { id, state, said } = half(await sriovNetwork.create(kvm.context, inputs));
    assert.match(said, /kvm1: .*No usable Vf's present/);
    assert.deepEqual([state.active, state.autostart], [false, false]);
    const changes = sriovNetwork.diff(id, state, inputs).changes.map(({ property }) => property);
    assert.deepEqual(changes, ["autostart", "active"]);
    const finished = done(await sriovNetwork.update(kvm.context, id, state, inputs));
    assert.equal(finished.state.uuid, state.uuid);
    assert.equal(finished.state.active, true);
  });

  it("that could not even be defined leaves nothing and is an error", async () => {
    kvm.libvirt.failures.set("defineNetwork", libvirtError(virErr.operationDenied, "read only access"));
    const inputs = await inputsOf({});
    await assert.rejects(sriovNetwork.create(kvm.context, inputs), { kind: "permission-denied" });
    assert.deepEqual(kvm.libvirt.networks.all, []);
  });

  it("in use is defined anew and not restarted; then the VM lets go, and the next update restarts it", async () => {
    const made = await create();
    kvm.libvirt.networks.allocate("pool", { name: "web", uuid: "u1" }, "52:54:00:00:00:01");
    const inputs = await inputsOf({ vlan: 9 }, made.state);
    assert.match(kvm.warnings.join(), /this will be refused.*VM web \(52:54:00:00:00:01\) holds 0000:01:10\.0/);
    const { state, said } = half(await sriovNetwork.update(kvm.context, made.id, made.state, inputs));
    assert.match(said, /^Refused to restart network "pool" on kvm1: VM web .*defined anew.*Shut web down/);
    assert.equal(state.stale, true);
    assert.equal(only().ports.length, 1);
    kvm.libvirt.networks.release("u1", undefined);
    const mended = done(await sriovNetwork.update(kvm.context, made.id, state, inputs));
    assert.equal(mended.state.stale, false);
  });

  it("removed by hand before an update is made again with its uuid", async () => {
    const made = await create();
    kvm.libvirt.networks.stop(only());
    kvm.libvirt.networks.undefine(only());
    const again = done(await sriovNetwork.update(kvm.context, made.id, made.state, await inputsOf({ vlan: 3 })));
    assert.equal(again.id, made.id);
  });

  it("is not stopped when a VM came between the look and the stop", async () => {
    const made = await create();
    const define = kvm.libvirt.defineNetwork.bind(kvm.libvirt);
    kvm.libvirt.defineNetwork = async (xml) => {
      kvm.libvirt.networks.allocate("pool", { name: "web", uuid: "u1" }, "52:54:00:00:00:01");
      return define(xml);
    };
    const inputs = await inputsOf({ vlan: 9 }, made.state);
    const { said } = half(await sriovNetwork.update(kvm.context, made.id, made.state, inputs));
    assert.match(said, /Refused to stop network "pool": VM web/);
    assert.equal(only().ports.length, 1);
  });

  it("keeps what was made when `up` is cancelled half-way", async () => {
    const inputs = await inputsOf({});
    const controller = new AbortController();
    const context = { ...kvm.context, signal: controller.signal };
    const define = kvm.libvirt.defineNetwork.bind(kvm.libvirt);
    kvm.libvirt.defineNetwork = async (xml) => {
      controller.abort();
      return define(xml);
    };
    const { state } = half(await sriovNetwork.create(context, inputs));
    assert.deepEqual([state.uuid, state.active], [only().uuid, false]);
  });

  it("in use is not deleted, and not forgotten", async () => {
    const made = await create();
    kvm.libvirt.networks.allocate("pool", { name: "web", uuid: "u1" }, "52:54:00:00:00:01");
    await assert.rejects(sriovNetwork.delete(kvm.context, made.id, made.state), (error: SriovError) => {
      assert.equal(error.kind, "refused");
      assert.match(error.message, /Refused to delete network "pool" on kvm1: VM web .*holds 0000:01:10\.0/);
      return true;
    });
    assert.notEqual(only().live, undefined);
  });

  it("follows the VFs of its PF: another number is a change before it is drift", async () => {
    const made = await create();
    kvm.context.program.declareVfs(hostKey(host), { pfPciAddress: "0000:01:00.0", pfName: "eno49", numVfs: 5 });
    const inputs = await inputsOf({}, made.state);
    assert.deepEqual(sriovNetwork.diff(made.id, made.state, inputs).changes, [{ property: "numVfs", kind: "update" }]);
    await kvm.setNumVfs("eno49", 5);
    const updated = done(await sriovNetwork.update(kvm.context, made.id, made.state, inputs));
    assert.equal(updated.state.virtualFunctions.length, 5);
    assert.deepEqual(sriovNetwork.diff(made.id, updated.state, inputs).changes, []);
  });

  it("on another machine behind the same URI is not touched", async () => {
    const made = await create();
    kvm.machineId = "ffffffffffffffffffffffffffffffff";
    await assert.rejects(sriovNetwork.delete(kvm.context, made.id, made.state), /another machine/);
    await assert.rejects(sriovNetwork.read(kvm.context, made.id, made.state), /another machine/);
    const changes = sriovNetwork.diff(made.id, made.state, await inputsOf({}, made.state)).changes;
    assert.deepEqual(changes, [{ property: "host", kind: "replace" }]);
  });

  it("on a host that cannot be reached is checked by its inputs, with a warning and what was known", async () => {
    const made = await create();
    kvm.connectError = new SriovError("unreachable", "no route to kvm1");
    const { inputs, failures } = await sriovNetwork.check(kvm.context, { host, pf: "eno49" }, made.state, "pool");
    assert.deepEqual(failures, []);
    assert.match(kvm.warnings.join(), /no route to kvm1/);
    assert.deepEqual(sriovNetwork.diff(made.id, made.state, inputs).changes, []);
    await assert.rejects(sriovNetwork.read(kvm.context, made.id, made.state), { kind: "unreachable" });
  });

  it("on a host that turns us away is a failure on `host`", async () => {
    kvm.connectError = new SriovError("permission-denied", "the host key is unknown");
    const { failures } = await sriovNetwork.check(kvm.context, { host, pf: "eno49" }, undefined, "pool");
    assert.deepEqual(failures, [{ property: "host", reason: "the host key is unknown" }]);
  });
});
