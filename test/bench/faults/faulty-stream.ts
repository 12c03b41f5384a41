// A stream to libvirt that fails as planned at one of its calls: it reads the packets of both directions, and hands them on.
import { type Duplex, duplexPair } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { SriovError } from "../../../provider/base/errors.js";
import { type Packet, PacketReader, formatPacket, messageType, program } from "../../../provider/libvirt/rpc/packet.js";
import { type Fault, garble, lateMs } from "./fault.js";

export type Hooks = {
  /** Counts the call; answers what happens to it. */
  onCall: () => Fault | undefined;
  /** The whole connection breaks, and this stream with it. */
  lose: () => void;
};

/** `break` is what `lose` does to it. */
export function faultyStream(inner: Duplex, { onCall, lose }: Hooks): { stream: Duplex; break: () => void } {
  const [ours, theirs] = duplexPair();
  const faults = new Map<number, Fault>();
  let isBroken = false;
  const breakIt = () => {
    isBroken = true;
    // Not destroyed: what was sent has arrived.
    inner.end();
    inner.resume();
    ours.destroy(new SriovError("unreachable", "the connection is lost"));
  };
  const whole = ({ payload, ...header }: Packet) => formatPacket(header, payload);

  const calls = new PacketReader();
  theirs.on("data", (chunk: Buffer) => {
    for (const packet of calls.push(chunk)) {
      if (isBroken) return;
      const isCall = packet.program === program.remote && packet.type === messageType.call;
      const fault = isCall ? onCall() : undefined;
      if (fault === "lost before") return lose();
      if (fault) faults.set(packet.serial, fault);
      inner.write(whole(packet));
      if (fault === "lost during") return lose();
    }
  });

  const answers = new PacketReader();
  const answer = async (packet: Packet): Promise<void> => {
    const isReply = packet.program === program.remote && packet.type === messageType.reply;
    const fault = isReply ? faults.get(packet.serial) : undefined;
    faults.delete(isReply ? packet.serial : -1);
    const bytes = whole(packet);
    switch (fault) {
      case undefined:
        return void theirs.write(bytes);
      case "late":
        await sleep(lateMs);
        return void theirs.write(bytes);
      case "garbled":
        return void theirs.write(whole({ ...packet, payload: garble(packet.payload) }));
      case "oversized":
        bytes.writeUInt32BE(0xffff_fff0, 0);
        return void theirs.write(bytes);
      case "broken off":
        theirs.write(bytes.subarray(0, Math.ceil(bytes.length / 2)));
        await sleep(1);
        return lose();
      case "lost before":
      case "lost during":
      case "lost after":
      case "too late":
      case "truncated":
        return lose();
    }
  };
  inner.on("data", (chunk: Buffer) => {
    for (const packet of answers.push(chunk)) if (!isBroken) void answer(packet);
  });
  inner.on("error", () => ours.destroy());
  inner.on("end", () => void theirs.end());
  inner.on("close", () => void theirs.end());
  ours.on("close", () => inner.end());
  theirs.on("error", () => undefined);
  return { stream: ours, break: breakIt };
}
