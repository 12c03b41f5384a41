// SriovNetwork on a real libvirtd: its whole life, and what must not happen to a pool in use.
import assert from "node:assert/strict";
import { hostKey } from "../../../provider/resources/host-inputs.js";
import type { Values } from "../../../provider/resources/lifecycle.js";
import type { SriovNetworkInputs, SriovNetworkState } from "../../../provider/resources/sriov-network/model.js";
import { sriovNetwork } from "../../../provider/resources/sriov-network/index.js";
import { allocatePort, defineDomain, fakePfs, mustRun, setNumVfs } from "../libvirtd.js";
import { Program } from "../../../provider/resources/program.js";
import { type World, host, startWorld } from "./world.js";

describe("SriovNetwork on a real libvirtd", function () {
  this.timeout(60_000);
  let world: World;

  before(async () => {
    world = await startWorld();
    await defineDomain(world.fixture, "web");
  });
  after(() => world?.close());
  beforeEach(() => {
    world.warnings.splice(0);
    // Each test is a program of its own.
    world.context = { ...world.context, program: new Program() };
  });

  const virsh = async (command: string) => (await mustRun(world.fixture, `virsh ${command}`)).trim();

  async function checked(news: Values, olds?: Values): Promise<SriovNetworkInputs> {
    const { inputs, failures } = await sriovNetwork.check(world.context, { host, ...news }, olds, "pool");
    assert.deepEqual(failures, []);
    return inputs;
  }
  async function failures(news: Values): Promise<string[]> {
    const found = await sriovNetwork.check(world.context, { host, ...news }, undefined, "pool");
    return found.failures.map(({ property, reason }) => `${property}: ${reason}`);
  }
  async function create(inputs: SriovNetworkInputs): Promise<{ id: string; state: SriovNetworkState }> {
    const outcome = await sriovNetwork.create(world.context, inputs);
    assert.ok(outcome.done, JSON.stringify(outcome));
    return outcome;
  }
  async function update(made: { id: string; state: SriovNetworkState }, inputs: SriovNetworkInputs) {
    const outcome = await sriovNetwork.update(world.context, made.id, made.state, inputs);
    assert.ok(outcome.done, JSON.stringify(outcome));
    return outcome;
  }
  async function refreshed({ id, state }: { id: string; state: SriovNetworkState }) {
    const observed = await sriovNetwork.read(world.context, id, state);
    assert.ok(observed.here);
    return observed;
  }
  const drift = (made: { id: string; state: SriovNetworkState }, inputs: SriovNetworkInputs) =>
    sriovNetwork.diff(made.id, made.state, inputs).changes.map(({ property, kind }) => `${kind} ${property}`);
  const remove = ({ id, state }: { id: string; state: SriovNetworkState }) =>
    sriovNetwork.delete(world.context, id, state);

  it("is defined, started and marked as ours; read is a fixed point; deleting it twice is fine", async () => {
    const inputs = await checked({ pf: "ens1f0", vlan: 42, portgroups: [{ name: "a", default: true, vlan: 10 }] });
    const made = await create(inputs);
    assert.equal(made.id, `kvm1/${made.state.uuid}`);
    assert.equal(made.state.numVfs, 7);
    assert.equal(made.state.virtualFunctions.length, 7);
    assert.match(await virsh("net-info pool"), /Active:\s+yes\nPersistent:\s+yes\nAutostart:\s+yes/);
    assert.match(await virsh("net-dumpxml --inactive pool"), /<sriov:network [^>]*name=["']pool["']/);

    const observed = await refreshed(made);
    assert.deepEqual(observed.inputs, inputs);
    assert.deepEqual(observed.state, made.state);
    assert.deepEqual(drift(observed, await checked({ pf: "ens1f0", vlan: 42 }, inputs)), []);

    await remove(made);
    await remove(made);
    assert.deepEqual(await sriovNetwork.read(world.context, made.id, made.state), { here: false });
    assert.equal(await virsh("net-list --all --name"), "");
  });

  it("keeps uuid and what others wrote over an update, and restarts the pool for it", async () => {
    const made = await create(await checked({ pf: "ens1f0" }));
    await mustRun(
      world.fixture,
      `virsh net-dumpxml --inactive pool |
        sed "s|<metadata>|<metadata><x:note xmlns:x='urn:other'>theirs</x:note>|; s|</network>|<portgroup name='theirs'/></network>|" > /run/net.xml
       virsh net-define /run/net.xml`,
    );
    const updated = await update(made, await checked({ pf: "ens1f0", vlan: 7, autostart: false }));
    assert.equal(updated.state.uuid, made.state.uuid);
    const inactive = await virsh("net-dumpxml --inactive pool");
    assert.match(inactive, /<x:note xmlns:x=["']urn:other["']>theirs/);
    assert.match(inactive, /<portgroup name='theirs'/);
    assert.match(inactive, /<pf dev='ens1f0'\/>/);
    assert.doesNotMatch(inactive, /<address/);
    assert.match(await virsh("net-dumpxml pool"), /<tag id='7'\/>/);
    assert.match(await virsh("net-info pool"), /Autostart:\s+no/);
    await remove(made);
  });

  it("shows a pool stopped by hand, and autostart turned off, as drift that an update mends", async () => {
    const inputs = await checked({ pf: "ens1f0" });
    const made = await create(inputs);
    await virsh("net-destroy pool");
    await virsh("net-autostart pool --disable");
    const observed = await refreshed(made);
    assert.deepEqual([observed.inputs.active, observed.inputs.autostart], [false, false]);
    assert.deepEqual(drift(observed, inputs), ["update autostart", "update active"]);
    const mended = await update(observed, inputs);
    assert.deepEqual(drift(mended, inputs), []);
    await remove(made);
  });

  it("shows VFs that were made anew as drift, and restarts the pool for them", async () => {
    const [pf] = fakePfs;
    assert.ok(pf);
    const inputs = await checked({ pf: pf.netdev });
    const made = await create(inputs);
    await setNumVfs(world.fixture, pf, 3);
    try {
      const observed = await refreshed(made);
      assert.equal(observed.state.stale, true);
      assert.deepEqual(drift(observed, inputs), ["update stale"]);
      assert.deepEqual(drift(made, await checked({ pf: pf.netdev }, inputs)), ["update numVfs"]);
      const mended = await update(observed, await checked({ pf: pf.netdev }, inputs));
      assert.equal(mended.state.stale, false);
      assert.equal(mended.state.virtualFunctions.length, 3);
    } finally {
      await setNumVfs(world.fixture, pf, 7);
      await remove(made);
    }
  });

  it("is neither restarted nor deleted while a VM holds a VF: the VM is named, the definition waits", async () => {
    const made = await create(await checked({ pf: "ens1f0" }));
    await allocatePort(world.fixture, { network: "pool", domain: "web", mac: "52:54:00:00:00:01" });
    const observed = await refreshed(made);
    assert.equal(observed.state.connections, 1);
    assert.deepEqual(observed.state.virtualFunctions[0], {
      pciAddress: "0000:03:10.0",
      allocatedTo: { domain: "web", mac: "52:54:00:00:00:01" },
    });
    assert.deepEqual(drift(observed, observed.inputs), []);

    const inputs = await checked({ pf: "ens1f0", vlan: 9 });
    assert.match(world.warnings.join(), /VM web \(52:54:00:00:00:01\) holds 0000:03:10\.0/);
    const outcome = await sriovNetwork.update(world.context, made.id, made.state, inputs);
    assert.ok(!outcome.done);
    assert.match(outcome.reasons.join(), /Refused to restart network "pool" on kvm1: VM web .* holds 0000:03:10\.0/);
    assert.match(await virsh("net-dumpxml pool"), /connections='1'/);
    assert.match(await virsh("net-dumpxml --inactive pool"), /<tag id='9'\/>/);
    assert.deepEqual(drift({ id: made.id, state: outcome.state }, inputs), ["update stale"]);

    await assert.rejects(remove(made), /Refused to delete network "pool" on kvm1: VM web/);
    const port = (await virsh("net-port-list pool")).split("\n").at(-1)?.trim() ?? "";
    await virsh(`net-port-delete pool ${port}`);
    await update({ id: made.id, state: outcome.state }, inputs);
    assert.match(await virsh("net-dumpxml pool"), /<tag id='9'\/>/);
    await remove(made);
  });

  it("is not made over a network of somebody else; and what is ours and there is adopted", async () => {
    const made = await create(await checked({ pf: "ens1f0" }));
    const adopted = await create(await checked({ pf: "ens1f0" }));
    assert.equal(adopted.state.uuid, made.state.uuid);
    const foreign = await sriovNetwork.check(world.context, { host, name: "pool", pf: "ens1f1" }, undefined, "other");
    assert.match(
      foreign.failures[0]?.reason ?? "",
      /has a network "pool" already, and it belongs to the resource "pool"/,
    );
    await assert.rejects(
      sriovNetwork.create(world.context, { ...made.state, owner: "other" }),
      /Refused to make network "pool"/,
    );
    await remove(made);
  });

  it("says at check what is wrong with the PF: none such, a VF, no VFs, in another pool", async () => {
    assert.match(
      (await failures({ pf: "eno9" })).join(),
      /pf: expected the netdev of a PF of kvm1, got "eno9".*ens1f0 \(0000:03:00\.0\)/,
    );
    assert.match((await failures({ pf: "ens2f0" })).join(), /pf: PF ens2f0 has no VFs: .*VfConfig/);
    assert.match((await failures({ pf: "0000:03:10.2" })).join(), /which is VF 0000:03:10\.2 of PF 0000:03:00\.0/);
    assert.match((await failures({ pf: "0000:03:00.0" })).join(), /it is "ens1f0"/);
    assert.match(
      (await failures({ vfs: ["0000:03:10.0", "03:00.0", "0000:07:00.0"] })).join("\n"),
      /vfs\[1\]: .*no VF\nvfs\[2\]: .*no such PCI device/,
    );
    await mustRun(
      world.fixture,
      `echo "<network><name>theirs</name><forward mode='hostdev' managed='yes'><pf dev='ens1f0'/></forward></network>" > /run/net.xml
       virsh net-define /run/net.xml; virsh net-start theirs`,
    );
    assert.match((await failures({ pf: "ens1f0" })).join(), /pf: PF ens1f0 is in the active network "theirs" of kvm1/);
    assert.match(
      (await failures({ vfs: ["0000:03:10.2"] })).join(),
      /vfs: 0000:03:10\.2 is in the active network "theirs"/,
    );
    await virsh("net-destroy theirs");
    await virsh("net-undefine theirs");
  });

  it("lets a pool pass whose VFs the same program makes", async () => {
    world.context.program.declareVfs(hostKey(host), { pfPciAddress: "0000:05:00.0", pfName: "ens2f0", numVfs: 4 });
    const inputs = await checked({ pf: "ens2f0" });
    assert.equal(inputs.numVfs, 4);
    assert.equal(world.context.program.network(hostKey(host), "pool")?.numVfs, 4);
  });

  it("keeps what was made when the start fails, and says what is missing", async () => {
    const inputs = await checked({ pf: "ens1f0" });
    const outcome = await sriovNetwork.create(world.context, { ...inputs, pf: "ens2f0" });
    assert.ok(!outcome.done);
    assert.match(outcome.reasons.join("\n"), /No usable Vf's present.*\nThe PF has no VFs: declare a VfConfig/);
    assert.equal(outcome.state.active, false);
    assert.deepEqual(drift({ id: outcome.id, state: outcome.state }, inputs).includes("update active"), true);
    const mended = await update({ id: outcome.id, state: outcome.state }, inputs);
    assert.equal(mended.state.pf, "ens1f0");
    await remove(mended);
  });

  it("hands out single VFs, across PFs, without a PF", async () => {
    const inputs = await checked({ vfs: ["03:10.0", "0000:03:10.1"], managed: false });
    const made = await create(inputs);
    assert.deepEqual(made.state.vfs, ["0000:03:10.0", "0000:03:10.1"]);
    assert.deepEqual((await refreshed(made)).inputs, inputs);
    await remove(made);
  });

  it("hands out macvtaps on the VFs of a PF, and on netdevs; read is a fixed point, and an import gives the same", async () => {
    const vf = "/sys/devices/pci0000:00/0000:03:10.0/net/ens1f0v0";
    const asNetdev = [
      `mkdir -p ${vf}`,
      `echo 0 > ${vf}/dev_port`,
      `ln -sfn ../../devices/pci0000:00/0000:03:10.0/net/ens1f0v0 /sys/class/net/ens1f0v0`,
      `ln -sfn ../../../0000:03:10.0 ${vf}/device`,
    ];
    await mustRun(world.fixture, asNetdev.join(" && "));
    const inputs = await checked({ pf: "ens1f0", mode: "passthrough", vlan: 42 });
    const made = await create(inputs);
    assert.match(await virsh("net-dumpxml pool"), /mode='passthrough'[^]*<interface dev='ens1f0v0'/);
    assert.deepEqual(made.state.virtualFunctions, [{ pciAddress: "0000:03:10.0", netdev: "ens1f0v0" }]);
    assert.deepEqual((await refreshed(made)).inputs, inputs);
    assert.deepEqual(drift(await refreshed(made), inputs), []);

    assert.match((await failures({ pf: "ens1f0", mode: "bridge" })).join(), /^vlan: .*has a VLAN, .*expected vlan: 0/);
    const others = await checked({ netdevs: ["ens1f1", "ens2f0"], mode: "bridge", vlan: 0 }, inputs);
    const moved = await update(made, others);
    assert.match(await virsh("net-dumpxml --inactive pool"), /<forward dev='ens1f1' mode='bridge'>/);
    const swapped = await update(moved, await checked({ netdevs: ["ens2f0"], mode: "bridge" }, others));
    const imported = await sriovNetwork.read(world.context, "kvm1/pool", { host } as SriovNetworkState);
    assert.ok(imported.here);
    assert.deepEqual([imported.inputs.mode, imported.inputs.netdevs], ["bridge", ["ens2f0"]]);
    const back = await update(swapped, await checked({ pf: "ens1f0" }, others));
    assert.deepEqual([back.state.mode, back.state.virtualFunctions.length], ["hostdev", 7]);
    await remove(back);
  });

  it("has a virtualport, in a portgroup too, and another one or none when asked", async () => {
    const virtualport = { type: "802.1Qbg", managerId: 11, typeId: 1193047, typeIdVersion: 2 };
    const portgroups = [{ name: "web", virtualport: { type: "802.1Qbh", profileId: "web" } }];
    const inputs = await checked({ pf: "ens1f0", virtualport, portgroups });
    const made = await create(inputs);
    const now = () => virsh("net-dumpxml --inactive pool");
    assert.match(await now(), /typeid='1193047'[^]*<portgroup name='web'>[^]*profileid='web'/);
    assert.deepEqual((await refreshed(made)).inputs, inputs);
    const other = { type: "802.1Qbh", profileId: "data" };
    const changed = await update(made, await checked({ pf: "ens1f0", virtualport: other, portgroups: [] }, inputs));
    assert.match(await now(), /profileid='data'/);
    const none = await checked({ pf: "ens1f0", virtualport: { type: "none" }, vlan: 7 }, inputs);
    const without = await update(changed, none);
    assert.doesNotMatch(await now(), /virtualport/);
    assert.deepEqual(drift(await refreshed(without), none), []);
    await remove(without);
  });

  it("keeps metadata for other tools beside our mark, changes it without a restart, and takes it away", async () => {
    const uri = "urn:test:rack";
    const at = (row: number) => [{ uri, xml: `<r:at xmlns:r='${uri}' row='${row}'/>` }];
    const inputs = await checked({ pf: "ens1f0", metadata: at(7) });
    const made = await create(inputs);
    assert.match(await virsh("net-dumpxml --inactive pool"), /<r:at xmlns:r=["']urn:test:rack["'] row=["']7["']\/>/);
    assert.deepEqual(drift(await refreshed(made), inputs), []);
    await allocatePort(world.fixture, { network: "pool", domain: "web", mac: "52:54:00:00:00:01" });
    const moved = await update(made, await checked({ pf: "ens1f0", metadata: at(8) }, inputs));
    assert.equal(moved.state.connections, 1);
    const gone = await update(moved, await checked({ pf: "ens1f0", metadata: [{ uri, xml: "" }] }, inputs));
    const xml = await virsh("net-dumpxml --inactive pool");
    assert.doesNotMatch(xml, /r:at/);
    assert.match(xml, /sriov:network/);
    const [port = ""] = (await virsh("net-port-list pool --uuid")).split("\n");
    await virsh(`net-port-delete pool ${port}`);
    await remove(gone);
  });

  it("says before libvirt drops them what is too new for it", async () => {
    const version = await world.client.libVersion();
    const news = { pf: "ens1f0", title: "Data", description: "The data network", driver: { model: "mlx5_vfio_pci" } };
    const found = (await failures(news)).map((text) => text.split(":")[0]);
    const expected = [
      ...(version < 10_000_000 ? ["driver.model"] : []),
      ...(version < 9_007_000 ? ["title", "description"] : []),
    ];
    assert.deepEqual(found, expected);
    if (expected.length > 0) return;
    const inputs = await checked(news);
    const made = await create(inputs);
    assert.deepEqual((await refreshed(made)).inputs, inputs);
    await remove(made);
  });
});
