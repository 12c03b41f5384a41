// VmSriovInterface's whole life over a libvirtd in memory: running VMs, guests that answer and guests that do not.
import assert from "node:assert/strict";
import { SriovError } from "../../../../provider/base/errors.js";
import { virErr } from "../../../../provider/libvirt/errors.js";
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
  const ports = () => kvm.libvirt.networks.byName("pool").ports;
  const count = (xml: string | undefined) => (xml?.match(/<interface/g) ?? []).length;

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
      const declared = { domain, alias: "ua-x", mac, network: "pool", vf: undefined };
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
});
