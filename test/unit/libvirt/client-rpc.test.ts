import assert from "node:assert/strict";
import { deadlineIn } from "../../../provider/base/deadline.js";
import { type SriovError, explain, kindOf } from "../../../provider/base/errors.js";
import { connectLibvirt } from "../../../provider/libvirt/client-rpc.js";
import { virErr } from "../../../provider/libvirt/errors.js";
import { FakeLibvirtd, refusal, settled } from "./fake-libvirtd.js";
import { wire } from "./rpc/naive-writer.js";

const pool = { name: "pool", uuid: "c7a5fdbd-edaf-9455-926a-d65c16db1809" };
const web = { name: "web", uuid: "11111111-2222-3333-4444-555555555555", id: 3 };

const connect = (server: FakeLibvirtd, timeoutMs = 1_000) =>
  connectLibvirt(async () => server.client, {
    uri: "qemu:///system",
    name: "root@kvm1",
    timeoutMs,
    link: { pausesMs: [] },
  });
async function connected(handlers: ConstructorParameters<typeof FakeLibvirtd>[0] = {}) {
  const server = new FakeLibvirtd(handlers);
  return { server, client: await connect(server) };
}
const failure = async (promise: Promise<unknown>): Promise<SriovError> =>
  promise.then(
    () => assert.fail("expected a rejection"),
    (error: unknown) => error as SriovError,
  );

describe("connecting to libvirt", () => {
  it("asks how to authenticate, then opens once, and sends no keep-alive", async () => {
    const { server, client } = await connected();
    assert.deepEqual(
      server.calls.map(({ name, args }) => [name, ...args]),
      [["authList"], ["connectOpen", "qemu:///system", 0]],
    );
    assert.equal(client.name, "qemu:///system on root@kvm1");
  });

  it("authenticates by polkit where libvirt asks for it", async () => {
    const { server } = await connected({ authList: () => wire().u32(1).u32(2), authPolkit: () => wire().u32(1) });
    assert.deepEqual(
      server.calls.map(({ name }) => name),
      ["authList", "authPolkit", "connectOpen"],
    );
  });

  for (const code of [virErr.authFailed, virErr.authUnavailable]) {
    it(`says which group is missing when polkit says no (${code})`, async () => {
      const server = new FakeLibvirtd({
        authList: () => wire().u32(1).u32(2),
        authPolkit: () => refusal(code, "authentication failed: access denied by policy"),
      });
      const error = await failure(connect(server));
      assert.equal(error.kind, "permission-denied");
      assert.equal(
        explain(error),
        "cannot authenticate to libvirt (polkit) on root@kvm1: authentication failed: access denied by policy\n" +
          "Add the user to group libvirt on the host (or connect as root).",
      );
      assert.equal(server.client.destroyed, true);
    });
  }

  it("says what is missing when libvirt asks for SASL", async () => {
    for (const [offered, kind, message] of [
      [
        "gssapi",
        "unsupported",
        /it offers SASL with gssapi, and we can SCRAM-SHA-512, SCRAM-SHA-256, SCRAM-SHA-1, PLAIN/,
      ],
      ["gssapi,scram-sha-256", "permission-denied", /it asks for a user name and a password \(SASL SCRAM-SHA-256\)/],
    ] as const) {
      const server = new FakeLibvirtd({
        authList: () => wire().u32(1).u32(1),
        authSaslInit: () => wire().text(offered),
      });
      const error = await failure(connect(server));
      assert.equal(error.kind, kind);
      assert.match(error.message, message);
    }
  });

  it("does not open what does not ask for the authentication that the URI wants", async () => {
    const server = new FakeLibvirtd();
    const options = { uri: "qemu:///system", name: "root@kvm1", authentication: { wanted: "sasl" } };
    const error = await failure(connectLibvirt(async () => server.client, options));
    assert.equal(error.kind, "unsupported");
    assert.match(error.message, /it asks for "none", expected sasl, as auth=sasl of its URI says/);
  });

  it("refuses to attach an interface with a libvirt that breaks by it, and sends nothing", async () => {
    for (const [version, isGood] of [
      [9_004_000n, false],
      [12_001_000n, false],
      [12_002_000n, true],
    ] as const) {
      const { server, client } = await connected({
        connectGetLibVersion: () => wire().u64(version),
        domainAttachDeviceFlags: () => wire(),
      });
      const attached = client.attachDevice(web, "<interface type='network'/>", { live: true });
      if (isGood) await attached;
      else
        assert.match(
          (await failure(attached)).message,
          /^Refused to attach a device to domain "web".*libvirt (9\.4|12\.1)\.0/,
        );
      assert.equal(server.names.includes("domainAttachDeviceFlags"), isGood);
    }
  });

  it("gives up on a libvirt that does not answer", async () => {
    const server = new FakeLibvirtd({ authList: () => new Promise(() => {}) });
    const error = await failure(connect(server, 20));
    assert.equal(error.kind, "timeout");
    assert.match(error.message, /^cannot open qemu:\/\/\/system on root@kvm1: no answer/);
    assert.equal(server.client.destroyed, true);
  });
});

