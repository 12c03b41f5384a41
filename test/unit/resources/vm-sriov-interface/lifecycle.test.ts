// VmSriovInterface's whole life over a libvirtd in memory: running VMs, guests that answer and guests that do not.
import assert from "node:assert/strict";
import { SriovError } from "../../../../provider/base/errors.js";
import { virErr } from "../../../../provider/libvirt/errors.js";
import { parseDomainInterfaces } from "../../../../provider/libvirt/xml/domain.js";
import { hostKey } from "../../../../provider/resources/host-inputs.js";
import type { Outcome, Values } from "../../../../provider/resources/lifecycle.js";
import { vmSriovInterface } from "../../../../provider/resources/vm-sriov-interface/index.js";
import type { VmSriovInterfaceState } from "../../../../provider/resources/vm-sriov-interface/model.js";
import { FakeKvm } from "../../../fakes/fake-libvirt-context.js";
import type { FakeDomain } from "../../../fakes/fake-libvirt-domains.js";
import { libvirtError } from "../../../fakes/fake-libvirt-xml.js";

const host = { uri: "qemu+ssh://root@kvm1/system" };
type Made = { id: string; state: VmSriovInterfaceState };

describe("VmSriovInterface", () => {
  let kvm: FakeKvm;
  let web: FakeDomain;
  beforeEach(async () => {
    kvm = new FakeKvm();
    await kvm.setNumVfs("eno49", 2);
    const pool = kvm.libvirt.networks.define(
      "<network><name>pool</name><forward mode='hostdev' managed='yes'><pf dev='eno49'/></forward></network>",
    );
    kvm.libvirt.networks.start(pool);
    web = kvm.libvirt.domains.add("web");
  });
  afterEach(() => kvm.dispose());

  const check = (news: Values = {}, olds?: Values, name = "nic") =>
    vmSriovInterface.check(kvm.context, { host, domain: "web", network: "pool", ...news }, olds, name);
  const inputsOf = async (news: Values = {}, olds?: Values) => {
    const { inputs, failures } = await check(news, olds);
    assert.deepEqual(failures, []);
    return inputs;
  };
  const said = async (news: Values = {}, name?: string) =>
    (await check(news, undefined, name)).failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
  const done = (outcome: Outcome<VmSriovInterfaceState>): Made => {
    assert.deepEqual(outcome.done ? [] : outcome.reasons, []);
    return outcome;
  };
  const half = (outcome: Outcome<VmSriovInterfaceState>) => {
    assert.ok(!outcome.done);
    return { ...outcome, said: outcome.reasons.join("\n") };
  };
  const create = async (news: Values = {}) => done(await vmSriovInterface.create(kvm.context, await inputsOf(news)));
  const tryUpdate = async ({ id, state }: Made, news: Values) =>
    vmSriovInterface.update(kvm.context, id, state, await inputsOf(news, state));
  const remove = ({ id, state }: Made) => vmSriovInterface.delete(kvm.context, id, state);
  const refreshed = async ({ id, state }: Made) => {
    const observed = await vmSriovInterface.read(kvm.context, id, state);
    assert.ok(observed.here);
    return observed;
  };
  const drift = async (made: Made, news: Values = {}) =>
    vmSriovInterface
      .diff(made.id, (await refreshed(made)).state, await inputsOf(news, made.state))
      .changes.map(({ property }) => property);
  const deviceOf = ({ live = "" }: FakeDomain) => parseDomainInterfaces(live)[0]?.xml ?? "";
  const ports = () => kvm.libvirt.networks.byName("pool").ports;
  const count = (xml: string | undefined) => (xml?.match(/<interface/g) ?? []).length;

  it("is refused at check with a libvirt that cannot attach it, by version; one that is there already is not", async () => {
    const made = await create();
    for (const [version, why] of [
      [9_004_000, /^domain: VM "web" on kvm1 can be given no interface: libvirt 9\.4\.0 cannot start a VM/],
      [12_001_000, /^domain: .*libvirt 12\.1\.0 crashes when a VM gets an interface .*Update libvirt on the host$/],
    ] as const) {
      kvm.libvirt.libVersion = async () => version;
      assert.match(await said({ alias: "ua-second" }, "second"), why);
      assert.equal(await said({ alias: made.state.alias, mac: made.state.mac }), "");
    }
    kvm.libvirt.libVersion = async () => 9_005_000;
    assert.equal(await said({ alias: "ua-second" }, "second"), "");
  });

  it("is attached to a running VM and its definition in one call, and shows the VF it got", async () => {
    kvm.libvirt.domains.start(web);
    const { state } = await create({ vlan: 42 });
    assert.deepEqual(kvm.libvirt.changes, ["attachDevice web --config --live"]);
    assert.deepEqual([state.vfPciAddress, state.live], ["0000:01:10.0", true]);
    assert.equal(state.portId, ports()[0]?.uuid);
    await create({ vlan: 42 });
    assert.equal(kvm.libvirt.changes.length, 1);
  });

  it("of a VM that starts or stops later is no drift", async () => {
    const made = await create();
    assert.equal(made.state.live, false);
    kvm.libvirt.domains.start(web);
    assert.deepEqual(await drift(made), []);
    kvm.libvirt.domains.stop(web);
    assert.deepEqual(await drift(made), []);
  });

  it("missing in one half is drift, and an update puts it back there only", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create();
    await kvm.libvirt.detachDevice(
      { ...web },
      `<interface type='network'><mac address='${made.state.mac}'/></interface>`,
      {
        config: true,
      },
    );
    assert.deepEqual(await drift(made), ["apply"]);
    kvm.libvirt.changes.length = 0;
    done(await tryUpdate(await refreshed(made), {}));
    assert.deepEqual(kvm.libvirt.changes, ["attachDevice web --config"]);
  });

  it("changes VLAN live by detach and attach, after the definition, and keeps its MAC", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create({ vlan: 42 });
    kvm.libvirt.changes.length = 0;
    const { state } = done(await tryUpdate(made, { vlan: 43 }));
    assert.deepEqual(kvm.libvirt.changes, [
      "updateDevice web --config",
      "detachDevice web --live",
      "attachDevice web --live",
    ]);
    assert.equal(state.mac, made.state.mac);
    assert.match(web.live ?? "", /<tag id='43'\/>/);
    assert.equal(ports().length, 1);
  });

  it("whose VLAN the program no longer states loses it in the running VM too", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create({ vlan: 42 });
    done(await tryUpdate(made, {}));
    assert.doesNotMatch(`${web.definition}${web.live}`, /<vlan>/);
  });

  it("is detached once the guest has let go, and the pool has its VF back", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create();
    await remove(made);
    assert.deepEqual([count(web.definition), count(web.live), ports().length], [0, 0, 0]);
    await remove(made);
    assert.deepEqual(await vmSriovInterface.read(kvm.context, made.id, made.state), { here: false });
  });

  it("says while it is detached which VF the guest is to release", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create();
    kvm.steps.splice(0);
    await remove(made);
    assert.deepEqual(kvm.steps, [
      "kvm1: virsh detach-device web interface.xml --config",
      "kvm1: virsh detach-device web interface.xml --live   # and wait for the guest",
      `kvm1: waiting for the guest of VM "web" to release ${made.state.vfPciAddress}`,
    ]);
  });

  it("is detached although a run that was cut off has asked the guest already: QEMU refused to ask it again", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create();
    kvm.libvirt.domains.detach(web, deviceOf(web), { live: true });
    await remove(made);
    assert.deepEqual([count(web.definition), count(web.live), ports().length], [0, 0, 0]);
  });

  it("moves to another VLAN although a run that was cut off has asked the guest already", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create();
    kvm.libvirt.domains.detach(web, deviceOf(web), { live: true });
    done(await tryUpdate(made, { vlan: 43 }));
    await new Promise((resolve) => setTimeout(resolve, 2 * kvm.libvirt.domains.guestDelayMs));
    assert.deepEqual([count(web.definition), count(web.live), ports().length], [1, 1, 1]);
  });

  it("asks again while QEMU says that the guest is busy, until detachTimeout", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create({ detachTimeout: 2 });
    const detachDevice = kvm.libvirt.detachDevice.bind(kvm.libvirt);
    const busy =
      "internal error: unable to execute QEMU command 'device_del': Hot-unplug failed: guest is busy (power indicator blinking)";
    let asked = 0;
    let isBusy = (): boolean => true;
    kvm.libvirt.detachDevice = async (domain, xml, affect) => {
      if (affect.live === true) asked += 1;
      if (affect.live === true && isBusy()) throw libvirtError(virErr.internal, busy);
      return detachDevice(domain, xml, affect);
    };
    await assert.rejects(remove(made), /VM "web" did not answer within 2 s.*the running VM still has it/);
    assert.ok(asked > 1, `asked ${asked} times`);
    asked = 0;
    isBusy = () => asked === 1;
    await remove(made);
    assert.deepEqual([asked, count(web.live), ports().length], [2, 0, 0]);
  });

  for (const [guest, what] of [
    ["ignores", /did not answer within 1 s/],
    ["refuses", /refused/],
  ] as const) {
    it(`is not said to be gone when the guest ${guest} the request: what is left, and where, is said`, async () => {
      kvm.libvirt.domains.start(web);
      const made = await create({ detachTimeout: 1 });
      web.guest = guest;
      await assert.rejects(remove(made), (error: SriovError) => {
        assert.equal(error.kind, "timeout");
        assert.match(error.message, what);
        assert.match(error.message, /VM "web".*ua-sriov-nic: the running VM still has it/);
        return true;
      });
      // Its next start is without it.
      assert.deepEqual([count(web.definition), count(web.live), ports().length], [0, 1, 1]);
      web.guest = "answers";
      await remove(made);
      assert.deepEqual([count(web.live), ports().length], [0, 0]);
    });
  }

  it("whose guest does not let go for an update stays half-done, with the old VLAN in the running VM as drift", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create({ vlan: 42, detachTimeout: 1 });
    web.guest = "ignores";
    const { id, state, said } = half(await tryUpdate(made, { vlan: 43, detachTimeout: 1 }));
    assert.match(said, /did not answer/);
    assert.match(said, /Done before: virsh update-device web interface\.xml --config/);
    assert.deepEqual(await drift({ id, state }, { vlan: 43, detachTimeout: 1 }), ["vlan"]);
    web.guest = "answers";
    done(await tryUpdate({ id, state }, { vlan: 43, detachTimeout: 1 }));
    assert.match(web.live ?? "", /<tag id='43'\/>/);
  });

  it("is gone with its VM, and a lost connection is an error", async () => {
    const made = await create();
    kvm.connectError = new SriovError("unreachable", "connection lost");
    await assert.rejects(vmSriovInterface.read(kvm.context, made.id, made.state), { kind: "unreachable" });
    kvm.connectError = undefined;
    kvm.libvirt.domains.all.splice(0);
    assert.deepEqual(await vmSriovInterface.read(kvm.context, made.id, made.state), { here: false });
    await remove(made);
  });

  it("that fails to attach leaves nothing, in the definition neither, and says what to do", async () => {
    kvm.libvirt.domains.start(web);
    const inputs = await inputsOf();
    kvm.libvirt.failures.set(
      "attachDevice",
      libvirtError(
        virErr.internal,
        "internal error: Unable to configure VF 0 of PF 'eno49' because the PF is not online. Please change host network config to put the PF online.",
      ),
    );
    await assert.rejects(vmSriovInterface.create(kvm.context, inputs), (error: SriovError) => {
      assert.match(error.remedy ?? "", /VfConfig/);
      return true;
    });
    assert.deepEqual([count(web.definition), count(web.live), ports().length], [0, 0, 0]);
  });

  it("is refused at check when a running VM has no free PCIe root port", async () => {
    const tiny = kvm.libvirt.domains.add("tiny", { rootPorts: 0 });
    kvm.libvirt.domains.start(tiny);
    assert.match(await said({ domain: "tiny" }), /^domain: .*no free PCIe root port/);
    assert.equal(await said({ domain: "tiny", apply: "config" }), "");
  });

  it("is refused at check when the pool has no VF left for it, and the users are named", async () => {
    kvm.libvirt.networks.allocate("pool", { name: "db", uuid: "u1" }, "52:54:00:00:00:01");
    kvm.libvirt.networks.allocate("pool", { name: "db", uuid: "u1" }, "52:54:00:00:00:02");
    kvm.libvirt.domains.start(web);
    assert.match(await said(), /^network: network "pool" has 2 VFs, and all are spoken for: VM db/);
  });

  it("counts this program's other interfaces in VMs that do not run as a warning", async () => {
    for (const domain of ["a", "b"]) {
      const mac = `52:54:00:00:00:0${domain}`;
      const declared = { resource: domain, domain, alias: "ua-x", mac, network: "pool", vf: undefined };
      kvm.context.program.declareInterface(hostKey(host), declared);
    }
    assert.equal(await said(), "");
    assert.match(kvm.warnings.join(), /has 2 VFs, and all are spoken for/);
  });

  it("takes one VF for one interface only", async () => {
    await inputsOf({ network: undefined, vf: "0000:01:10.0" });
    const second = await said({ network: undefined, vf: "0000:01:10.0" }, "second");
    assert.match(second, /^vf: 0000:01:10\.0 is also the VF of ua-sriov-nic in VM "web"/);
  });

  it("is another resource in another VM, or under another alias", async () => {
    const made = await create();
    kvm.libvirt.domains.add("db");
    const kinds = async (news: Values) =>
      vmSriovInterface
        .diff(made.id, made.state, await inputsOf(news, made.state))
        .changes.filter(({ kind }) => kind === "replace")
        .map(({ property }) => property);
    assert.deepEqual(await kinds({ domain: "db" }), ["domain"]);
    assert.deepEqual(await kinds({ alias: "ua-other", mac: "52:54:00:00:00:99" }), ["alias"]);
    assert.deepEqual(await kinds({ domain: web.uuid, mac: made.state.mac }), []);
  });

  it("restarts a VM whose guest does not let go, where the program allows it, and only then", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create({ vlan: 42, detachTimeout: 1, restartDomain: "ifNeeded" });
    web.guest = "ignores";
    const { state } = done(await tryUpdate(made, { vlan: 43, detachTimeout: 1, restartDomain: "ifNeeded" }));
    assert.deepEqual(kvm.libvirt.changes.slice(-2), ["shutdownDomain web", "startDomain web"]);
    assert.match(web.live ?? "", /<tag id='43'\/>/);
    assert.equal(state.live, true);
    await remove({ id: made.id, state });
    assert.deepEqual([count(web.definition), count(web.live), ports().length], [0, 0, 0]);
    assert.deepEqual(kvm.libvirt.changes.slice(-2), ["shutdownDomain web", "startDomain web"]);
  });

  it("is plugged in by a restart when there is no free root port, and says so at preview", async () => {
    const tiny = kvm.libvirt.domains.add("tiny", { rootPorts: 1 });
    kvm.libvirt.domains.start(tiny);
    kvm.libvirt.domains.attach(
      tiny,
      "<interface type='network'><mac address='52:54:00:00:00:77'/><source network='pool'/></interface>",
      { live: true },
    );
    await create({ domain: "tiny", restartDomain: "ifNeeded" });
    assert.match(kvm.warnings.join(), /VM "tiny" will be shut down and started again: it has no free PCIe root port/);
    assert.match(tiny.live ?? "", /ua-sriov-nic/);
  });

  it("does not cut a VM off that does not shut down for a restart: it runs on, and what is done is said", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create({ detachTimeout: 1, restartDomain: "ifNeeded" });
    web.guest = "ignores";
    web.powerButton = "ignores";
    const { said } = half(await tryUpdate(made, { vlan: 43, detachTimeout: 1, restartDomain: "ifNeeded" }));
    assert.match(said, /did not shut down within 1 s.*runs on as it was/);
    assert.match(said, /Done before: virsh update-device web/);
    assert.notEqual(web.live, undefined);
    await assert.rejects(remove(made), /did not shut down/);
  });

  it("of a VM that stops in the middle of an attach is in its definition", async () => {
    kvm.libvirt.domains.start(web);
    const inputs = await inputsOf();
    const attach = kvm.libvirt.attachDevice.bind(kvm.libvirt);
    kvm.libvirt.attachDevice = async (...args) => {
      kvm.libvirt.attachDevice = attach;
      kvm.libvirt.domains.stop(web);
      return attach(...args);
    };
    const { state } = done(await vmSriovInterface.create(kvm.context, inputs));
    assert.deepEqual([count(web.definition), state.live], [1, false]);
  });

  it("of a VM that starts in the middle of an attach is in the running VM too", async () => {
    const inputs = await inputsOf();
    const attach = kvm.libvirt.attachDevice.bind(kvm.libvirt);
    kvm.libvirt.attachDevice = async (...args) => {
      kvm.libvirt.attachDevice = attach;
      kvm.libvirt.domains.start(web);
      return attach(...args);
    };
    const { state } = done(await vmSriovInterface.create(kvm.context, inputs));
    assert.deepEqual([count(web.definition), count(web.live), state.live], [1, 1, true]);
  });

  it("of a transient VM is live alone, and cannot be in a definition that there is not", async () => {
    kvm.libvirt.domains.start(web);
    web.isPersistent = false;
    assert.match(await said({ apply: "config" }), /^apply: VM "web" is transient/);
    const { state } = await create();
    assert.deepEqual([count(web.live), state.live], [1, true]);
  });

  it("under an alias or a MAC address that the program gives twice is found at preview", async () => {
    kvm.libvirt.domains.add("db");
    assert.equal(await said({ alias: "ua-data", mac: "52:54:00:00:00:01" }, "first"), "");
    assert.equal(await said({ alias: "ua-data", mac: "52:54:00:00:00:01" }, "first"), "");
    assert.match(
      await said({ alias: "ua-data", domain: web.uuid, mac: "52:54:00:00:00:02" }, "second"),
      /^alias: .*"ua-data", which resource "first"/,
    );
    assert.match(await said({ domain: "db", mac: "52:54:00:00:00:01" }, "third"), /^mac: .*that of resource "first"/);
  });

  it("takes a VF by its PF and index, and waits for one that the program is about to make", async () => {
    const news = { network: undefined, vf: { pf: "eno49", index: 1 } };
    assert.equal((await inputsOf(news)).vf, "0000:01:10.2");
    assert.match(
      await said({ network: undefined, vf: { pf: "eno49", index: 5 } }),
      /^vf: .*VF 5 of eno49: there is none/,
    );
    kvm.context.program.declareVfs(hostKey(host), { pfPciAddress: "0000:01:00.0", pfName: "eno49", numVfs: 6 });
    const inputs = await inputsOf({ network: undefined, vf: { pf: "eno49", index: 5 } });
    await assert.rejects(vmSriovInterface.create(kvm.context, inputs), /kvm1 has no VF 5 of PF eno49/);
    await kvm.setNumVfs("eno49", 6);
    const { state } = done(await vmSriovInterface.create(kvm.context, inputs));
    assert.equal(state.vf, "0000:01:11.2");
  });

  it("warns of a VF that a pool hands out too, and refuses one that a pool of the program lists", async () => {
    assert.equal(await said({ network: undefined, vf: "0000:01:10.2" }), "");
    assert.match(kvm.warnings.join(), /0000:01:10\.2 is also handed out by network "pool"/);
    const source = { mode: "hostdev", vfs: ["0000:01:10.2"], netdevs: [] };
    kvm.context.program.declareNetwork(hostKey(host), { resource: "own", name: "own", numVfs: 1, source });
    assert.match(
      await said({ network: undefined, vf: "0000:01:10.2" }),
      /^vf: .* is listed by network "own" of this program/,
    );
  });

  it("from a network of the same program has one of the portgroups that it will have", async () => {
    const coming = { resource: "coming", name: "coming", numVfs: 2, mode: "hostdev", portgroups: ["a"] };
    kvm.context.program.declareNetwork(hostKey(host), coming);
    assert.equal(await said({ network: "coming", portgroup: "a" }), "");
    assert.match(await said({ network: "coming", portgroup: "b" }), /^portgroup: .*which has a, got "b"/);
  });

  it("is refused from a network whose VLAN is a trunk, unless it has one of its own", async () => {
    const pool = kvm.libvirt.networks.byName("pool");
    const trunk = "<vlan trunk='yes'><tag id='4'/><tag id='5'/></vlan>";
    pool.definition = pool.definition.replace("</network>", `${trunk}</network>`);
    assert.match(await said(), /^network: .*trunk of several VLANs/);
    assert.equal(await said({ vlan: 4 }), "");
  });

  it("has a place in the boot order that no other device has, and none beside <os><boot>", async () => {
    assert.equal(await said({ bootOrder: 1 }), "");
    web.definition = web.definition.replace("<devices>", "<devices><disk type='file'><boot order='1'/></disk>");
    assert.match(await said({ bootOrder: 1 }), /^bootOrder: another device of VM "web" has place 1/);
    assert.equal(await said({ bootOrder: 2 }), "");
    web.definition = web.definition.replace("</type>", "</type><boot dev='hd'/>");
    assert.match(await said({ bootOrder: 2 }), /^bootOrder: .*<os><boot>/);
  });

  it("as a VF teams with the virtio NIC of its VM, by alias and MAC address", async () => {
    const bridge = { resource: "lan", name: "lan", numVfs: 1, mode: "bridge" };
    kvm.context.program.declareNetwork(hostKey(host), bridge);
    const half = { teaming: { type: "transient", persistent: "ua-standby" } };
    assert.match(await said(half), /^teaming\.persistent: expected an interface of VM "web", got "ua-standby"/);
    const standby = { network: "lan", alias: "ua-standby", teaming: { type: "persistent" } };
    const { inputs, failures } = await check(standby, undefined, "standby");
    assert.deepEqual(failures, []);
    assert.equal(inputs.model, "virtio");
    assert.equal((await inputsOf(half)).mac, inputs.mac);
    assert.match(await said({ ...half, mac: "52:54:00:00:00:99" }), /^mac: expected the MAC address of ua-standby/);
    assert.match(await said({ ...standby, network: "pool" }, "other"), /network: expected a network of another kind/);
    assert.match(await said({ teaming: { type: "transient" } }), /^teaming\.persistent: required/);
    assert.match(await said({ ...standby, network: undefined, vf: "0000:01:10.0" }, "third"), /^vf: expected network/);
  });

  it("counts this program's other interfaces in the free root ports of a running VM", async () => {
    const tiny = kvm.libvirt.domains.add("tiny", { rootPorts: 1 });
    kvm.libvirt.domains.start(tiny);
    assert.equal(await said({ domain: "tiny" }, "first"), "");
    assert.match(await said({ domain: "tiny" }, "second"), /no free PCIe root port .*ua-sriov-first of this program/);
  });
});
