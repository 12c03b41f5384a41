import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Packet,
  PacketReader,
  formatPacket,
  largestPacket,
  messageStatus,
  messageType,
  program,
} from "../../../../provider/libvirt/rpc/packet.js";
import { bytesOf } from "./naive-writer.js";

const authListCall = bytesOf(`
  0000001c // length, of itself too
  20008086 // program: remote
  00000001 // version
  00000042 // procedure: AUTH_LIST
  00000000 // type: call
  00000001 // serial
  00000000 // status: ok
`);
const openCall = bytesOf(`
  00000038 20008086 00000001 // length, program, version
  00000001 00000000 00000004 00000000 // CONNECT_OPEN, call, serial, ok
  00000001 0000000e // a name, of 14 bytes
  71656d75 3a2f2f2f 73797374 656d 0000 // qemu:///system and padding
  00000000 // flags
`);
const ping = bytesOf(`
  0000001c 6b656570 00000001 // length, program: "keep", version
  00000001 00000002 00000000 00000000 // PING, message, serial, ok
`);
const call = { program: program.remote, version: 1, type: messageType.call, status: messageStatus.ok };
const read = (bytes: Buffer): Packet[] => new PacketReader().push(bytes);

describe("libvirt packets", () => {
  it("writes the bytes that were seen on the wire", () => {
    assert.deepEqual(formatPacket({ ...call, procedure: 66, serial: 1 }, Buffer.alloc(0)), authListCall);
    assert.deepEqual(formatPacket({ ...call, procedure: 1, serial: 4 }, openCall.subarray(28)), openCall);
  });

  it("reads the bytes that were seen on the wire", () => {
    assert.deepEqual(read(authListCall), [{ ...call, procedure: 66, serial: 1, payload: Buffer.alloc(0) }]);
    assert.deepEqual(read(ping), [
      { program: program.keepAlive, version: 1, procedure: 1, type: 2, serial: 0, status: 0, payload: Buffer.alloc(0) },
    ]);
  });

  it("finds the same packets wherever the stream is cut in two", () => {
    const bytes = Buffer.concat([authListCall, ping, openCall, authListCall]);
    const whole = read(bytes);
    assert.equal(whole.length, 4);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const reader = new PacketReader();
      const packets = [...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))];
      assert.deepEqual(packets, whole, `cut at ${cut}`);
    }
  });

  it("finds the same packets when the bytes come one by one", () => {
    const bytes = Buffer.concat([openCall, ping, authListCall]);
    const reader = new PacketReader();
    assert.deepEqual(
      [...bytes].flatMap((byte) => reader.push(Buffer.from([byte]))),
      read(bytes),
    );
  });

  it("reads back what it writes, in any pieces", () => {
    const header = fc.record({
      program: fc.nat(),
      version: fc.nat(),
      procedure: fc.integer(),
      type: fc.integer({ min: 0, max: 6 }),
      serial: fc.nat(),
      status: fc.integer({ min: 0, max: 2 }),
    });
    const packets = fc.array(fc.tuple(header, fc.uint8Array({ maxLength: 60 })), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(packets, fc.array(fc.integer({ min: 1, max: 50 })), (given, sizes) => {
        const bytes = Buffer.concat(given.map(([head, payload]) => formatPacket(head, Buffer.from(payload))));
        const reader = new PacketReader();
        const found: Packet[] = [];
        let at = 0;
        for (const size of [...sizes, bytes.length]) {
          found.push(...reader.push(bytes.subarray(at, at + size)));
          at += size;
        }
        assert.deepEqual(
          found,
          given.map(([head, payload]) => ({ ...head, payload: Buffer.from(payload) })),
        );
      }),
    );
  });

  it("takes a packet of the largest size, and time in proportion to it", () => {
    const bytes = formatPacket({ ...call, procedure: 14, serial: 1 }, Buffer.alloc(largestPacket - 28));
    const reader = new PacketReader();
    const packets: Packet[] = [];
    for (let at = 0; at < bytes.length; at += 65_536) packets.push(...reader.push(bytes.subarray(at, at + 65_536)));
    assert.equal(packets[0]?.payload.length, largestPacket - 28);
  }).timeout(5_000);

  it("refuses a length that no packet can have", () => {
    for (const length of [0, 27, largestPacket + 1, 0xffffffff]) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(length);
      assert.throws(() => read(bytes), { kind: "remote-failure", message: /is this a libvirt socket/ }, String(length));
    }
  });

  it("refuses to send a packet that libvirt would refuse", () => {
    const payload = Buffer.alloc(largestPacket);
    assert.throws(() => formatPacket({ ...call, procedure: 41, serial: 1 }, payload), { kind: "invalid-input" });
  });
});
