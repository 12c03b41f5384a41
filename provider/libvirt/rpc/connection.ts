// One stream to libvirt: calls out, replies and events in. Knows serials and packets, not what a network is.
// Replies come in any order. libvirtd works on at most five calls of a client at once, and reads no more of it meanwhile, not even a
// PONG: so no more than four that may take their time are in flight. Questions are answered at once; of them more may wait.
import type { Duplex } from "node:stream";
import { SriovError } from "../../base/errors.js";
import { Pulse, Questions } from "../../transport/pulse.js";
import { type Packet, PacketReader, formatPacket, messageStatus, messageType, program } from "./packet.js";
import {
  type Args,
  type EventBody,
  type EventName,
  type ProcedureName,
  type RegistrationName,
  type Ret,
  events,
  isChange,
  procedures,
} from "./procedures.js";
import { parseRemoteError } from "./remote-error.js";
import { type Codec, XdrWriter, decode } from "./xdr.js";

const maxChanges = 4;
const maxInFlight = 16;
const protocolVersion = 1;
const ping = 1;
const pong = 2;
const closeMs = 2_000;
/** libvirt's own client asks as often, and gives up after as many (virKeepAlive). */
const usualKeepAliveMs = 5_000;
const maxSilentTurns = 6;
/** Events before the reply that says whose they are: one or two in practice. */
const maxEarly = 1_000;

type Call = {
  procedure: number;
  payload: Buffer;
  doing: string;
  /** It is no mere question: once sent, it may have been done. */
  changes: boolean;
  /** Runs in the reader, before the next packet is looked at. */
  onReply: (payload: Buffer) => void;
  reject: (reason: Error) => void;
};
type Listener = { onEvent: (body: never) => void; onEnd: (reason: Error) => void };

/** What a registration asks for: libvirt numbers callbacks per class of object, so an id alone says nothing. */
export type Registration<N extends EventName> = {
  event: N;
  onEvent: (body: EventBody<N>) => void;
  /** The connection ended; called once. */
  onEnd: (reason: Error) => void;
};

export type RpcOptions = {
  keepAliveMs?: number;
  /** Told while libvirt has questions to answer: changes take their time. */
  pulse?: Pulse | undefined;
};

const eventByNumber = new Map(Object.values(events).map((event) => [event.number as number, event]));

export class RpcConnection {
  /** For messages: `root@kvm1`. */
  readonly name: string;
  readonly #stream: Duplex;
  readonly #keepAlive: NodeJS.Timeout;
  readonly #questions: Questions;
  #silentTurns = 0;
  readonly #reader = new PacketReader();
  readonly #waiting: Call[] = [];
  readonly #inFlight = new Map<number, Call>();
  readonly #listeners = new Map<string, Listener>();
  /** Events that came before the reply to the registration that asked for them. */
  #early: { key: string; body: unknown }[] = [];
  #registering = 0;
  #serial = 0;
  #ended: Error | undefined;
  #closed: Promise<void> | undefined;

