// A libvirt that is not what it should be: it floods, lies about lengths, and never answers what it was asked.
import assert from "node:assert/strict";
import { deadlineIn } from "../../../provider/base/deadline.js";
import { isSriovError, kindOf } from "../../../provider/base/errors.js";
import { connectLibvirt } from "../../../provider/libvirt/client-rpc.js";
import { subscribeToDomain } from "../../../provider/libvirt/domain-events.js";
import { RpcConnection } from "../../../provider/libvirt/rpc/connection.js";
import { formatPacket, messageStatus, messageType, program } from "../../../provider/libvirt/rpc/packet.js";
import { FakeLibvirtd, settled } from "./fake-libvirtd.js";
import { keptMegabytes } from "../../kept.js";
import { wire } from "./rpc/naive-writer.js";

const web = { name: "web", uuid: "11111111-2222-3333-4444-555555555555", id: 3 };
const megabytes = () => process.memoryUsage.rss() / 1024 / 1024;
const removed = (callback: number) => wire().u32(callback).domain(web).text("ua-nic");

describe("a hostile libvirt", () => {
  it("that sends events without end instead of the answer to a subscription is hung up on", async () => {
    const server = new FakeLibvirtd();
    const rpc = new RpcConnection(server.client, "root@kvm1");
    const subscription = subscribeToDomain(rpc, web).catch((error: unknown) => error);
    for (let i = 0; i < 5_000; i += 1) server.event("domainDeviceRemoved", removed(i));
    const error = await subscription;
    assert.equal(kindOf(error), "unreachable");
    assert.match(String(error), /1000 events that nobody has asked for/);
    assert.equal(rpc.isOpen, false);
  });

  it("that sends events without end to somebody who waits for another one is an error, in bounded memory", async () => {
    let callbacks = 0;
    const server = new FakeLibvirtd({ connectDomainEventCallbackRegisterAny: () => wire().u32(callbacks++) });
    const rpc = new RpcConnection(server.client, "root@kvm1");
    const events = await subscribeToDomain(rpc, web);
    const before = megabytes();
    // The first registration is for removed devices.
    for (let i = 0; i < 50_000; i += 1) server.event("domainDeviceRemoved", removed(0));
    await settled();
    while (server.client.readableLength > 0) await settled();
    await assert.rejects(events.next(deadlineIn(5_000)), (error) => {
      assert.equal(kindOf(error), "remote-failure");
      return /more than 10000 events/.test(String(error));
    });
    assert.ok(megabytes() - before < 200);
    await rpc.close().catch(() => undefined);
  });

  it("that never answers CONNECT_OPEN, and says that it lives, is given up on in time", async () => {
    const server = new FakeLibvirtd({ connectOpen: () => new Promise(() => undefined) });
    const alive = setInterval(() => server.send({ program: program.keepAlive, procedure: 1 }), 20);
    const opening = connectLibvirt(async () => server.client, {
      uri: "qemu:///system",
      name: "root@kvm1",
      timeoutMs: 300,
    });
    await assert.rejects(opening, (error) => kindOf(error) === "timeout");
    clearInterval(alive);
  });

  it("that answers one call many times, and calls that nobody made, is answered to once", async () => {
    const server = new FakeLibvirtd();
    const rpc = new RpcConnection(server.client, "root@kvm1");
    const asked = rpc.call("networkLookupByName", ["pool"], "look up");
    await settled();
    const serial = server.calls[0]?.serial ?? 0;
    for (const name of ["pool", "other"])
      for (let i = 0; i < 100; i += 1) server.reply(serial, wire().network({ name, uuid: web.uuid }));
    for (let i = 0; i < 1_000; i += 1) server.reply(77_000 + i, wire());
    assert.equal((await asked).name, "pool");
    await settled();
    assert.ok(rpc.isOpen);
    await rpc.close().catch(() => undefined);
  });

  it("that sends the largest packet byte by byte is read in bounded memory, and its nonsense is one call's error", async () => {
    const server = new FakeLibvirtd();
    const rpc = new RpcConnection(server.client, "root@kvm1");
    const asked = rpc.call("networkLookupByName", ["pool"], "look up").catch((error: unknown) => error);
    await settled();
    const header = { program: program.remote, version: 1, procedure: 46, serial: server.calls[0]?.serial ?? 0 };
    const bytes = formatPacket(
      { ...header, type: messageType.reply, status: messageStatus.ok },
      Buffer.alloc(1_000_000, 0xff),
    );
    const before = keptMegabytes();
    for (const byte of bytes.subarray(0, -1)) server.client.emit("data", Buffer.from([byte]));
    const kept = keptMegabytes() - before;
    server.client.emit("data", bytes.subarray(-1));
    const error = await asked;
    assert.ok(isSriovError(error) && error.kind === "remote-failure", String(error));
    // A million objects would be a hundred.
    assert.ok(kept < 50, `${kept} MiB`);
    assert.ok(rpc.isOpen);
    await rpc.close().catch(() => undefined);
  });
});
