// libvirt's packets: a length, a header of six words, a payload. Bytes in, packets out; no socket here.
// The length is that of the whole packet, its own four bytes included.
import { SriovError } from "../../base/errors.js";
import { Pieces } from "../../base/pieces.js";

export const program = { remote: 0x20008086, keepAlive: 0x6b656570 } as const;
/** virNetMessageType */
export const messageType = { call: 0, reply: 1, message: 2, stream: 3 } as const;
/** virNetMessageStatus */
export const messageStatus = { ok: 0, error: 1, continue: 2 } as const;

export type PacketHeader = {
  program: number;
  version: number;
  procedure: number;
  type: number;
  /** Of the call, and of its reply. Events carry 1, keep-alive 0: never look at it there. */
  serial: number;
  status: number;
};
export type Packet = PacketHeader & { payload: Buffer };

const lengthSize = 4;
export const headerSize = 24;
const smallest = lengthSize + headerSize;
/** VIR_NET_MESSAGE_MAX counts what follows the length. */
export const largestPacket = 33_554_432 + lengthSize;

export function formatPacket(header: PacketHeader, payload: Buffer): Buffer {
  const length = smallest + payload.length;
  if (length > largestPacket) {
    throw new SriovError("invalid-input", `libvirt takes at most ${largestPacket} bytes in one call, got ${length}`);
  }
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(header.program, 4);
  bytes.writeUInt32BE(header.version, 8);
  bytes.writeInt32BE(header.procedure, 12);
  bytes.writeInt32BE(header.type, 16);
  bytes.writeUInt32BE(header.serial, 20);
  bytes.writeInt32BE(header.status, 24);
  payload.copy(bytes, smallest);
  return bytes;
}

/** Cuts a stream into packets, wherever it was cut before. */
export class PacketReader {
  readonly #pieces = new Pieces();
  #wanted = 0;

  /** The packets that `chunk` completes. Throws `remote-failure` at an impossible length: the peer does not speak our protocol. */
  push(chunk: Buffer): Packet[] {
    this.#pieces.push(chunk);
    const packets: Packet[] = [];
    // Join only when a whole packet is there: large ones come in many small chunks.
    while (this.#pieces.size >= Math.max(lengthSize, this.#wanted)) {
      const bytes = this.#pieces.joined();
      this.#wanted = checkedLength(bytes.readUInt32BE(0));
      if (bytes.length < this.#wanted) break;
      packets.push(parsePacket(bytes.subarray(0, this.#wanted)));
      this.#pieces.replace(bytes.subarray(this.#wanted));
      this.#wanted = 0;
    }
    return packets;
  }
}

function checkedLength(length: number): number {
  if (length >= smallest && length <= largestPacket) return length;
  throw new SriovError(
    "remote-failure",
    `expected a libvirt packet of ${smallest} to ${largestPacket} bytes, got a length of ${length}: is this a libvirt socket?`,
  );
}

const parsePacket = (bytes: Buffer): Packet => ({
  program: bytes.readUInt32BE(4),
  version: bytes.readUInt32BE(8),
  procedure: bytes.readInt32BE(12),
  type: bytes.readInt32BE(16),
  serial: bytes.readUInt32BE(20),
  status: bytes.readInt32BE(24),
  payload: bytes.subarray(smallest),
});
