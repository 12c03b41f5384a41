// A client whose libvirt goes away: what only asks is asked again, what changes something is not.
import assert from "node:assert/strict";
import { type SriovError, SriovError as Failure } from "../../../provider/base/errors.js";
import { connectLibvirt } from "../../../provider/libvirt/client-rpc.js";
import { isReadOnly, procedures, type ProcedureName } from "../../../provider/libvirt/rpc/procedures.js";
import { FakeLibvirtd, refusal, settled } from "./fake-libvirtd.js";
import { wire } from "./rpc/naive-writer.js";

const pool = { name: "pool", uuid: "c7a5fdbd-edaf-9455-926a-d65c16db1809" };
const failure = (promise: Promise<unknown>): Promise<SriovError> =>
  promise.then(
    () => assert.fail("expected a rejection"),
    (error: unknown) => error as SriovError,
  );

async function connected(handlers: ConstructorParameters<typeof FakeLibvirtd>[0] = {}, gone = 0) {
  const servers: FakeLibvirtd[] = [];
  let attempts = 0;
  const open = async () => {
    attempts += 1;
    if (attempts > 1 && attempts <= 1 + gone) throw new Failure("unreachable", "nobody listens");
    const server = new FakeLibvirtd(handlers);
    servers.push(server);
    return server.client;
  };
  const client = await connectLibvirt(open, { uri: "qemu:///system", name: "kvm1", link: { pausesMs: [0, 0, 0] } });
  return { client, servers, attempts: () => attempts };
}

describe("a libvirt client whose libvirt is restarted", () => {
  it("asks again what it was asking", async () => {
    const { client, servers } = await connected({
      networkLookupByName: () => (servers.length === 1 ? new Promise(() => {}) : wire().network(pool)),
    });
    const found = client.findNetwork("pool");
    await settled();
    servers[0]?.hangUp();
    assert.deepEqual(await found, pool);
    assert.deepEqual(
      servers.map(({ names }) => names),
      [["networkLookupByName"], ["networkLookupByName"]],
    );
  });

  it("does not define twice: nobody knows whether the first one was heard", async () => {
    const { client, servers } = await connected({});
    const defined = failure(client.defineNetwork("<network/>"));
    await settled();
    servers[0]?.hangUp();
    const error = await defined;
    assert.equal(error.kind, "unreachable");
    assert.match(error.message, /whether it was done is not known/);
    assert.equal(servers.length, 1);
  });

  it("connects anew for the next call, whatever that is, and all share one connection", async () => {
    const { client, servers } = await connected({ networkCreate: () => wire(), networkIsActive: () => wire().u32(1) });
    servers[0]?.hangUp();
    await settled();
    await Promise.all([client.startNetwork(pool), client.isNetworkActive(pool), client.isNetworkActive(pool)]);
    assert.equal(servers.length, 2);
  });

  it("waits for a daemon that is on its way", async () => {
    const { client, servers, attempts } = await connected({ networkIsActive: () => wire().u32(1) }, 2);
    servers[0]?.hangUp();
    await settled();
    assert.equal(await client.isNetworkActive(pool), true);
    assert.equal(attempts(), 4);
  });

  it("gives up on one that does not come back", async () => {
    const { client, servers } = await connected({}, 99);
    servers[0]?.hangUp();
    await settled();
    const error = await failure(client.isNetworkActive(pool));
    assert.deepEqual([error.kind, error.message], ["unreachable", "nobody listens"]);
  });

  it("connects anew when the daemon behind the daemon is gone: client socket is closed", async () => {
    const broken = () => ({ refusal: wire().error(1, "internal error: client socket is closed", { errorDomain: 7 }) });
    const { client, servers } = await connected({
      networkIsActive: () => (servers.length === 1 ? broken() : wire().u32(1)),
    });
    assert.equal(await client.isNetworkActive(pool), true);
    assert.equal(servers.length, 2);
  });

  it("asks once where libvirt says no", async () => {
    const { client, servers } = await connected({ networkIsActive: () => refusal(1, "no") });
    await failure(client.isNetworkActive(pool));
    assert.deepEqual(
      servers.map(({ names }) => names),
      [["networkIsActive"]],
    );
  });

  it("stays closed once it was closed", async () => {
    const { client, servers } = await connected();
    await client.close();
    await client.close();
    assert.equal((await failure(client.isNetworkActive(pool))).kind, "unreachable");
    assert.equal(servers.length, 1);
  });
});

describe("what only asks", () => {
  it("is this list of procedures", () => {
    const names = Object.keys(procedures) as ProcedureName[];
    const changing =
      /(Create|Define|Destroy|Set|Undefine|Update|Delete|Attach|Detach|Dettach|ReAttach|Reset|Open|Close|auth)/;
    assert.deepEqual(
      names.filter((name) => isReadOnly(name) && changing.test(name)),
      [],
    );
    assert.ok(names.filter(isReadOnly).length > 20);
  });
});
