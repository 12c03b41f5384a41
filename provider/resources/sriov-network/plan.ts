// From the network as it is to the network as the program wants it, as data. Libvirt's inactive XML is what is compared; the
// running pool has a copy of its own, made at its start, that only a stop and a start renew.
import type { PciAddress } from "../../base/pci-address.js";
import type { Network, NetworkWanted } from "../../libvirt/xml/network.js";
import type { NetworkPort } from "../../libvirt/xml/port.js";
import { isSame } from "../same.js";
import {
  asWanted,
  definition,
  driverText,
  listText,
  redefinedBecause,
  runningOtherwise,
  sourceText,
  virtualportText,
  vlanText,
} from "./definition.js";
import type { SriovNetworkInputs } from "./model.js";

/** A network of the host, as far as its own daemon knows it. */
export type NetworkNow = {
  name: string;
  uuid: string;
  isActive: boolean;
  isPersistent: boolean;
  autostart: boolean;
  /** The definition: what its next start will use. */
  inactive: Network;
  live?: Network;
  ports: NetworkPort[];
};

/** A VF as a pool knows it: hostdev by its address, the macvtap modes by its netdev. */
export type PfVf = { pciAddress: PciAddress; netdev?: string };

export type Current = {
  network?: NetworkNow;
  /** The VFs that the wanted PF has now; absent when nobody could tell, and for a pool of single VFs. */
  pfVfs?: readonly PfVf[];
  /** What a network that somebody removed had: made again, it is the same one. */
  uuid?: string;
};

export type Step =
  | { do: "define"; wanted: NetworkWanted; was: string[] }
  | { do: "stop"; name: string; because: string[] }
  | { do: "start"; name: string }
  | { do: "set-autostart"; name: string; to: boolean };

export function plan(inputs: SriovNetworkInputs, current: Current): Step[] {
  const { network } = current;
  const { name } = inputs;
  const steps: Step[] = [];
  const wanted = definition(inputs, network?.inactive, current.uuid ?? network?.uuid);
  const was = network ? redefinedBecause(wanted, network.inactive) : [];
  if (!network || was.length > 0 || !network.isPersistent) steps.push({ do: "define", wanted, was });
  // What the next start would make: also what others have defined, and the running pool does not have yet.
  const because = network?.live
    ? staleBecause({ ...asWanted(network.inactive), ...wanted }, network.live, current.pfVfs)
    : [];
  if (network?.isActive && (!inputs.active || because.length > 0)) {
    steps.push({ do: "stop", name, because: inputs.active ? because : ["it is not to be active"] });
  }
  if (inputs.active && (!network?.isActive || because.length > 0)) steps.push({ do: "start", name });
  const autostart = network?.isPersistent ? network.autostart : false;
  if (autostart !== inputs.autostart) steps.push({ do: "set-autostart", name, to: inputs.autostart });
  return steps;
}

/** In words: how the running pool differs from what a start of `wanted` would make. */
export function staleBecause(wanted: NetworkWanted, live: Network, pfVfs: readonly PfVf[] | undefined): string[] {
  const because: string[] = [];
  const { source } = wanted;
  const isOtherPf = source && "pf" in source && live.pf !== undefined && live.pf !== source.pf;
  const list = live.mode === wanted.mode ? otherVfs(wanted, live, pfVfs) : undefined;
  if (live.mode !== wanted.mode) because.push(`it runs with mode ${live.mode ?? "none"}`);
  else if (list) because.push(`its list of VFs is ${listText(list.has)}, and they are ${listText(list.are)}`);
  else if (isOtherPf) because.push(`it runs on PF ${live.pf}`);
  for (const what of runningOtherwise(wanted, live)) {
    because.push(/managed$/.test(what) ? `it runs ${what}` : `it runs with ${what}`);
  }
  return because;
}

/** The list that the running pool made at its start, where it is no longer that of the VFs. */
function otherVfs(
  { mode, source }: NetworkWanted,
  live: Network,
  pfVfs: readonly PfVf[] | undefined,
): { has: readonly string[]; are: readonly string[] } | undefined {
  if (mode === "hostdev") {
    const are = source && "addresses" in source ? source.addresses : pfVfs?.map(({ pciAddress }) => pciAddress);
    return are && !isSame([...are].sort(), [...live.addresses].sort()) ? { has: live.addresses, are } : undefined;
  }
  if (source && "netdevs" in source) {
    const isOther = !isSame([...source.netdevs].sort(), [...live.netdevs].sort());
    return isOther ? { has: live.netdevs, are: source.netdevs } : undefined;
  }
  // A VF that a VM has as a PCI device shows no netdev meanwhile: its place in the list is not wrong.
  const are = pfVfs?.flatMap(({ netdev }) => netdev ?? []);
  if (!are || !pfVfs) return undefined;
  const extra = live.netdevs.filter((netdev) => !are.includes(netdev));
  const isOther = are.some((netdev) => !live.netdevs.includes(netdev)) || extra.length > pfVfs.length - are.length;
  return isOther ? { has: live.netdevs, are } : undefined;
}

export function describe(step: Step): string {
  switch (step.do) {
    case "define": {
      const { name, mode, managed, source, vlan, virtualport, driver, portgroups } = step.wanted;
      const groups = portgroups?.map((group) => {
        const port = group.virtualport && !group.vlan ? virtualportText(group.virtualport) : vlanText(group.vlan);
        return `portgroup ${group.name} ${port}`;
      });
      const parts = [
        ...(mode === "hostdev" ? [] : [`mode ${mode}`]),
        sourceText(source),
        ...(managed === false ? ["not managed"] : []),
        ...(driver ? [driverText(driver)] : []),
        ...(vlan ? [vlanText(vlan)] : []),
        ...(virtualport ? [virtualportText(virtualport)] : []),
        ...(groups ?? []),
      ];
      const was = step.was.length === 0 ? "" : `; was ${step.was.join(", ")}`;
      return `virsh net-define ${name}.xml   # ${parts.join(", ")}${was}`;
    }
    case "stop":
      return `virsh net-destroy ${step.name}   # ${step.because.join("; ")}`;
    case "start":
      return `virsh net-start ${step.name}`;
    case "set-autostart":
      return `virsh net-autostart ${step.name}${step.to ? "" : " --disable"}`;
  }
}
