// What the host and the rest of the program say to the inputs of a SriovNetwork. Pure: index.ts asks the host.
import { type PciAddress, isPciAddress, parsePciAddress } from "../../base/pci-address.js";
import type { KnownPf, PfFacts } from "../../host/sysfs/pf.js";
import type { CompleteReading } from "../../host/sysfs/read-pf.js";
import { formatVersion } from "../../libvirt/versions.js";
import { driverFailures } from "../libvirt-parts.js";
import { type Failure, isUnknown } from "../lifecycle.js";
import { listed } from "../model-failures.js";
import type { DeclaredVfs } from "../program.js";
import type { SriovNetworkInputs } from "./model.js";
import type { NetworkNow, PfVf } from "./plan.js";
import { takenVfs } from "./taken.js";

/** What the host shows, as far as the inputs ask for it. */
export type HostFacts = {
  hostName: string;
  /** Of `pf`. */
  pf?: Exclude<CompleteReading, { found: "pf" }> | { found: "pf"; pf: PoolPf };
  /** Of `vfs`: what each address is. `coming`: nothing yet, and this program makes VFs on the host. */
  vfKinds: { [vf: string]: "vf" | "coming" | "no VF" | "nothing" };
  /** Of `netdevs`, the same. */
  netdevKinds: { [netdev: string]: "netdev" | "coming" | "nothing" };
  networks: readonly NetworkNow[];
  /** Who has a VF that the pool would hand out, and not from this pool: `VM web`. */
  held: { [vf: string]: string };
  libVersion: number;
  /** What a VfConfig of this program makes of the PF. */
  declared?: DeclaredVfs;
  /** The network is in this stack's state under this name. */
  nameBefore?: string;
};

/** What a pool depends on of its PF. */
export type PoolPf = Pick<PfFacts, "netdev" | "numVfs" | "isUp"> & {
  vfs: readonly { pciAddress: PciAddress | ""; netdev?: string }[];
};

type Verdict = { failures: Failure[]; warnings: string[] };

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
  failures.push(...wrongVfs(inputs, facts), ...wrongNetdevs(inputs, facts), ...tooNew(inputs, facts));
  failures.push(...trunks(inputs, facts), ...leftovers(inputs, facts));
  if (inputs.active) {
    failures.push(...takenVfs(inputs, facts));
    const held = heldVfs(inputs, facts);
    failures.push(...held.failures);
    warnings.push(...held.warnings);
  }
  return { failures, warnings };
}

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
  const why = pf?.found === "pf" ? unfitPf(asked, pf.pf, declared) : pf && noPf(asked, hostName, pf, declared);
  return why === undefined ? undefined : { property: "pf", reason: why };
}

function noPf(
  asked: string,
  hostName: string,
  reading: Exclude<HostFacts["pf"], { found: "pf" } | undefined>,
  declared: DeclaredVfs | undefined,
): string | undefined {
  const offer = `The SR-IOV PFs of ${hostName}: ${pfList(reading.pfs)}.`;
  switch (reading.found) {
    case "nothing":
      return declared ? undefined : `expected the netdev of a PF of ${hostName}, got "${asked}". ${offer}`;
    case "no-pci-device":
      return `expected a PF, got "${asked}", which is no PCI device. ${offer}`;
    case "vf":
      return `expected a PF, got "${asked}", which is VF ${reading.pciAddress} of PF ${reading.pfPciAddress}. ${offer}`;
    case "no-sriov":
      return `expected a PF with SR-IOV, got "${asked}": ${reading.pciAddress} shows no sriov_totalvfs. Either the card has no SR-IOV, or it is off in the firmware. ${offer}`;
    case "several":
      return undefined;
  }
}

