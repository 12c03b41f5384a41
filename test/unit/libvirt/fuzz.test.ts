// What a broken or hostile libvirt can send: 100,000 damaged packets and documents. None hangs or crashes, memory stays bounded, and
// every failure is an error of ours. The seed is fixed: a failure comes again; FUZZ_SEED takes another one.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { kindOf } from "../../../provider/base/errors.js";
import { RpcConnection } from "../../../provider/libvirt/rpc/connection.js";
import { formatPacket, messageStatus, messageType, program } from "../../../provider/libvirt/rpc/packet.js";
import { events } from "../../../provider/libvirt/rpc/procedures.js";
import { parseCapabilitiesXml } from "../../../provider/libvirt/xml/capabilities.js";
import { parseDomainXml } from "../../../provider/libvirt/xml/domain.js";
import { parseInterfaceXml } from "../../../provider/libvirt/xml/interface.js";
import { parseNetworkXml } from "../../../provider/libvirt/xml/network.js";
import { parseNodeDeviceXml } from "../../../provider/libvirt/xml/node-device.js";
import { parseNetworkPortXml } from "../../../provider/libvirt/xml/port.js";
import { mutated, randomFrom } from "./mutate.js";
import { keptMegabytes } from "../../kept.js";
import { type NaiveWriter, wire } from "./rpc/naive-writer.js";

const seed = Number(process.env["FUZZ_SEED"] ?? 20_260_801);
const packetRounds = 70_000;
const documentRounds = 30_000;
const mostMegabytes = 64;

const pool = { name: "pool", uuid: "c7a5fdbd-edaf-9455-926a-d65c16db1809" };
const web = { name: "web", uuid: "11111111-2222-3333-4444-555555555555", id: 3 };

const packet = (header: object, body: NaiveWriter) =>
  formatPacket(
    {
      program: program.remote,
      version: 1,
      procedure: 0,
      serial: 0,
      type: messageType.reply,
      status: messageStatus.ok,
      ...header,
    },
    body.buffer(),
  );

/** The answers to `ask` below, with what may come between them. */
const stream = Buffer.concat([
  packet({ serial: 2, procedure: 283 }, wire().u32(2).network(pool).network(pool).u32(2)),
  packet({ program: program.keepAlive, type: messageType.message, procedure: 1 }, wire()),
  packet({ serial: 1, procedure: 316 }, wire().u32(0)),
  packet({ type: messageType.message, serial: 1, procedure: events.domainDeviceRemoved.number }, wire().u32(0).domain(web).text("ua-x")), // prettier-ignore
  packet({ serial: 4, procedure: 43, status: messageStatus.error }, wire().error(43, "no network")),
  packet({ serial: 3, procedure: 273 }, wire().u32(1).domain(web).u32(1)),
]);

/** A connection with four calls under way, given these bytes and then the end; answers what came of the calls. */
async function answersTo(chunks: Buffer[]): Promise<unknown[]> {
  let given: unknown[] = [];
  const peer = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  peer.on("error", () => undefined);
  const rpc = new RpcConnection(peer, "kvm1");
  const calls = Promise.allSettled([
    rpc.register("connectDomainEventCallbackRegisterAny", [15, web], "subscribe", {
      event: "domainDeviceRemoved",
      onEvent: (event) => given.push(event),
      onEnd: (reason) => given.push(kindOf(reason)),
    }),
    rpc.call("connectListAllNetworks", [true, 0], "list networks"),
    rpc.call("connectListAllDomains", [true, 0], "list domains"),
    rpc.call("networkGetXmlDesc", [pool, 0], "read XML"),
  ]);
  for (const chunk of chunks) peer.push(chunk);
  peer.push(null);
  const [registered, ...answers] = await calls;
  const shown = (answer: PromiseSettledResult<unknown>) =>
    answer.status === "fulfilled" ? answer.value : `${String(kindOf(answer.reason))}: ${String(answer.reason)}`;
  given = [
    registered.status === "fulfilled" ? registered.value.callback : shown(registered),
    ...answers.map(shown),
    ...given,
  ];
  await rpc.close();
  return given;
}

