// A libvirtd that speaks the protocol at the other end of a stream and knows what the test tells it. It decodes every argument
// by the table, so that a wrong one does not pass, and answers bytes that a naive writer made.
import assert from "node:assert/strict";
import { type Duplex, duplexPair } from "node:stream";
import {
  type PacketHeader,
  PacketReader,
  formatPacket,
  messageStatus,
  messageType,
  program,
} from "../../../provider/libvirt/rpc/packet.js";
import {
  type Args,
  type EventName,
  type ProcedureName,
  events,
  procedures,
} from "../../../provider/libvirt/rpc/procedures.js";
import { type Codec, XdrReader } from "../../../provider/libvirt/rpc/xdr.js";
import { type NaiveWriter, wire } from "./rpc/naive-writer.js";

export type ReceivedCall = { name: ProcedureName; args: unknown[]; serial: number };
type Answer = NaiveWriter | Refusal;
type Handlers = { [N in ProcedureName]?: (...args: Args<N>) => Answer | Promise<Answer> };
export type Refusal = { refusal: NaiveWriter };

export const refusal = (code: number, message: string): Refusal => ({ refusal: wire().error(code, message) });

const nameByNumber = new Map(Object.entries(procedures).map(([name, { number }]) => [number as number, name]));

export class FakeLibvirtd {
  /** Our end: what a client is given. */
  readonly client: Duplex;
  /** Every call, in order of arrival. */
  readonly calls: ReceivedCall[] = [];
  /** Everything that is no call. */
  readonly others: PacketHeader[] = [];
  readonly #server: Duplex;
  readonly #handlers: Handlers;

  constructor(handlers: Handlers = {}) {
    [this.client, this.#server] = duplexPair();
    this.#handlers = {
      authList: () => wire().u32(1).u32(0),
      connectOpen: () => wire(),
      connectClose: () => wire(),
      ...handlers,
    };
    const reader = new PacketReader();
    this.#server.on("data", (chunk: Buffer) => {
      for (const { payload, ...header } of reader.push(chunk)) {
        if (header.type === messageType.call) void this.#accept(header, payload);
        else this.others.push(header);
      }
    });
  }

  /** Names of the calls so far, without those that open a connection. */
  get names(): string[] {
    return this.calls.map(({ name }) => name).filter((name) => name !== "authList" && name !== "connectOpen");
  }

  reply(serial: number, answer: NaiveWriter | Refusal): void {
    const [status, body] = "refusal" in answer ? [messageStatus.error, answer.refusal] : [messageStatus.ok, answer];
    this.send({ type: messageType.reply, serial, status }, body.buffer());
  }

  /** Events carry serial 1, whatever was called. */
  event(name: EventName, body: NaiveWriter): void {
    this.send({ type: messageType.message, serial: 1, procedure: events[name].number }, body.buffer());
  }

  send(header: Partial<PacketHeader>, payload: Buffer = Buffer.alloc(0)): void {
    const usual = { program: program.remote, version: 1, procedure: 0, serial: 0, status: messageStatus.ok };
    // It has hung up meanwhile.
    if (this.#server.writableEnded) return;
    this.#server.write(formatPacket({ ...usual, type: messageType.message, ...header }, payload));
  }

  sendBytes(bytes: Buffer): void {
    this.#server.write(bytes);
  }

  hangUp(): void {
    this.#server.end();
  }

  async #accept(header: PacketHeader, payload: Buffer): Promise<void> {
    assert.deepEqual([header.program, header.version, header.status], [program.remote, 1, messageStatus.ok]);
    const name = nameByNumber.get(header.procedure) as ProcedureName | undefined;
    assert.ok(name, `no procedure ${header.procedure}`);
    const reader = new XdrReader(payload);
    const args = procedures[name].args.map((codec: Codec<unknown>) => codec.read(reader));
    assert.equal(reader.remaining, 0, `bytes left over after the arguments of ${name}`);
    this.calls.push({ name, args, serial: header.serial });
    // A call without a handler waits until the test answers it.
    const handler = this.#handlers[name] as ((...args: unknown[]) => Answer | Promise<Answer>) | undefined;
    if (handler) this.reply(header.serial, await handler(...args));
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
