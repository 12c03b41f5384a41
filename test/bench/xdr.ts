// Our XDR codecs against @stellar/js-xdr, on what goes over the wire most.
// The bytes of both are compared first: the faster of two different things is not a result.
import assert from "node:assert/strict";
// @ts-expect-error -- js-xdr 4 has no types
import * as js from "@stellar/js-xdr";
import { domain, network, procedures } from "../../provider/libvirt/rpc/procedures.js";
import { type Codec, decode, encode } from "../../provider/libvirt/rpc/xdr.js";
import type { Figures, Part } from "./part.js";

const uuid = "c7a5fdbd-edaf-9455-926a-d65c16db1809";

/* eslint-disable @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-explicit-any -- see above */
const types = (js as any).config((xdr: any) => {
  xdr.struct("Network", [
    ["name", xdr.string(4_194_304)],
    ["uuid", xdr.opaque(16)],
  ]);
  xdr.struct("Domain", [
    ["name", xdr.string(4_194_304)],
    ["uuid", xdr.opaque(16)],
    ["id", xdr.int()],
  ]);
  xdr.struct("Networks", [
    ["items", xdr.varArray(xdr.lookup("Network"), 16_384)],
    ["count", xdr.uint()],
  ]);
  xdr.struct("Xml", [["text", xdr.string(4_194_304)]]);
});

// js-xdr's values are its own classes, with bytes for text. Resources use plain values: making the one of the other is part of the work.
type Plain = { name: string; uuid: string };
const uuidBytes = (text: string) => Buffer.from(text.replaceAll("-", ""), "hex");
const uuidText = (bytes: Buffer) => {
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
const toNetwork = ({ name, uuid: id }: Plain) => new types.Network({ name, uuid: uuidBytes(id) });
const ofNetwork = (value: any): Plain => ({ name: value.name().toString("utf8"), uuid: uuidText(value.uuid()) });

const xml = "<network><name>pool</name></network>".repeat(100);
const list = procedures.connectListAllNetworks.ret;
const fifty = { items: Array.from({ length: 50 }, (_, i) => ({ name: `pool-${i}`, uuid })), count: 50 };
const cases: {
  name: string;
  value: any;
  codec: Codec<any>;
  write: (value: any) => Buffer;
  read: (bytes: Buffer) => unknown;
}[] = [
  {
    name: "a network",
    value: { name: "pool", uuid },
    codec: network,
    write: (value) => toNetwork(value).toXDR(),
    read: (bytes) => ofNetwork(types.Network.fromXDR(bytes)),
  },
  {
    name: "a domain",
    value: { name: "web", uuid, id: 3 },
    codec: domain,
    write: (value) => new types.Domain({ ...value, uuid: uuidBytes(value.uuid) }).toXDR(),
    read: (bytes) => {
      const value = types.Domain.fromXDR(bytes);
      return { ...ofNetwork(value), id: value.id() };
    },
  },
  {
    name: "a list of 50 networks",
    value: fifty,
    codec: list,
    write: ({ items, count }) => new types.Networks({ items: items.map(toNetwork), count }).toXDR(),
    read: (bytes) => {
      const value = types.Networks.fromXDR(bytes);
      return { items: value.items().map(ofNetwork), count: value.count() };
    },
  },
  {
    name: "3.6 kB of XML",
    value: xml,
    codec: procedures.networkGetXmlDesc.ret,
    write: (text) => new types.Xml({ text }).toXDR(),
    read: (bytes) => types.Xml.fromXDR(bytes).text().toString("utf8"),
  },
];
/* eslint-enable */

/** Nanoseconds a call, the best of several rounds: the machine has other things to do. */
function nanoseconds(work: () => unknown): number {
  const rounds = Array.from({ length: 7 }, () => {
    const start = process.hrtime.bigint();
    let calls = 0;
    do {
      for (let i = 0; i < 100; i += 1) work();
      calls += 100;
    } while (process.hrtime.bigint() - start < 100_000_000n);
    return Number(process.hrtime.bigint() - start) / calls;
  });
  return Math.min(...rounds);
}

export const xdr: Part = {
  name: "xdr",
  title: "our codecs against @stellar/js-xdr; times is how often ours is done in the time of one of theirs",
  run: (show) => Promise.resolve(compare(show)),
};

function compare(show: (line: string) => void): Figures {
  const ratios: number[] = [];
  show(`${"".padEnd(28)}   ours ns  js-xdr ns  times`);
  for (const { name, value, codec, write, read } of cases) {
    const bytes = encode(codec, value as unknown);
    assert.deepEqual(Buffer.from(write(value)), bytes, name);
    assert.deepEqual(read(bytes), value, name);
    const report = (what: string, ours: number, theirs: number) => {
      ratios.push(theirs / ours);
      const line = [`${what} ${name}`.padEnd(28), ours.toFixed(0), theirs.toFixed(0), (theirs / ours).toFixed(1)];
      show(line.map((part) => part.padStart(9)).join(" "));
    };
    report(
      "write",
      nanoseconds(() => encode(codec, value as unknown)),
      nanoseconds(() => write(value)),
    );
    report(
      "read",
      nanoseconds(() => decode(codec, bytes)),
      nanoseconds(() => read(bytes)),
    );
  }
  return { leastTimesJsXdr: Math.min(...ratios) };
}