function unfitPf(asked: string, { netdev, numVfs }: PoolPf, declared: DeclaredVfs | undefined): string | undefined {
  if (netdev === undefined) {
    return `PF ${asked} has no netdev, and libvirt knows a pool's PF by its netdev: list the VFs in \`vfs\``;
  }
  if (netdev !== asked) {
    return `expected the netdev of the PF, as libvirt knows it by no other name, got "${asked}": it is "${netdev}"`;
  }
  const willHave = declared ? (declared.numVfs ?? numVfs) : numVfs;
  if (willHave > 0) return undefined;
  return `PF ${asked} has no VFs: a pool needs at least one. Declare a VfConfig with numVfs for it, and use its \`pfName\` output here.`;
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

function wrongNetdevs(inputs: SriovNetworkInputs, { hostName, netdevKinds }: HostFacts): Failure[] {
  const netdevs: readonly unknown[] = isUnknown(inputs.netdevs) ? [] : (inputs.netdevs ?? []);
  return netdevs.flatMap((netdev, place) => {
    if (typeof netdev !== "string" || netdevKinds[netdev] !== "nothing") return [];
    const reason = `expected a network interface of ${hostName}, got "${netdev}": there is none now`;
    return [{ property: `netdevs[${place}]`, reason }];
  });
}

/** What libvirt would drop without a word. */
function tooNew(inputs: SriovNetworkInputs, { hostName, libVersion }: HostFacts): Failure[] {
  const texts = (["title", "description"] as const).filter((property) => inputs[property] !== undefined);

  const reason = `libvirt ${formatVersion(libVersion)} on ${hostName} keeps none for a network: expected libvirt 9.7 or newer`;
  return [
    ...driverFailures(inputs.driver, libVersion, hostName),
    ...(libVersion >= 9_007_000 ? [] : texts.map((property) => ({ property, reason }))),
  ];
}

/** libvirt takes a trunk in a definition, and then starts no VM on it: a VF has one VLAN. */
function trunks(inputs: SriovNetworkInputs, { networks }: HostFacts): Failure[] {
  const network = networks.find(({ name }) => name === inputs.name);
  if (!network) return [];
  const isTrunk = (vlan: NetworkNow["inactive"]["vlan"]) =>
    vlan !== undefined && (vlan.trunk === true || vlan.tags.length > 1);
  const why = "has a trunk of several VLANs, and a VF has one: libvirt would start no VM on it. Expected a";
  const failures: Failure[] = [];
  if (inputs.vlan === undefined && isTrunk(network.inactive.vlan)) {
    failures.push({ property: "vlan", reason: `network "${network.name}" ${why} vlan here, or 0 for none` });
  }
  for (const { name, vlan } of network.inactive.portgroups) {
    const groups = Array.isArray(inputs.portgroups) ? inputs.portgroups : undefined;
    const stated = groups?.find((group) => group.name === name);
    const isKept = groups === undefined || (stated !== undefined && stated.vlan === undefined);
    if (!isKept || isUnknown(inputs.portgroups) || !isTrunk(vlan)) continue;
    const property = groups && stated ? `portgroups[${groups.indexOf(stated)}].vlan` : "portgroups";
    failures.push({ property, reason: `portgroup "${name}" ${why} vlan for it here, or 0 for none` });
  }
  return failures;
}

/** What the program leaves unset stays, and may not go with what it asks for. */
function leftovers(inputs: SriovNetworkInputs, { networks }: HostFacts): Failure[] {
  const now = networks.find(({ name }) => name === inputs.name)?.inactive;
  const keepsVlan = inputs.vlan === undefined && now?.vlan !== undefined;
  const keepsPort = inputs.virtualport === undefined && now?.virtualport !== undefined;
  const isShared = inputs.mode === "bridge" || inputs.mode === "vepa" || inputs.mode === "private";
  const wantsPort = typeof inputs.virtualport === "object" && inputs.virtualport.type !== "none";
  if (keepsVlan && (isShared || wantsPort)) {
    const what = isShared ? `and mode "${inputs.mode}" can have none` : "and a virtualport excludes it";
    return [{ property: "vlan", reason: `network "${inputs.name}" has a VLAN, ${what}: expected vlan: 0 here` }];
  }
  if (!keepsPort || typeof inputs.vlan !== "number" || inputs.vlan === 0) return [];
  const reason = `network "${inputs.name}" has a virtualport, and that excludes a VLAN: expected type "none" here`;
  return [{ property: "virtualport", reason }];
}

/** libvirt would hand it out all the same, and the VM that gets it would not start. */
function heldVfs(inputs: SriovNetworkInputs, { hostName, held, pf }: HostFacts): Verdict {
  if (inputs.mode !== "hostdev") return { failures: [], warnings: [] };
  const failures = knownVfs(inputs).flatMap(([vf, place]) =>
    held[vf] === undefined
      ? []
      : [
          {
            property: `vfs[${place}]`,
            reason: `${held[vf]} holds ${vf} already, and not from this pool: detach it there, or leave it out here`,
          },
        ],
  );
  const ofPf = pf?.found === "pf" ? pf.pf.vfs.flatMap(({ pciAddress }) => (pciAddress === "" ? [] : [pciAddress])) : [];
  const users = inputs.pf === undefined ? [] : ofPf.filter((vf) => held[vf] !== undefined);
  const texts = users.map((vf) => `${held[vf]} holds ${vf}`);
  const warnings =
    texts.length === 0
      ? []
      : [
          `${listed(texts, "and")} on ${hostName}, and not from network "${inputs.name}": a VM that gets it from there does not start. List the other VFs in \`vfs\`, or detach it`,
        ];
  return { failures, warnings };
}

/** The VFs that the PF has now. */
export const vfsNow = ({ pf }: Pick<HostFacts, "pf">): PfVf[] | undefined =>
  pf?.found === "pf"
    ? pf.pf.vfs.flatMap(({ pciAddress, netdev }) =>
        pciAddress === "" ? [] : [{ pciAddress, ...(netdev === undefined ? {} : { netdev }) }],
      )
    : undefined;