  constructor(stream: Duplex, name: string, { keepAliveMs = usualKeepAliveMs, pulse = new Pulse() }: RpcOptions = {}) {
    this.name = name;
    this.#questions = new Questions(pulse, `Cannot ask libvirt on ${name}`);
    this.#keepAlive = setInterval(() => this.#ping(), keepAliveMs).unref();
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => this.#read(chunk));
    stream.on("error", (error) => this.#end(error.message, error));
    stream.on("drain", () => this.#send());
    stream.on("end", () => this.#end("libvirt closed it"));
    stream.on("close", () => this.#end("it was closed"));
  }

  /** `doing` completes "cannot ... on NAME": it is what a rejection says, before what libvirt says. */
  call<N extends ProcedureName>(name: N, args: Args<N>, doing: string): Promise<Ret<N>> {
    return this.#call(name, args, doing, (value) => value);
  }

  /** Asks for events; answers what ends it. An event that overtakes the reply is not lost. */
  async register<R extends RegistrationName, N extends EventName>(
    name: R,
    args: Args<R>,
    doing: string,
    { event, onEvent, onEnd }: Registration<N>,
  ): Promise<{ callback: number; forget: () => void }> {
    this.#registering += 1;
    try {
      return await this.#call(name, args, doing, (callback) => {
        // Here and not after the await: the next packet of this chunk may be an event already.
        const key = `${events[event].number} ${String(callback)}`;
        this.#listeners.set(key, { onEvent, onEnd });
        for (const early of this.#early.filter((item) => item.key === key)) onEvent(early.body as EventBody<N>);
        return { callback: Number(callback), forget: () => void this.#listeners.delete(key) };
      });
    } finally {
      this.#registering -= 1;
      if (this.#registering === 0) this.#early = [];
    }
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Idempotent. Everything pending rejects with `unreachable`; libvirt is told, if it still listens. */
  close(): Promise<void> {
    this.#closed ??= this.#sayGoodbye();
    return this.#closed;
  }

  async #sayGoodbye(): Promise<void> {
    if (this.#ended === undefined) {
      this.#end("it was closed");
      // libvirtd ends the stream after its reply: either is a good end.
      const ended = new Promise<void>((resolve) => {
        for (const event of ["data", "end", "close", "error"]) this.#stream.once(event, () => resolve());
        setTimeout(resolve, closeMs).unref();
      });
      this.#write(procedures.connectClose.number, Buffer.alloc(0), (this.#serial += 1));
      await ended;
    }
    this.#stream.end();
    this.#stream.destroy();
  }

  #call<N extends ProcedureName, T>(name: N, args: Args<N>, doing: string, onValue: (value: Ret<N>) => T): Promise<T> {
    const { number, args: codecs, ret } = procedures[name];
    const what = `cannot ${doing} on ${this.name}`;
    return new Promise((resolve, reject) => {
      if (this.#ended) throw this.#lost(what, this.#ended);
      const writer = new XdrWriter();
      codecs.forEach((codec: Codec<unknown>, i) => codec.write(writer, (args as readonly unknown[])[i]));
      const onReply = (payload: Buffer) => resolve(onValue(decode(ret as Codec<Ret<N>>, payload)));
      this.#waiting.push({
        procedure: number,
        payload: writer.finish(),
        doing: what,
        changes: isChange(name),
        onReply,
        reject,
      });
      this.#send();
    });
  }

  #send(): void {
    // What the other side does not read stays here, and not in the memory of the stream.
    while (this.#inFlight.size < maxInFlight && !this.#stream.writableNeedDrain) {
      const call = this.#next();
      if (!call) return;
      this.#serial = (this.#serial + 1) >>> 0;
      this.#inFlight.set(this.#serial, call);
      if (!call.changes) this.#questions.asked();
      this.#write(call.procedure, call.payload, this.#serial);
    }
  }

  /** The one that has waited longest; with enough changes on their way, the longest of the questions. */
  #next(): Call | undefined {
    const changes = [...this.#inFlight.values()].filter((call) => call.changes).length;
    const index = this.#waiting.findIndex((call) => !call.changes || changes < maxChanges);
    return index === -1 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  #write(procedure: number, payload: Buffer, serial: number): void {
    const header = { program: program.remote, version: protocolVersion, procedure, serial };
    this.#stream.write(formatPacket({ ...header, type: messageType.call, status: messageStatus.ok }, payload));
  }

  #read(chunk: Buffer): void {
    if (this.#ended) return;
    this.#silentTurns = 0;
    this.#questions.heard();
    try {
      for (const packet of this.#reader.push(chunk)) this.#accept(packet);
    } catch (error) {
      // Whoever speaks nonsense once will do it again, and nobody could tell which call it answers.
      this.#end((error as Error).message);
      this.#stream.destroy();
    }
  }

  #accept(packet: Packet): void {
    if (packet.program === program.keepAlive) this.#acceptKeepAlive(packet);
    else if (packet.program !== program.remote) return;
    else if (packet.type === messageType.reply) this.#acceptReply(packet);
    else if (packet.type === messageType.message) this.#acceptEvent(packet);
  }

  #acceptKeepAlive(packet: Packet): void {
    if (packet.procedure !== ping) return;
    // Whoever asks without reading the answers gets no more of them.
    if (!this.#stream.writableNeedDrain) this.#writeKeepAlive(pong);
  }

  /** Counted in turns of our own timer: a process that was busy, or asleep, has not heard that the other side is gone. */
  #ping(): void {
    if (this.#silentTurns >= maxSilentTurns) {
      this.#end("libvirt does not answer any more");
      this.#stream.destroy();
      return;
    }
    this.#silentTurns += 1;
    if (this.#silentTurns > 1 && !this.#stream.writableNeedDrain) this.#writeKeepAlive(ping);
  }

  #writeKeepAlive(procedure: number): void {
    const header = { program: program.keepAlive, version: protocolVersion, procedure, serial: 0 };
    this.#stream.write(
      formatPacket({ ...header, type: messageType.message, status: messageStatus.ok }, Buffer.alloc(0)),
    );
  }

  #acceptReply({ serial, status, payload }: Packet): void {
    const call = this.#inFlight.get(serial);
    if (!call) return;
    this.#inFlight.delete(serial);
    if (!call.changes) this.#questions.answered();
    try {
      if (status === messageStatus.ok) call.onReply(payload);
      else call.reject(parseRemoteError(call.doing, payload));
    } catch (error) {
      call.reject(new SriovError("remote-failure", `${call.doing}: ${(error as Error).message}`, { cause: error }));
    }
    this.#send();
  }

  #acceptEvent({ procedure, payload }: Packet): void {
    const event = eventByNumber.get(procedure);
    if (!event) return;
    const body = decode(event.body as Codec<{ callback: number }>, payload);
    const key = `${procedure} ${body.callback}`;
    const listener = this.#listeners.get(key);
    if (listener) listener.onEvent(body as never);
    else if (this.#registering > 0) {
      if (this.#early.length >= maxEarly) throw new Error(`it sent ${maxEarly} events that nobody has asked for`);
      this.#early.push({ key, body });
    }
  }

  #end(why: string, cause: Error = new Error(why)): void {
    if (this.#ended) return;
    clearInterval(this.#keepAlive);
    this.#questions.end();
    this.#ended = cause;
    const sent = [...this.#inFlight.values()];
    const waiting = this.#waiting.splice(0);
    this.#inFlight.clear();
    for (const call of sent) call.reject(this.#lost(call.doing, cause, { wasSent: call.changes }));
    for (const call of waiting) call.reject(this.#lost(call.doing, cause));
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listener of listeners) listener.onEnd(this.#lost(`cannot wait for events on ${this.name}`, cause));
  }

  #lost = (doing: string, cause: Error, { wasSent = false }: { wasSent?: boolean } = {}) =>
    new SriovError(
      "unreachable",
      `${doing}: the connection to libvirt is gone: ${cause.message}${wasSent ? " (whether it was done is not known)" : ""}`,
      { cause },
    );
}
