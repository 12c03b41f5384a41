// Whether the program's inputs make sense, alone and on the host as it is: all failures at once. Pure: index.ts asks the host.
import { type PciAddress, isPciAddress, parsePciAddress } from "../../base/pci-address.js";
import type { KnownPf, PfFacts } from "../../host/sysfs/pf.js";
import type { CompleteReading } from "../../host/sysfs/read-pf.js";
import { type Failure, type Value, type Values, isUnknown } from "../lifecycle.js";
import { listed, parseModel } from "../model-failures.js";
import type { DeclaredVfs } from "../program.js";
import { type SriovNetworkInputs, factNames, sriovNetworkModel } from "./model.js";
import type { NetworkNow } from "./plan.js";

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
  found.push(...duplicates(given["portgroups"], "portgroups", nameOf), ...defaults(given["portgroups"]));
  const name = given["name"] ?? networkName(resource);
  // Two stacks may well use one name on one host: each its own network, or an error, but never each the other's.
  const owner = stack === "" ? resource : `${stack}/${resource}`;
  const byDefault = { managed: true, autostart: true, active: true };
  const wanted: Values = { ...byDefault, ...((inputs ?? given) as Values), name, owner };
  const vfs = Array.isArray(given["vfs"]) ? { vfs: given["vfs"].map(inOneSpelling) } : {};
  return { inputs: { ...wanted, ...vfs } as unknown as SriovNetworkInputs, failures: found };
}

/** A Pulumi name as libvirt takes it. */
const networkName = (resource: string): string => resource.replaceAll(/[^A-Za-z0-9_.:-]+/g, "-") || "sriov";

const inOneSpelling = (vf: Value): Value => (typeof vf === "string" && isPciAddress(vf) ? parsePciAddress(vf) : vf);

const nameOf = (group: Value): Value =>
  typeof group === "object" && group !== null && !Array.isArray(group) ? group["name"] : undefined;