describe("the libvirt client", () => {
  it("looks a UUID up by UUID, then by name", async () => {
    const { server, client } = await connected({
      networkLookupByUuid: () => refusal(virErr.noNetwork, "no network with matching uuid"),
      networkLookupByName: () => wire().network(pool),
    });
    assert.deepEqual(await client.findNetwork(pool.uuid), pool);
    assert.deepEqual(server.names, ["networkLookupByUuid", "networkLookupByName"]);
  });

  it("says undefined for NO_NETWORK and NO_DOMAIN, and throws everything else", async () => {
    let code: number = virErr.noNetwork;
    const { client } = await connected({
      networkLookupByName: () => refusal(code, "no"),
      domainLookupByName: () => refusal(code, "no"),
    });
    assert.equal(await client.findNetwork("pool"), undefined);
    assert.equal((await failure(client.findDomain("web"))).kind, "not-found");
    code = virErr.noDomain;
    assert.equal(await client.findDomain("web"), undefined);
    assert.equal((await failure(client.findNetwork("pool"))).kind, "not-found");
    code = virErr.internal;
    assert.equal((await failure(client.findNetwork("pool"))).message, 'cannot look up network "pool" on root@kvm1: no');
  });

  it("never takes a lost connection for a network that is gone", async () => {
    const { server, client } = await connected();
    const pending = failure(client.findNetwork("pool"));
    await settled();
    server.hangUp();
    assert.equal((await pending).kind, "unreachable");
  });

  it("lists no ports for an inactive network, and throws the refusal of an active one", async () => {
    let isActive = 0;
    const { client } = await connected({
      networkListAllPorts: () => refusal(virErr.operationInvalid, "network 'pool' is not active"),
      networkIsActive: () => wire().u32(isActive),
    });
    assert.deepEqual(await client.listNetworkPorts(pool), []);
    isActive = 1;
    assert.equal((await failure(client.listNetworkPorts(pool))).kind, "remote-failure");
  });

  it("sends the flags that libvirt means", async () => {
    const { server, client } = await connected({
      networkGetXmlDesc: () => wire().text("<network/>"),
      domainGetXmlDesc: () => wire().text("<domain/>"),
      domainAttachDeviceFlags: () => wire(),
      connectListAllNodeDevices: () => wire().u32(1).text("pci_0000_03_00_0").u32(1),
      networkSetAutostart: () => wire(),
      connectGetLibVersion: () => wire().u64(9_000_000n),
    });
    await client.networkXml(pool);
    await client.networkXml(pool, { inactive: true });
    await client.domainXml(web, { inactive: true });
    await client.attachDevice(web, "<interface/>", { live: true, config: true });
    await client.attachDevice(web, "<interface/>", { config: true });
    assert.deepEqual(await client.listNodeDevices("net"), ["pci_0000_03_00_0"]);
    await client.setNetworkAutostart(pool, true);
    assert.equal(await client.libVersion(), 9_000_000);
    assert.deepEqual(
      server.calls.slice(2).map(({ args }) => args.at(-1)),
      [0, 1, 2, 3, 2, 16, true, undefined],
    );
  });

  it("subscribes to a domain's four events before it says so, and takes all back", async () => {
    let callback = 10;
    const { server, client } = await connected({
      connectDomainEventCallbackRegisterAny: () => wire().u32((callback += 1)),
      connectDomainEventCallbackDeregisterAny: () => wire(),
    });
    const events = await client.subscribe(web);
    const asked = server.calls.slice(2).map(({ args }) => args[0]);
    assert.deepEqual(asked, [15, 22, 19, 0]);
    assert.deepEqual(server.calls.at(-1)?.args[1], web);

    const [removed = 0, failed = 0, added = 0, lifecycle = 0] = [11, 12, 13, 14];
    server.event("domainDeviceRemovalFailed", wire().u32(failed).domain(web).text("ua-a"));
    server.event("domainDeviceRemoved", wire().u32(removed).domain(web).text("ua-a"));
    server.event("domainDeviceAdded", wire().u32(added).domain(web).text("ua-b"));
    server.event("domainLifecycle", wire().u32(lifecycle).domain(web).u32(5).u32(0));
    server.event("domainLifecycle", wire().u32(lifecycle).domain(web).u32(99).u32(0));
    const told = [];
    for (let i = 0; i < 5; i += 1) told.push(await events.next(deadlineIn(1_000)));
    assert.deepEqual(told, [
      { event: "device-removal-failed", domain: web, alias: "ua-a" },
      { event: "device-removed", domain: web, alias: "ua-a" },
      { event: "device-added", domain: web, alias: "ua-b" },
      { event: "lifecycle", domain: web, change: "stopped" },
      { event: "lifecycle", domain: web, change: "other" },
    ]);

    const late = await failure(events.next(deadlineIn(5)));
    assert.equal(late.kind, "timeout");
    assert.match(late.message, /cannot wait for events of domain "web" on root@kvm1/);
    await events.close();
    await events.close();
    const deregistered = server.calls.filter(({ name }) => name === "connectDomainEventCallbackDeregisterAny");
    assert.deepEqual(
      deregistered.map(({ args }) => args[0]),
      [11, 12, 13, 14],
    );
  });

  it("takes back the registrations it has when libvirt refuses the next", async () => {
    let asked = 0;
    const { server, client } = await connected({
      connectDomainEventCallbackRegisterAny: () =>
        (asked += 1) < 3 ? wire().u32(asked) : refusal(virErr.noSupport, "no"),
      connectDomainEventCallbackDeregisterAny: () => wire(),
    });
    assert.equal((await failure(client.subscribe(web))).kind, "unsupported");
    assert.equal(server.names.filter((name) => name === "connectDomainEventCallbackDeregisterAny").length, 2);
  });

  it("ends a subscription as unreachable with the connection, after the events that came", async () => {
    const { server, client } = await connected({ connectDomainEventCallbackRegisterAny: () => wire().u32(0) });
    const events = await client.subscribe(web);
    server.event("domainDeviceRemoved", wire().u32(0).domain(web).text("ua-a"));
    server.hangUp();
    await settled();
    assert.equal((await events.next(deadlineIn(1_000))).event, "device-removed");
    assert.equal(kindOf(await failure(events.next(deadlineIn(1_000)))), "unreachable");
    await events.close();
  });
});
