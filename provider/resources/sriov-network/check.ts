// Whether the program's inputs make sense by themselves: all failures at once. Pure; check-host.ts has what the host says to them.
import { isPciAddress, parsePciAddress } from "../../base/pci-address.js";
import { virtualportFailures } from "../libvirt-parts.js";
import type { Failure, Value, Values } from "../lifecycle.js";
import { listed, parseModel } from "../model-failures.js";
import { metadataFailures } from "./metadata.js";
import { type SriovNetworkInputs, factNames, sriovNetworkModel } from "./model.js";

/** The model, what it cannot say about several values at once, and the defaults. */
export function checkInputs(
  news: Values,
  resource: string,
  stack = "",
): { inputs: SriovNetworkInputs; failures: Failure[] } {
  const given = Object.fromEntries(Object.entries(news).filter(([, value]) => value !== undefined));
  const { inputs, failures } = parseModel(sriovNetworkModel, given);
  const found = failures.map((failure) =>
    (factNames as readonly string[]).includes(failure.property)
      ? { ...failure, reason: `expected no value here: "${failure.property}" is found out by the provider` }
      : failure,
  );
  found.push(...oneSource(given), ...duplicates(given["vfs"], "vfs", (vf) => vf));
  found.push(...duplicates(given["netdevs"], "netdevs", (netdev) => netdev), ...forVfsOnly(given));
  found.push(...vlansOfMacvtaps(given), ...virtualports(given), ...metadataFailures(given["metadata"]));
  found.push(...duplicates(given["metadata"], "metadata", (item) => valueOf(item, "uri")));
  found.push(...duplicates(given["portgroups"], "portgroups", nameOf), ...defaults(given["portgroups"]));
  const name = given["name"] ?? networkName(resource);
  // Two stacks may well use one name on one host: each its own network, or an error, but never each the other's.
  const owner = stack === "" ? resource : `${stack}/${resource}`;
  const byDefault = { mode: "hostdev", managed: true, autostart: true, active: true };
  const wanted: Values = { ...byDefault, ...((inputs ?? given) as Values), name, owner };
  const vfs = Array.isArray(given["vfs"]) ? { vfs: given["vfs"].map(inOneSpelling) } : {};
  return { inputs: { ...wanted, ...vfs } as unknown as SriovNetworkInputs, failures: found };
}

/** A Pulumi name as libvirt takes it. */
const networkName = (resource: string): string => resource.replaceAll(/[^A-Za-z0-9_.:-]+/g, "-") || "sriov";

const inOneSpelling = (vf: Value): Value => (typeof vf === "string" && isPciAddress(vf) ? parsePciAddress(vf) : vf);

const valueOf = (item: Value, key: string): Value =>
  typeof item === "object" && item !== null && !Array.isArray(item) ? item[key] : undefined;

const nameOf = (group: Value): Value => valueOf(group, "name");

function oneSource(news: Values): Failure[] {
  const given = (["pf", "vfs", "netdevs"] as const).filter((source) => news[source] !== undefined);
  if (given.length === 1) return [];
  if (given.length === 0) {
    return [{ property: "pf", reason: "expected one of pf, vfs and netdevs, got none" }];
  }
  return [{ property: given[1] ?? "", reason: `expected one of pf, vfs and netdevs, got ${listed(given, "and")}` }];
}

/** libvirt refuses these at its own time, or ignores them. */
function forVfsOnly({ mode = "hostdev", vfs, netdevs, managed, driver }: Values): Failure[] {
  if (typeof mode !== "string") return [];
  if (mode === "hostdev") {
    if (netdevs === undefined) return [];
    return [{ property: "netdevs", reason: 'expected pf or vfs for mode "hostdev": it hands out PCI devices' }];
  }
  const given = Object.entries({ vfs, managed, driver }).filter(([, value]) => value !== undefined);
  return given.map(([property]) => ({
    property,
    reason:
      property === "vfs"
        ? `expected pf or netdevs for mode "${mode}": a macvtap is made on a netdev, not on a PCI device`
        : `expected no value for mode "${mode}": it is about VFs passed through, mode "hostdev"`,
  }));
}

/** A macvtap of these modes shares its netdev, and libvirt has no VLAN for it. */
function vlansOfMacvtaps({ mode, vlan, portgroups }: Values): Failure[] {
  if (mode !== "bridge" && mode !== "vepa" && mode !== "private") return [];
  const groups = Array.isArray(portgroups) ? portgroups : [];
  const stated: [string, Value][] = [
    ["vlan", vlan],
    ...groups.map((group, place): [string, Value] => [`portgroups[${place}].vlan`, valueOf(group, "vlan")]),
  ];
  const reason = `expected none for mode "${mode}": libvirt tags VLANs for modes "hostdev" and "passthrough" alone`;
  return stated.flatMap(([property, id]) => (typeof id === "number" && id !== 0 ? [{ property, reason }] : []));
}

function virtualports({ virtualport, vlan, portgroups }: Values): Failure[] {
  const groups = Array.isArray(portgroups) ? portgroups : [];
  return [
    ...virtualportFailures(virtualport, "virtualport", vlan),
    ...groups.flatMap((group, place) =>
      virtualportFailures(
        valueOf(group, "virtualport"),
        `portgroups[${place}].virtualport`,
        valueOf(group, "vlan") ?? vlan,
      ),
    ),
  ];
}

function duplicates(list: Value, property: string, keyOf: (item: Value) => Value): Failure[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item, place) => {
    const key = keyOf(inOneSpelling(item));
    const first = list.findIndex((other) => keyOf(inOneSpelling(other)) === key);
    if (typeof key !== "string" || first === place) return [];
    return [
      { property: `${property}[${place}]`, reason: `expected each one once, got "${key}" as in ${property}[${first}]` },
    ];
  });
}

function defaults(groups: Value): Failure[] {
  if (!Array.isArray(groups)) return [];
  const isDefault = (group: Value) =>
    typeof group === "object" && group !== null && (group as Values)["default"] === true;
  const first = groups.findIndex(isDefault);
  return groups.flatMap((group, place) =>
    isDefault(group) && place !== first
      ? [
          {
            property: `portgroups[${place}].default`,
            reason: `expected one default portgroup, and portgroups[${first}] is it`,
          },
        ]
      : [],
  );
}
