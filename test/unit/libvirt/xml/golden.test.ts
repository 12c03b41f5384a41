// Walks test/golden/libvirt-xml: `in.xml` is read into `out.json`; with a `wanted.json` it is changed (or, without an `in.xml`,
// made) into `out.xml`. The inputs were recorded from libvirt 9.0, except the live domain and the macvtap ones (written by hand).
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseCapabilitiesXml } from "../../../../provider/libvirt/xml/capabilities.js";
import { parseDomainXml } from "../../../../provider/libvirt/xml/domain.js";
import {
  type InterfaceWanted,
  formatInterfaceXml,
  parseInterfaceXml,
  updateInterfaceXml,
} from "../../../../provider/libvirt/xml/interface.js";
import {
  type NetworkWanted,
  formatNetworkXml,
  parseNetworkXml,
  updateNetworkXml,
} from "../../../../provider/libvirt/xml/network.js";
import { parseNodeDeviceXml } from "../../../../provider/libvirt/xml/node-device.js";
import { parseNetworkPortXml } from "../../../../provider/libvirt/xml/port.js";

const root = join(__dirname, "../../../golden/libvirt-xml");
const parsers: { [root: string]: (xml: string) => unknown } = {
  capabilities: parseCapabilitiesXml,
  device: parseNodeDeviceXml,
  domain: parseDomainXml,
  interface: parseInterfaceXml,
  network: parseNetworkXml,
  networkport: parseNetworkPortXml,
};

function compare(path: string, text: string): void {
  if (process.env["GOLDEN_UPDATE"] === "1") writeFileSync(path, text);
  assert.equal(text, readFileSync(path, "utf8"));
}

function made(xml: string | undefined, wanted: NetworkWanted | InterfaceWanted): string {
  if ("kind" in wanted) return xml === undefined ? formatInterfaceXml(wanted) : updateInterfaceXml(xml, wanted);
  return xml === undefined ? formatNetworkXml(wanted) : updateNetworkXml(xml, wanted);
}

describe("libvirt's XML, by example", () => {
  for (const name of readdirSync(root)) {
    const file = (part: string) => join(root, name, part);
    const text = (part: string) => (existsSync(file(part)) ? readFileSync(file(part), "utf8") : undefined);
    const xml = text("in.xml");
    const wanted = text("wanted.json");
    if (wanted === undefined) {
      it(`reads ${name.replaceAll("-", " ")}`, () => {
        assert.ok(xml);
        const parse = Object.entries(parsers).find(([element]) => new RegExp(`^<${element}[ >]`).test(xml))?.[1];
        assert.ok(parse, "a parser for its root element");
        compare(file("out.json"), `${JSON.stringify(parse(xml), undefined, 2)}\n`);
      });
    } else {
      it(`makes ${name.replaceAll("-", " ")}, and nothing more when asked again`, () => {
        const asked = JSON.parse(wanted) as NetworkWanted | InterfaceWanted;
        const result = made(xml, asked);
        compare(file("out.xml"), result);
        assert.equal(made(result, asked), result);
      });
    }
  }
});
