import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { kindOf } from "../../../provider/base/errors.js";
import { connectLibvirt } from "../../../provider/libvirt/client-rpc.js";
import { LibvirtError, virErr } from "../../../provider/libvirt/errors.js";
import { RpcConnection } from "../../../provider/libvirt/rpc/connection.js";
import { openLibvirt } from "../../../provider/libvirt/rpc/handshake.js";
import { openLibvirtSocket } from "../../../provider/libvirt/sockets.js";
import { parseLibvirtUri } from "../../../provider/libvirt/uri.js";
import { parseCapabilitiesXml } from "../../../provider/libvirt/xml/capabilities.js";
import { parseNodeDeviceXml } from "../../../provider/libvirt/xml/node-device.js";
import { type LibvirtdFixture, connectTo, startLibvirtd } from "../libvirtd.js";

describe("a connection to a real libvirtd", function () {
  this.timeout(60_000);
  let libvirtd: LibvirtdFixture;
  before(async () => {
    libvirtd = await startLibvirtd();
  });
  after(() => libvirtd?.stop());

  const failure = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => assert.fail("expected a rejection"),
      (error: unknown) => error,
    );
  const raw = () => new RpcConnection(createConnection(libvirtd.socket), "test-host");

  it("opens the first socket that is there, and names those it tried when none is", async () => {
    const uri = parseLibvirtUri("qemu:///system");
    const options = { uri: uri.localUri, name: libvirtd.connection.name };
    const client = await connectLibvirt(() => openLibvirtSocket(libvirtd.connection, uri), options);
    assert.equal(client.name, "qemu:///system on test-host");
    assert.deepEqual(await client.listNetworks(), []);
    await client.close();

    const modular = parseLibvirtUri("qemu:///system?mode=direct");
    const error = await failure(openLibvirtSocket(libvirtd.connection, modular));
    assert.equal(kindOf(error), "unreachable");
    assert.match(
      String(error),
      /cannot open a libvirt socket on test-host: tried \/var\/run\/libvirt\/virtqemud-sock \(.*ENOENT/,
    );
  });

  it("opens the test driver too", async () => {
    const client = await connectLibvirt(() => libvirtd.connection.openUnixSocket("/run/libvirt/libvirt-sock"), {
      uri: "test:///default",
      name: "test-host",
    });
    assert.deepEqual(
      (await client.listDomains()).map(({ name }) => name),
      ["test"],
    );
    await client.close();
  });

  it("knows the version, the security models and the PFs of the host", async () => {
    const client = await connectTo(libvirtd);
    assert.ok((await client.libVersion()) >= 9_000_000);
    const { arch, securityModels } = parseCapabilitiesXml(await client.capabilities());
    assert.deepEqual({ arch, securityModels }, { arch: "x86_64", securityModels: ["none", "dac"] });
    assert.equal((await client.listNodeDevices("pci")).length, 17);
    const pf = parseNodeDeviceXml(await client.nodeDeviceXml("pci_0000_03_00_0"));
    assert.deepEqual(
      { max: pf.pci?.virtualFunctions?.max, vfs: pf.pci?.virtualFunctions?.addresses.length, driver: pf.driver },
      { max: 7, vfs: 7, driver: "igb" },
    );
    const vf = parseNodeDeviceXml(await client.nodeDeviceXml("pci_0000_03_10_2"));
    assert.equal(vf.pci?.physicalFunction, "0000:03:00.0");
    assert.equal(vf.pci?.iommuGroup?.addresses[0], "0000:03:10.2");
    const nets = await Promise.all((await client.listNodeDevices("net")).map((name) => client.nodeDeviceXml(name)));
    assert.deepEqual(nets.map((xml) => parseNodeDeviceXml(xml).net?.netdev).sort(), ["ens1f0", "ens1f1", "ens2f0"]);
    const missing = await failure(client.nodeDeviceXml("pci_0000_09_00_0"));
    assert.ok(missing instanceof LibvirtError);
    assert.equal(missing.remote.code, virErr.noNodeDevice);
    await client.close();
  });

  it("loses the first OPEN by a second one", async () => {
    const rpc = raw();
    await openLibvirt(rpc, "qemu:///system");
    await failure(rpc.call("connectOpen", ["qemu:///system", 0], "open again"));
    const after = await failure(rpc.call("connectGetHostname", [], "ask for its name"));
    assert.match(String(after), /cannot ask for its name on test-host: .*connection not open/);
    await rpc.close();
  });

  it("is told what it may not do before it has opened anything, and goes on", async () => {
    const rpc = raw();
    assert.match(String(await failure(rpc.call("connectGetHostname", [], "ask for its name"))), /not open/);
    await openLibvirt(rpc, "qemu:///system");
    assert.notEqual(await rpc.call("connectGetHostname", [], "ask for its name"), "");
    await rpc.close();
  });

  it("needs no keep-alive: libvirtd pings nobody who did not ask", async () => {
    const rpc = raw();
    await openLibvirt(rpc, "qemu:///system");
    assert.equal(await rpc.call("connectSupportsFeature", [14], "ask for feature 14"), true);
    await rpc.close();
  });

  it("rejects what is pending when it is closed, and when libvirtd dies", async () => {
    const closing = await connectTo(libvirtd);
    const pending = Promise.allSettled(Array.from({ length: 20 }, () => closing.listNetworks()));
    await closing.close();
    const kinds = (await pending).map((one) => (one.status === "rejected" ? kindOf(one.reason) : "answered"));
    assert.ok(
      kinds.every((kind) => kind === "unreachable" || kind === "answered"),
      kinds.join(),
    );
    assert.equal(kinds.at(-1), "unreachable");

    const own = await startLibvirtd();
    const client = await connectTo(own);
    const [web] = await client.listDomains();
    assert.equal(web, undefined);
    await own.stop();
    assert.equal(kindOf(await failure(client.listNetworks())), "unreachable");
    await client.close();
  });
});
