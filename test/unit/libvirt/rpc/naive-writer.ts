// A second writer of XDR that shares nothing with ours: numbers to bytes by hand, so a mistake in ours does not hide itself.
export class NaiveWriter {
  readonly bytes: number[] = [];

  u32(value: number): this {
    for (const shift of [24, 16, 8, 0]) this.bytes.push((value >>> shift) & 0xff);
    return this;
  }

  u64(value: bigint): this {
    return this.u32(Number((value >> 32n) & 0xffff_ffffn)).u32(Number(value & 0xffff_ffffn));
  }

  raw(bytes: Iterable<number>): this {
    this.bytes.push(...bytes);
    while (this.bytes.length % 4 !== 0) this.bytes.push(0);
    return this;
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.u32(bytes.length).raw(bytes);
  }

  uuid(value: string): this {
    const hex = value.split("-").join("");
    for (let i = 0; i < hex.length; i += 2) this.bytes.push(parseInt(hex.slice(i, i + 2), 16));
    return this;
  }

  network(value: { name: string; uuid: string }): this {
    return this.text(value.name).uuid(value.uuid);
  }

  domain(value: { name: string; uuid: string; id: number }): this {
    return this.text(value.name).uuid(value.uuid).u32(value.id);
  }

  /** remote_error without a domain and a network. */
  error(code: number, message: string, more: { errorDomain?: number } = {}): this {
    this.u32(code)
      .u32(more.errorDomain ?? 0)
      .u32(1)
      .text(message)
      .u32(2); // code, domain, message, level
    return this.u32(0).u32(0).u32(0).u32(0).u32(0).u32(0).u32(0); // dom, str1..3, int1, int2, net
  }

  buffer(): Buffer {
    return Buffer.from(this.bytes);
  }
}

export const wire = () => new NaiveWriter();

/** `"00000001 0a"` as bytes; everything after a `//` in a line is for the reader. */
export const bytesOf = (annotated: string): Buffer =>
  Buffer.from(
    annotated
      .split("\n")
      .map((line) => line.split("//")[0])
      .join("")
      .replace(/\s/g, ""),
    "hex",
  );
