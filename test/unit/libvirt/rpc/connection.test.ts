import assert from "node:assert/strict";
import { Duplex, Transform } from "node:stream";
import { kindOf } from "../../../../provider/base/errors.js";
import { LibvirtError } from "../../../../provider/libvirt/errors.js";
import { RpcConnection } from "../../../../provider/libvirt/rpc/connection.js";
import { formatPacket, messageType, program } from "../../../../provider/libvirt/rpc/packet.js";
import { FakeLibvirtd, settled } from "../fake-libvirtd.js";
import { bytesOf, wire } from "./naive-writer.js";

const pool = { name: "pool", uuid: "c7a5fdbd-edaf-9455-926a-d65c16db1809" };
const web = { name: "web", uuid: "11111111-2222-3333-4444-555555555555", id: 3 };

function connected(handlers: ConstructorParameters<typeof FakeLibvirtd>[0] = {}) {
  const server = new FakeLibvirtd(handlers);
  return { server, rpc: new RpcConnection(server.client, "root@kvm1") };
}
const lookUp = (rpc: RpcConnection, name: string) => rpc.call("networkLookupByName", [name], `look up "${name}"`);
const start = (rpc: RpcConnection) => rpc.call("networkCreate", [pool], "start the pool");
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail("expected a rejection"),
    (error: unknown) => error,
  );

