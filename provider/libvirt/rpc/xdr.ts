// XDR (RFC 4506) as far as libvirt uses it: a codec per type, made of smaller ones. docs/decisions/0001-xdr.md says why our own.
// Everything is padded to four bytes; only opaque data and strings are packed.
import { SriovError } from "../../base/errors.js";

export interface Codec<T> {
  write(writer: XdrWriter, value: T): void;
  read(reader: XdrReader): T;
}
export type ValueOf<C> = C extends Codec<infer T> ? T : never;

/** Grows as it is written to. */
export class XdrWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  /** Room for `size` more bytes; answers where it starts. */
  #take(size: number): number {
    const start = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
    }
    return start;
  }

  int32(value: number): void {
    const start = this.#take(4);
    this.#bytes.writeInt32BE(value, start);
  }

  uint32(value: number): void {
    const start = this.#take(4);
    this.#bytes.writeUInt32BE(value, start);
  }

  uint64(value: bigint): void {
    const start = this.#take(8);
    this.#bytes.writeBigUInt64BE(value, start);
  }

  float64(value: number): void {
    const start = this.#take(8);
    this.#bytes.writeDoubleBE(value, start);
  }

  /** `size` bytes of text and the zeros that pad them; answers how many of the bytes the text gave. */
  text(value: string, encoding: "utf8" | "hex", size: number): number {
    const start = this.#take(padded(size));
    const written = this.#bytes.write(value, start, size, encoding);
    this.#bytes.fill(0, start + size, this.#length);
    return written;
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Throws `remote-failure` at bytes that end too early or lengths over their limit: the peer does not speak our protocol. */
export class XdrReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  #take(size: number): number {
    const start = this.#offset;
    if (start + size > this.#bytes.length) {
      throw malformed(`expected ${size} more bytes at ${start}, got ${this.#bytes.length - start}`);
    }
    this.#offset += size;
    return start;
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8));
  }

  float64(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  opaque(size: number): Buffer {
    const start = this.#take(padded(size));
    return this.#bytes.subarray(start, start + size);
  }

  /** A length or a count, of at most `limit`. */
  count(limit: number): number {
    const count = this.uint32();
    if (count > limit) throw malformed(`expected at most ${limit} items or bytes, got ${count}`);
    return count;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }
}

const padded = (size: number): number => (size + 3) & ~3;
const malformed = (what: string) => new SriovError("remote-failure", `malformed XDR from libvirt: ${what}`);

export const nothing: Codec<void> = { write() {}, read() {} };
export const int: Codec<number> = { write: (w, value) => w.int32(value), read: (r) => r.int32() };
export const uint: Codec<number> = { write: (w, value) => w.uint32(value), read: (r) => r.uint32() };
/** Unsigned; a signed `hyper` is the same bytes. */
export const uhyper: Codec<bigint> = { write: (w, value) => w.uint64(value), read: (r) => r.uint64() };
export const hyper: Codec<bigint> = {
  write: (w, value) => w.uint64(BigInt.asUintN(64, value)),
  read: (r) => BigInt.asIntN(64, r.uint64()),
};
export const double: Codec<number> = { write: (w, value) => w.float64(value), read: (r) => r.float64() };
/** Sent as 1 or 0; anything else but 0 is read as true, as C does. */
export const bool: Codec<boolean> = { write: (w, value) => w.uint32(value ? 1 : 0), read: (r) => r.uint32() !== 0 };

export const string = (limit: number): Codec<string> => ({
  write(w, value) {
    const size = Buffer.byteLength(value, "utf8");
    if (size > limit) {
      throw new SriovError("invalid-input", `expected text of at most ${limit} bytes, got ${size}`);
    }
    w.uint32(size);
    w.text(value, "utf8", size);
  },
  read: (r) => r.opaque(r.count(limit)).toString("utf8"),
});

/** `char data<N>`: rpcgen gives each char four bytes. */
export const chars = (limit: number): Codec<Buffer> => ({
  write(w, value) {
    if (value.length > limit)
      throw new SriovError("invalid-input", `expected at most ${limit} bytes, got ${value.length}`);
    w.uint32(value.length);
    for (const byte of value) w.int32((byte << 24) >> 24);
  },
  read(r) {
    const words = r.opaque(r.count(limit) * 4);
    return Buffer.from(Array.from({ length: words.length / 4 }, (_, at) => words[at * 4 + 3] ?? 0));
  },
});

/** `opaque[16]`, as the text that everybody writes: `c7a5fdbd-edaf-9455-926a-d65c16db1809`. */
export const uuid: Codec<string> = {
  write(w, value) {
    const hex = value.replaceAll("-", "");
    if (hex.length !== 32 || w.text(hex, "hex", 16) !== 16) {
      throw new SriovError("invalid-input", `expected a UUID, got "${value}"`);
    }
  },
  read(r) {
    const hex = r.opaque(16).toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  },
};

/** `T *`: libvirt's null is our undefined. */
export const optional = <T>(of: Codec<T>): Codec<T | undefined> => ({
  write(w, value) {
    bool.write(w, value !== undefined);
    if (value !== undefined) of.write(w, value);
  },
  read: (r) => (bool.read(r) ? of.read(r) : undefined),
});

export const list = <T>(of: Codec<T>, limit: number): Codec<T[]> => ({
  write(w, values) {
    if (values.length > limit) {
      throw new SriovError("invalid-input", `expected at most ${limit} items, got ${values.length}`);
    }
    w.uint32(values.length);
    for (const value of values) of.write(w, value);
  },
  read: (r) => Array.from({ length: r.count(limit) }, () => of.read(r)),
});

/** Fields go over the wire in the order in which they are written here. */
export function struct<F extends { [name: string]: Codec<unknown> }>(
  fields: F,
): Codec<{ [N in keyof F]: ValueOf<F[N]> }> {
  type Value = { [N in keyof F]: ValueOf<F[N]> };
  const entries = Object.entries(fields) as [keyof F & string, Codec<unknown>][];
  return {
    write(w, value) {
      for (const [name, codec] of entries) codec.write(w, value[name]);
    },
    read(r) {
      const value: { [name: string]: unknown } = {};
      for (const [name, codec] of entries) value[name] = codec.read(r);
      return value as Value;
    },
  };
}

/** `union switch (int type)`: the value that belongs to each type. */
export function union<A extends { [type: number]: Codec<unknown> }>(
  arms: A,
): Codec<{ [K in keyof A]: { type: K; value: ValueOf<A[K]> } }[keyof A]> {
  type Value = { [K in keyof A]: { type: K; value: ValueOf<A[K]> } }[keyof A];
  return {
    write(w, { type, value }) {
      w.int32(Number(type));
      (arms[type] as Codec<unknown>).write(w, value);
    },
    read(r) {
      const type = r.int32();
      const arm = arms[type];
      if (arm === undefined) throw malformed(`no arm ${type} in a union`);
      return { type, value: arm.read(r) } as Value;
    },
  };
}

export function encode<T>(codec: Codec<T>, value: T): Buffer {
  const writer = new XdrWriter();
  codec.write(writer, value);
  return writer.finish();
}

/** Throws `remote-failure` when bytes are missing or left over. */
export function decode<T>(codec: Codec<T>, bytes: Buffer): T {
  const reader = new XdrReader(bytes);
  const value = codec.read(reader);
  if (reader.remaining !== 0) throw malformed(`${reader.remaining} bytes left over`);
  return value;
}