function oneSource(news: Values): Failure[] {
  const { pf, vfs } = news;
  if ((pf === undefined) !== (vfs === undefined)) return [];
  const got = pf === undefined ? "neither" : "both";
  return [{ property: pf === undefined ? "pf" : "vfs", reason: `expected either pf or vfs, got ${got}` }];
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

/** What the host shows, as far as the inputs ask for it. */
export type HostFacts = {
  hostName: string;
  /** Of `pf`. */
  pf?: CompleteReading;
  /** Of `vfs`: what each address is. `coming`: nothing yet, and this program makes VFs on the host. */
  vfKinds: { [vf: string]: "vf" | "coming" | "no VF" | "nothing" };
  networks: readonly NetworkNow[];
  /** What a VfConfig of this program makes of the PF. */
  declared?: DeclaredVfs;
  /** The network is in this stack's state under this name. */
  nameBefore?: string;
};

export type Verdict = { failures: Failure[]; warnings: string[] };

export function checkOnHost(inputs: SriovNetworkInputs, facts: HostFacts): Verdict {
  const failures: Failure[] = [];
  const warnings: string[] = [];
  const foreign = foreignNetwork(inputs, facts);
  if (foreign) failures.push(foreign);
  if (typeof inputs.pf === "string") {
    const wrong = wrongPf(inputs.pf, facts);
    if (wrong) failures.push(wrong);
    else if (inputs.active) warnings.push(...downPf(facts));
  }
  failures.push(...wrongVfs(inputs, facts));
  if (inputs.active) failures.push(...takenVfs(inputs, facts, vfsNow(facts)));
  return { failures, warnings };
}

/** The VFs that are PCI devices: all but netdevsim's. */
export const vfAddresses = ({ vfs }: PfFacts): PciAddress[] =>
  vfs.flatMap(({ pciAddress }) => (pciAddress === "" ? [] : [pciAddress]));

/** The VFs that the PF has now. */
export const vfsNow = ({ pf }: Pick<HostFacts, "pf">): PciAddress[] | undefined =>
  pf?.found === "pf" ? vfAddresses(pf.pf) : undefined;

const isOurs = (network: NetworkNow, inputs: SriovNetworkInputs, nameBefore?: string): boolean =>
  network.inactive.mark?.["name"] === inputs.owner || network.name === nameBefore;

/** A network of the same name that somebody else made. */
export function foreignNetwork(
  inputs: SriovNetworkInputs,
  { hostName, networks, nameBefore }: Pick<HostFacts, "hostName" | "networks" | "nameBefore">,
): Failure | undefined {
  const same = networks.find(({ name }) => name === inputs.name);
  if (!same || isOurs(same, inputs, nameBefore)) return undefined;
  const owner = same.inactive.mark?.["name"];
  const whose = owner === undefined ? "it was not made by this resource" : `it belongs to the resource "${owner}"`;
  return {
    property: "name",
    reason: `${hostName} has a network "${inputs.name}" already, and ${whose}. Choose another name, import that one into this stack with \`pulumi import\`, or remove it (\`virsh net-undefine ${inputs.name}\`).`,
  };
}

function wrongPf(asked: string, { hostName, pf, declared }: HostFacts): Failure | undefined {
  const fail = (reason: string): Failure => ({ property: "pf", reason });
  if (!pf) return undefined;
  const offer = `The SR-IOV PFs of ${hostName}: ${pfList(pf.pfs)}.`;
  switch (pf.found) {
    case "nothing":
      return declared ? undefined : fail(`expected the netdev of a PF of ${hostName}, got "${asked}". ${offer}`);
    case "no-pci-device":
      return fail(`expected a PF, got "${asked}", which is no PCI device. ${offer}`);
    case "vf":
      return fail(`expected a PF, got "${asked}", which is VF ${pf.pciAddress} of PF ${pf.pfPciAddress}. ${offer}`);
    case "no-sriov":
      return fail(
        `expected a PF with SR-IOV, got "${asked}": ${pf.pciAddress} shows no sriov_totalvfs. Either the card has no SR-IOV, or it is off in the firmware. ${offer}`,
      );
    case "several":
    case "pf":
      break;
  }
  if (pf.found !== "pf") return undefined;
  const { netdev, numVfs } = pf.pf;
  if (netdev === undefined) {
    return fail(`PF ${asked} has no netdev, and libvirt knows a pool's PF by its netdev: list the VFs in \`vfs\``);
  }
  if (netdev !== asked) {
    return fail(
      `expected the netdev of the PF, as libvirt knows it by no other name, got "${asked}": it is "${netdev}"`,
    );
  }
  const willHave = declared ? (declared.numVfs ?? numVfs) : numVfs;
  if (willHave > 0) return undefined;
  return fail(
    `PF ${asked} has no VFs: a pool needs at least one. Declare a VfConfig with numVfs for it, and use its \`pfName\` output here.`,
  );
}

const pfList = (pfs: readonly KnownPf[]): string =>
  pfs.length === 0
    ? "none; SR-IOV is off in the firmware, or no card has it"
    : pfs.map((pf) => `${pf.netdev ?? "no netdev"} (${pf.pciAddress})`).join(", ");

function downPf({ hostName, pf, declared }: HostFacts): string[] {
  if (pf?.found !== "pf" || pf.pf.isUp || declared) return [];
  return [
    `PF ${pf.pf.netdev} on ${hostName} is down: libvirt starts no VM on a VF of it. Declare a VfConfig for it (pfUp), or: ip link set ${pf.pf.netdev} up`,
  ];
}

function wrongVfs(inputs: SriovNetworkInputs, { hostName, vfKinds }: HostFacts): Failure[] {
  return knownVfs(inputs).flatMap(([vf, place]) => {
    const kind = vfKinds[vf];
    if (kind !== "no VF" && kind !== "nothing") return [];
    const why = kind === "nothing" ? "there is no such PCI device now" : "that PCI device is no VF";
    return [{ property: `vfs[${place}]`, reason: `expected a VF of ${hostName}, got "${vf}": ${why}` }];
  });
}

function knownVfs(inputs: SriovNetworkInputs): [PciAddress, number][] {
  const vfs: readonly unknown[] = isUnknown(inputs.vfs) ? [] : (inputs.vfs ?? []);
  return vfs.flatMap((vf, place): [PciAddress, number][] =>
    typeof vf === "string" && isPciAddress(vf) ? [[parsePciAddress(vf), place]] : [],
  );
}

/** libvirt starts two pools on one VF, and the second VM that asks for it does not start. */
export function takenVfs(
  inputs: SriovNetworkInputs,
  facts: Pick<HostFacts, "hostName" | "networks" | "nameBefore">,
  pfVfs: readonly PciAddress[] | undefined,
): Failure[] {
  const wanted = inputs.pf === undefined ? knownVfs(inputs).map(([vf]) => vf) : (pfVfs ?? []);
  const others = facts.networks.filter(
    (network) => network.isActive && network.name !== inputs.name && !isOurs(network, inputs, facts.nameBefore),
  );
  return others.flatMap(({ name, inactive, live }) => {
    const isSamePf = inputs.pf !== undefined && inactive.addresses.length === 0 && inactive.pf === inputs.pf;
    const shared = wanted.filter((vf) => live?.addresses.includes(vf));
    if (!isSamePf && shared.length === 0) return [];
    const what = isSamePf ? `PF ${inputs.pf} is` : `${listed(shared, "and")} ${shared.length === 1 ? "is" : "are"}`;
    return [
      {
        property: inputs.pf === undefined ? "vfs" : "pf",
        reason: `${what} in the active network "${name}" of ${facts.hostName} already: both would hand out the same VFs. Stop that one first (\`virsh net-destroy ${name}\`), or use it.`,
      },
    ];
  });
}
