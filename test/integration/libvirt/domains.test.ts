import assert from "node:assert/strict";
import { deadlineIn } from "../../../provider/base/deadline.js";
import { kindOf } from "../../../provider/base/errors.js";
import { macFromSeed } from "../../../provider/base/mac.js";
import { parsePciAddress } from "../../../provider/base/pci-address.js";
import type { DomainEvent, DomainRef, LibvirtClient, Subscription } from "../../../provider/libvirt/client.js";
import { LibvirtError, virErr } from "../../../provider/libvirt/errors.js";
import { parseDomainInterfaces, parseDomainXml } from "../../../provider/libvirt/xml/domain.js";
import { formatInterfaceXml, updateInterfaceXml } from "../../../provider/libvirt/xml/interface.js";
import { formatNetworkXml } from "../../../provider/libvirt/xml/network.js";
import { singleVlan } from "../../../provider/libvirt/xml/parts.js";
import { type LibvirtdFixture, connectTo, defineDomain, mustRun, startLibvirtd } from "../libvirtd.js";

describe("domains of a real libvirtd", function () {
  this.timeout(120_000);
  let libvirtd: LibvirtdFixture;
  let client: LibvirtClient;
  let web: DomainRef;
  before(async () => {
    libvirtd = await startLibvirtd();
    client = await connectTo(libvirtd);
    await client.defineNetwork(formatNetworkXml({ name: "test-pool", mode: "hostdev", source: { pf: "ens1f0" } }));
  });
  after(async () => {
    await client?.close();
    await libvirtd?.stop();
  });
  beforeEach(async () => {
    await defineDomain(libvirtd, "test-web");
    const found = await client.findDomain("test-web");
    assert.ok(found);
    web = found;
  });
  afterEach(async () => {
    await libvirtd.run("virsh destroy test-web");
    await libvirtd.run("virsh undefine test-web");
  });

  const mac = macFromSeed("test-web");
  const wanted = { kind: "pool", network: "test-pool", mac, alias: "ua-sriov-a", vlan: singleVlan(42) } as const;
  const refused = async (promise: Promise<unknown>, code: number, message: RegExp) => {
    await assert.rejects(promise, (error: unknown) => {
      assert.ok(error instanceof LibvirtError, String(error));
      assert.equal(error.remote.code, code, error.message);
      assert.match(error.message, message);
      return true;
    });
  };
  const inactive = async () => parseDomainInterfaces(await client.domainXml(web, { inactive: true }));

  it("are listed and found by name and by UUID, and undefined otherwise", async () => {
    assert.deepEqual(await client.listDomains(), [web]);
    assert.equal(web.id, -1);
    assert.deepEqual(await client.findDomain(web.uuid), web);
    assert.equal(await client.findDomain("test-other"), undefined);
    assert.equal(await client.findDomain(crypto.randomUUID()), undefined);
    assert.equal(await client.isDomainActive(web), false);
    assert.equal(await client.isDomainPersistent(web), true);
    const { name, uuid, type, arch, hasOsBoot, freeRootPorts, interfaces } = parseDomainXml(
      await client.domainXml(web),
    );
    assert.deepEqual(
      { name, uuid, type, arch, hasOsBoot, freeRootPorts, interfaces },
      {
        name: "test-web",
        uuid: web.uuid,
        type: "qemu",
        arch: "x86_64",
        hasOsBoot: true,
        freeRootPorts: 3,
        interfaces: [],
      },
    );
  });

  it("take an interface from a pool into their configuration, change it and give it back", async () => {
    await client.attachDevice(web, formatInterfaceXml(wanted), { config: true });
    const [attached, ...others] = await inactive();
    assert.ok(attached);
    assert.deepEqual(others, []);
    const { xml, guestAddress, model, ...rest } = attached;
    assert.deepEqual(rest, {
      element: "interface",
      type: "network",
      mac,
      alias: "ua-sriov-a",
      network: "test-pool",
      vlan: singleVlan(42),
      managed: false,
    });
    assert.ok(guestAddress);
    assert.equal(model, undefined);

    const update = updateInterfaceXml(xml, { ...wanted, vlan: singleVlan(43) });
    await client.updateDevice(web, update, { config: true });
    const [updated] = await inactive();
    assert.deepEqual(
      { vlan: updated?.vlan, alias: updated?.alias, guestAddress: updated?.guestAddress },
      { vlan: singleVlan(43), alias: "ua-sriov-a", guestAddress },
    );

    await client.detachDevice(web, updated?.xml ?? "", { config: true });
    assert.deepEqual(await inactive(), []);
  });

  it("take one VF of the host", async () => {
    const vf = parsePciAddress("0000:03:10.2");
    await client.attachDevice(web, formatInterfaceXml({ kind: "vf", vf, mac, alias: "ua-sriov-b" }), { config: true });
    const [attached] = await inactive();
    assert.deepEqual(
      { type: attached?.type, vf: attached?.sourceAddress, managed: attached?.managed, alias: attached?.alias },
      { type: "hostdev", vf, managed: true, alias: "ua-sriov-b" },
    );
  });

  it("refuse an alias twice, a detach of nothing, a live call while they are off", async () => {
    await client.attachDevice(web, formatInterfaceXml(wanted), { config: true });
    await refused(
      client.attachDevice(web, formatInterfaceXml({ ...wanted, mac: macFromSeed("other") }), { config: true }),
      virErr.configUnsupported,
      /^cannot attach a device to domain "test-web" \(config\) on test-host: .*non unique alias detected: ua-sriov-a/,
    );
    await refused(
      client.detachDevice(web, formatInterfaceXml({ ...wanted, mac: macFromSeed("other") }), { config: true }),
      virErr.deviceMissing,
      /^cannot detach a device from domain "test-web" \(config\)/,
    );
    await refused(
      client.attachDevice(web, formatInterfaceXml(wanted), { live: true }),
      virErr.operationInvalid,
      /domain is not running/,
    );
    assert.equal(kindOf(await client.attachDevice(web, "<interface/>", {}).catch((error: unknown) => error)), "bug");
  });

  it("tell of their life and their devices, in order, and of nobody else's", async () => {
    await defineDomain(libvirtd, "test-db");
    const events = await client.subscribe(web);
    await mustRun(libvirtd, "virsh start test-db; virsh start test-web");
    const nic = `<interface type='ethernet'><mac address='${mac}'/><alias name='ua-nic'/><model type='virtio'/></interface>`;
    await mustRun(libvirtd, "virsh destroy test-db && virsh undefine test-db");
    await client.attachDevice(web, nic, { live: true });
    await mustRun(libvirtd, "virsh destroy test-web");

    const told: string[] = [];
    const next = async (subscription: Subscription<DomainEvent>) => {
      const event = await subscription.next(deadlineIn(20_000));
      assert.equal(event.domain.uuid, web.uuid);
      told.push(event.event === "lifecycle" ? event.change : `${event.event} ${event.alias}`);
    };
    while (told.at(-1) !== "stopped") await next(events);
    assert.deepEqual(
      // Which of the steps between have an event of their own is QEMU's matter.
      told.filter((one) => one !== "resumed" && one !== "shutdown"),
      ["started", "device-added ua-nic", "stopped"],
    );
    assert.equal(kindOf(await events.next(deadlineIn(50)).catch((error: unknown) => error)), "timeout");
    await events.close();
    await events.close();
  });

  it("do not say on a detach whether the guest let go", async () => {
    await mustRun(libvirtd, "virsh start test-web");
    const nic = `<interface type='ethernet'><mac address='${mac}'/><alias name='ua-nic'/><model type='virtio'/></interface>`;
    await client.attachDevice(web, nic, { live: true });
    const events = await client.subscribe(web);
    await client.detachDevice(web, nic, { live: true });
    const live = parseDomainInterfaces(await client.domainXml(web)).map(({ alias }) => alias);
    const event = await events.next(deadlineIn(500)).catch((error: unknown) => kindOf(error));
    // Firmware answers nothing: libvirt said yes after 5 s, and the interface is still there.
    assert.deepEqual([live, event], [["ua-nic"], "timeout"]);
    await events.close();
  });
});