describe("an RPC connection", () => {
  it("gives each reply to the call with its serial, in whatever order they come", async () => {
    const { server, rpc } = connected();
    const answers = ["a", "b", "c"].map((name) => lookUp(rpc, name));
    await settled();
    for (const { serial, args } of server.calls.toReversed()) {
      server.reply(serial, wire().network({ name: String(args[0]), uuid: pool.uuid }));
    }
    assert.deepEqual(
      (await Promise.all(answers)).map(({ name }) => name),
      ["a", "b", "c"],
    );
  });

  it("has at most four changes in flight, and sends the next when one is answered", async () => {
    const { server, rpc } = connected();
    const answers = Array.from({ length: 6 }, () => start(rpc));
    await settled();
    assert.equal(server.calls.length, 4);
    server.reply(server.calls[2]?.serial ?? 0, wire());
    await settled();
    assert.equal(server.calls.length, 5);
    for (const serial of [1, 2, 4, 5, 6]) {
      server.reply(serial, wire());
      await settled();
    }
    assert.equal((await Promise.all(answers)).length, 6);
  });

  it("lets questions pass changes that wait, in their order, and no more than sixteen calls at once", async () => {
    const { server, rpc } = connected();
    const changes = Array.from({ length: 5 }, () => start(rpc));
    const questions = Array.from({ length: 14 }, (_, i) => lookUp(rpc, String(i)));
    await settled();
    const asked = () => server.calls.slice(4).map(({ args }) => args[0]);
    assert.deepEqual(asked(), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]);
    server.reply(1, wire());
    await settled();
    // The change has waited longest.
    assert.equal(server.calls.length, 17);
    assert.equal(asked().length, 13);
    assert.deepEqual(server.calls.at(-1)?.args, [pool]);
    for (let serial = 2; serial <= 19; serial += 1) {
      const isQuestion = typeof server.calls[serial - 1]?.args[0] === "string";
      server.reply(serial, isQuestion ? wire().network(pool) : wire());
      await settled();
    }
    assert.equal((await Promise.all([...changes, ...questions])).length, 19);
  });

  it("answers a PING with a PONG at once, also while it may send no more calls", async () => {
    const { server, rpc } = connected();
    const answers = Promise.allSettled(Array.from({ length: 20 }, (_, i) => lookUp(rpc, String(i))));
    server.send({ program: program.keepAlive, procedure: 1 });
    await settled();
    assert.deepEqual(server.others, [
      { program: program.keepAlive, version: 1, procedure: 2, type: 2, serial: 0, status: 0 },
    ]);
    await rpc.close();
    await answers;
  });

  it("ignores what it does not know: events, programs, replies to nobody, a PONG", async () => {
    const { server, rpc } = connected({ networkLookupByName: () => wire().network(pool) });
    server.send({ procedure: 9999 }, Buffer.from("00000001", "hex"));
    server.send({ program: 0x20008087, procedure: 1 });
    server.send({ program: program.keepAlive, procedure: 2 });
    server.send({ type: 1, procedure: 46, serial: 77 }, wire().network(pool).buffer());
    assert.deepEqual(await lookUp(rpc, "pool"), pool);
  });

  it("keeps every field of an error", async () => {
    const payload = wire().u32(43).u32(19); // code, error domain
    payload.u32(1).text("Network not found: no network with matching name 'x'").u32(2); // message, level
    payload.u32(1).domain(web); // dom
    payload.u32(1).text("Network not found: %s").u32(1).text("no network with matching name 'x'").u32(0); // str1..3
    payload.u32(7).u32(0xffff_ffff); // int1, int2
    payload.u32(1).network(pool); // net
    const { rpc } = connected({ networkLookupByName: () => ({ refusal: payload }) });
    const error = await failure(lookUp(rpc, "x"));
    assert.ok(error instanceof LibvirtError);
    assert.equal(
      error.message,
      `cannot look up "x" on root@kvm1: Network not found: no network with matching name 'x'`,
    );
    assert.equal(error.kind, "not-found");
    assert.deepEqual(error.remote, {
      code: 43,
      errorDomain: 19,
      message: "Network not found: no network with matching name 'x'",
      level: 2,
      domain: web,
      str1: "Network not found: %s",
      str2: "no network with matching name 'x'",
      str3: undefined,
      int1: 7,
      int2: -1,
      network: pool,
    });
  });

  it("reads an error without a message", async () => {
    const payload = wire();
    for (const word of [38, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]) payload.u32(word);
    const { rpc } = connected({ networkLookupByName: () => ({ refusal: payload }) });
    assert.match(String(await failure(lookUp(rpc, "x"))), /libvirt error 38/);
  });

  it("rejects one call when its reply cannot be read, and goes on", async () => {
    let answer = wire().u32(500);
    const { rpc } = connected({ networkLookupByName: () => answer });
    assert.equal(kindOf(await failure(lookUp(rpc, "x"))), "remote-failure");
    answer = wire().network(pool);
    assert.deepEqual(await lookUp(rpc, "pool"), pool);
  });

  const ends: [string, (server: FakeLibvirtd) => void, RegExp][] = [
    ["libvirt hangs up", (server) => server.hangUp(), /libvirt closed it/],
    ["the stream fails", (server) => server.client.destroy(new Error("read ECONNRESET")), /ECONNRESET/],
    ["the stream is closed", (server) => server.client.destroy(), /it was closed/],
    [
      "it speaks another protocol",
      (server) => server.sendBytes(Buffer.from("HTTP/1.1 400 ")),
      /is this a libvirt socket/,
    ],
    ["an event cannot be read", (server) => server.event("domainLifecycle", wire().u32(0)), /malformed XDR/],
  ];
  for (const [when, end, reason] of ends) {
    it(`rejects everything pending as unreachable when ${when}`, async () => {
      const { server, rpc } = connected();
      const pending = Array.from({ length: 6 }, (_, i) => failure(lookUp(rpc, String(i))));
      await settled();
      end(server);
      for (const [i, error] of (await Promise.all(pending)).entries()) {
        assert.equal(kindOf(error), "unreachable");
        assert.match(
          String(error),
          new RegExp(`cannot look up "${i}" on root@kvm1: the connection to libvirt is gone`),
        );
        assert.match(String(error), reason);
      }
      assert.equal(kindOf(await failure(lookUp(rpc, "later"))), "unreachable");
    });
  }

  it("says goodbye once, however often it is closed, and rejects what is pending", async () => {
    const { server, rpc } = connected();
    const pending = failure(lookUp(rpc, "x"));
    await settled();
    await Promise.all([rpc.close(), rpc.close()]);
    await rpc.close();
    assert.equal(kindOf(await pending), "unreachable");
    assert.deepEqual(server.names, ["networkLookupByName", "connectClose"]);
    assert.equal(server.client.destroyed, true);
  });

  it("closes at once when libvirt is already gone", async () => {
    const { server, rpc } = connected();
    server.hangUp();
    await settled();
    await rpc.close();
    assert.deepEqual(server.names, []);
  });

  it("tells callback ids of domains and networks apart: both begin at 0", async () => {
    const { server, rpc } = connected({
      connectDomainEventCallbackRegisterAny: () => wire().u32(0),
      connectNetworkEventRegisterAny: () => wire().u32(0),
    });
    const seen: string[] = [];
    const onEnd = () => {};
    await rpc.register("connectDomainEventCallbackRegisterAny", [15, web], "subscribe", {
      event: "domainDeviceRemoved",
      onEvent: ({ alias }) => seen.push(alias),
      onEnd,
    });
    await rpc.register("connectNetworkEventRegisterAny", [0, pool], "subscribe", {
      event: "networkLifecycle",
      onEvent: ({ network, event }) => seen.push(`${network.name} ${event}`),
      onEnd,
    });
    server.event("domainDeviceRemoved", wire().u32(0).domain(web).text("ua-x"));
    server.event("networkLifecycle", wire().u32(0).network(pool).u32(2).u32(0));
    server.event("domainDeviceRemoved", wire().u32(1).domain(web).text("somebody else's"));
    await settled();
    assert.deepEqual(seen, ["ua-x", "pool 2"]);
  });

  it("loses no event that comes in one chunk with the reply, or before it", async () => {
    const { server, rpc } = connected();
    const seen: string[] = [];
    const registered = rpc.register("connectDomainEventCallbackRegisterAny", [15, web], "subscribe", {
      event: "domainDeviceRemoved",
      onEvent: ({ alias }) => seen.push(alias),
      onEnd: () => {},
    });
    await settled();
    server.event("domainDeviceRemoved", wire().u32(5).domain(web).text("before"));
    server.reply(server.calls[0]?.serial ?? 0, wire().u32(5));
    server.event("domainDeviceRemoved", wire().u32(5).domain(web).text("after"));
    const { callback, forget } = await registered;
    assert.equal(callback, 5);
    await settled();
    assert.deepEqual(seen, ["before", "after"]);
    forget();
    server.event("domainDeviceRemoved", wire().u32(5).domain(web).text("late"));
    await settled();
    assert.deepEqual(seen, ["before", "after"]);
  });

  it("pings a libvirt that is silent, and ends when nothing comes back", async () => {
    const server = new FakeLibvirtd();
    const rpc = new RpcConnection(server.client, "root@kvm1", { keepAliveMs: 2 });
    const pending = failure(rpc.call("connectGetHostname", [], "ask"));
    const error = await pending;
    assert.equal(kindOf(error), "unreachable");
    assert.match(String(error), /libvirt does not answer any more/);
    const [first] = server.others;
    assert.deepEqual([first?.program, first?.procedure, first?.serial], [program.keepAlive, 1, 0]);
    assert.ok(server.others.length >= 4);
  });

  it("goes on as long as something comes back", async () => {
    const server = new FakeLibvirtd();
    const rpc = new RpcConnection(server.client, "root@kvm1", { keepAliveMs: 2 });
    for (let turn = 0; turn < 12; turn += 1) {
      server.send({ program: program.keepAlive, procedure: 2 });
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    assert.equal(rpc.isOpen, true);
    await rpc.close();
  });

  it("keeps calls back while the other side reads nothing, and pongs too", async () => {
    const written: number[] = [];
    let isReading = false;
    const waiting: (() => void)[] = [];
    const stuck = new Duplex({
      highWaterMark: 64,
      read() {},
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk.length);
        if (isReading) done();
        else waiting.push(done);
      },
    });
    const rpc = new RpcConnection(stuck, "root@kvm1");
    const calls = Promise.allSettled(
      Array.from({ length: 8 }, () => rpc.call("networkDefineXml", ["x".repeat(100)], "define")),
    );
    const ping = formatPacket({ program: program.keepAlive, version: 1, procedure: 1, type: messageType.message, serial: 0, status: 0 }, Buffer.alloc(0)); // prettier-ignore
    for (let i = 0; i < 1_000; i += 1) stuck.push(ping);
    await settled();
    assert.equal(written.length, 1);
    assert.ok(stuck.writableLength < 300, `${stuck.writableLength} bytes wait in the stream`);
    isReading = true;
    waiting.shift()?.();
    await settled();
    assert.equal(written.filter((length) => length > 100).length, 4);
    stuck.destroy();
    await calls;
  });

  it("tells every listener once that the connection ended", async () => {
    const { server, rpc } = connected({ connectDomainEventCallbackRegisterAny: () => wire().u32(0) });
    const ended: Error[] = [];
    await rpc.register("connectDomainEventCallbackRegisterAny", [15, web], "subscribe", {
      event: "domainDeviceRemoved",
      onEvent: () => {},
      onEnd: (reason) => ended.push(reason),
    });
    server.hangUp();
    await settled();
    await rpc.close();
    assert.deepEqual(ended.map(kindOf), ["unreachable"]);
  });

  it("throws for an argument that cannot be sent, and sends nothing", async () => {
    const { server, rpc } = connected();
    const error = await failure(rpc.call("networkLookupByUuid", ["pool"], "look up"));
    assert.equal(kindOf(error), "invalid-input");
    await settled();
    assert.deepEqual(server.calls, []);
  });

  it("sends the bytes that were seen on the wire", async () => {
    const server = new FakeLibvirtd();
    const sent: Buffer[] = [];
    const recorder = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        sent.push(chunk);
        done(null, chunk);
      },
    });
    recorder.pipe(server.client);
    const rpc = new RpcConnection(Duplex.from({ writable: recorder, readable: server.client }), "root@kvm1");
    await rpc.call("authList", [], "ask");
    await rpc.call("connectOpen", ["qemu:///system", 0], "open");
    assert.deepEqual(
      sent,
      [
        "0000001c 20008086 00000001 00000042 00000000 00000001 00000000",
        `00000038 20008086 00000001 00000001 00000000 00000002 00000000
         00000001 0000000e 71656d75 3a2f2f2f 73797374 656d0000 00000000`,
      ].map(bytesOf),
    );
  });
});