describe("damaged bytes from libvirt", function () {
  this.timeout(120_000);

  it(`are answered with errors of ours, ${packetRounds} times, in bounded memory`, async () => {
    const random = randomFrom(seed);
    const whole = await answersTo([stream]);
    const before = keptMegabytes();
    const seen = new Map<string, number>();
    for (let round = 0; round < packetRounds; round += 1) {
      const answers = await answersTo([mutated(stream, random)]);
      for (const answer of answers) {
        const kind = typeof answer === "string" ? (answer.split(":")[0] ?? "") : "answered";
        assert.notEqual(kind, "undefined", `seed ${seed}, round ${round}: ${String(answer)}`);
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
      if (round % 10_000 === 9_999)
        assert.ok(keptMegabytes() - before < mostMegabytes, `round ${round}: it keeps memory`);
    }
    // It was damage, and not all of it fatal.
    for (const kind of ["answered", "unreachable", "remote-failure"]) assert.ok((seen.get(kind) ?? 0) > 1_000, kind);
    assert.deepEqual(await answersTo([stream]), whole);
  });

  it("mean the same wherever the stream was cut", async () => {
    const whole = await answersTo([stream]);
    assert.equal(whole.length, 6);
    assert.deepEqual(whole[0], 0);
    for (let at = 1; at < stream.length; at += 1) {
      assert.deepEqual(await answersTo([stream.subarray(0, at), stream.subarray(at)]), whole, `cut at ${at}`);
    }
    assert.deepEqual(await answersTo([...stream].map((byte) => Buffer.from([byte]))), whole);
  });

  it("that promise more than they hold take no memory for what does not come", async () => {
    const before = keptMegabytes();
    const liars = Array.from({ length: 2_000 }, () => {
      const lie = Buffer.from(stream);
      lie.writeUInt32BE(33_554_436, 0);
      return answersTo([lie]);
    });
    for (const answers of await Promise.all(liars)) assert.match(String(answers[1]), /^unreachable/);
    assert.ok(keptMegabytes() - before < mostMegabytes);
  });
});

const parsers: { [root: string]: (xml: string) => unknown } = {
  capabilities: parseCapabilitiesXml,
  device: parseNodeDeviceXml,
  domain: parseDomainXml,
  interface: parseInterfaceXml,
  network: parseNetworkXml,
  networkport: parseNetworkPortXml,
};

describe("damaged XML from libvirt", function () {
  this.timeout(120_000);
  const golden = join(__dirname, "../../golden/libvirt-xml");
  const documents = readdirSync(golden, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".xml"))
    .map((path) => readFileSync(join(golden, path)));
  const parse = (text: string): "parsed" | "refused" => {
    const parser = parsers[/<(\w+)/.exec(text)?.[1] ?? ""] ?? parseNetworkXml;
    try {
      parser(text);
      return "parsed";
    } catch (error) {
      assert.ok(
        kindOf(error) !== undefined && kindOf(error) !== "bug",
        `${String(error)}\nin\n${text.slice(0, 2_000)}`,
      );
      return "refused";
    }
  };

  it(`is read or refused with an error of ours, ${documentRounds} times, in bounded memory`, () => {
    const random = randomFrom(seed);
    const before = keptMegabytes();
    const seen = { parsed: 0, refused: 0 };
    for (let round = 0; round < documentRounds; round += 1) {
      const document = documents[round % documents.length] as Buffer;
      seen[parse(mutated(document, random).toString("utf8"))] += 1;
    }
    assert.ok(seen.parsed > 1_000 && seen.refused > 1_000, JSON.stringify(seen));
    assert.ok(keptMegabytes() - before < mostMegabytes);
  });

  const strange: { [what: string]: string } = {
    "elements in elements, a hundred thousand deep": `<network>${"<a>".repeat(100_000)}`,
    "the same, all closed": `<network>${"<a>".repeat(100_000)}${"</a>".repeat(100_000)}</network>`,
    "entities that would grow": `<!DOCTYPE network [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><network>&b;</network>`,
    "an attribute called __proto__": `<network __proto__='x'><name>pool</name></network>`,
    "a name of a megabyte": `<network><name>${"x".repeat(1_048_576)}</name></network>`,
    nothing: "",
    "zero bytes": "\0\0\0\0",
  };
  for (const [what, text] of Object.entries(strange)) {
    it(`may have ${what}`, () => void parse(text));
  }
});
