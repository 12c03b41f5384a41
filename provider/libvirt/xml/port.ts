// A network port: which domain got which VF of a pool. The only place that joins the two.
import { type MacAddress, parseMac } from "../../base/mac.js";
import type { PciAddress } from "../../base/pci-address.js";
import { attribute, compact, find, parseXml, requiredText, textOf } from "./element.js";
import { type Virtualport, type Vlan, parseAddress, parseVirtualport, parseVlan } from "./parts.js";

export type NetworkPort = {
  uuid: string;
  owner: { name: string; uuid: string };
  portgroup?: string;
  mac: MacAddress;
  /** Those of interface, portgroup and network, merged. */
  vlan?: Vlan;
  virtualport?: Virtualport;
  /** `hostdev-pci` for a VF, `direct` for a macvtap pool, `network`, `bridge`. */
  plug: string;
  address?: PciAddress;
  /** The netdev of a macvtap pool. */
  netdev?: string;
};

export function parseNetworkPortXml(xml: string): NetworkPort {
  const root = parseXml(xml, "networkport");
  const plug = find(root, "plug");
  const owner = find(root, "owner");
  return compact({
    uuid: requiredText(root, "uuid"),
    owner: { name: textOf(find(owner, "name")) ?? "", uuid: textOf(find(owner, "uuid")) ?? "" },
    portgroup: textOf(find(root, "group")),
    mac: parseMac(attribute(find(root, "mac"), "address") ?? ""),
    vlan: parseVlan(find(root, "vlan")),
    virtualport: parseVirtualport(find(root, "virtualport")),
    plug: attribute(plug, "type") ?? "none",
    address: parseAddress(find(plug, "address")),
    netdev: attribute(plug, "dev"),
  });
}
