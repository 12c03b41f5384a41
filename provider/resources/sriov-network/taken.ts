// Two networks that would hand out the same VFs: libvirt starts both, and the second VM that asks for a VF does not start. Pure.
import { isPciAddress, parsePciAddress } from "../../base/pci-address.js";
import { type Failure, isUnknown } from "../lifecycle.js";
import { listed } from "../model-failures.js";
import type { DeclaredNetwork } from "../program.js";
import type { SriovNetworkInputs } from "./model.js";
import type { NetworkNow } from "./plan.js";

/** What a network takes its VFs from; unknown parts are left out. */
export type Source = { mode: string; pf?: string; vfs: readonly string[]; netdevs: readonly string[] };

export function sourceOfInputs({ mode, pf, vfs, netdevs }: SriovNetworkInputs): Source {
  const known = (list: unknown): string[] =>
    Array.isArray(list) ? list.filter((item): item is string => typeof item === "string") : [];
  return {
    mode,
    ...(typeof pf === "string" ? { pf } : {}),
    vfs: (isUnknown(vfs) ? [] : known(vfs)).map((vf) => (isPciAddress(vf) ? parsePciAddress(vf) : vf)),
    netdevs: isUnknown(netdevs) ? [] : known(netdevs),
  };
}

type Facts = {
  hostName: string;
  networks: readonly NetworkNow[];
  nameBefore?: string;
  /** The VFs of the wanted PF, where it is a pool of a PF. */
  pfVfs?: readonly { pciAddress: string; netdev?: string }[] | undefined;
};

/** Against the networks that are active on the host. */
export function takenVfs(
  inputs: SriovNetworkInputs,
  { hostName, networks, nameBefore, ...facts }: Facts & { pf?: unknown },
): Failure[] {
  const wanted = withVfs(sourceOfInputs(inputs), facts.pfVfs);
  const isOurs = ({ name, inactive }: NetworkNow) =>
    name === inputs.name || inactive.mark?.["name"] === inputs.owner || name === nameBefore;
  return networks
    .filter((network) => network.isActive && !isOurs(network))
    .flatMap(({ name, inactive, live }) => {
      const { mode = "none", addresses, pf, netdevs } = inactive;
      const other: Source = {
        mode,
        ...(addresses.length === 0 && pf !== undefined ? { pf } : {}),
        vfs: live?.addresses ?? addresses,
        netdevs: live?.netdevs ?? netdevs,
      };
      const what = shared(wanted, other);
      if (what === undefined) return [];
      const reason = `${what} in the active network "${name}" of ${hostName} already: both would hand out the same VFs. Stop that one first (\`virsh net-destroy ${name}\`), or use it.`;
      return [{ property: propertyOf(inputs), reason }];
    });
}

/** Against this program's own networks, which libvirt may not have yet. */
export function takenInProgram(inputs: SriovNetworkInputs, others: readonly DeclaredNetwork[]): Failure[] {
  return others.flatMap(({ name, resource, source, active }) => {
    const what = active && source ? shared(sourceOfInputs(inputs), source) : undefined;
    if (what === undefined) return [];
    const reason = `${what} also in network "${name}" of this program (resource "${resource}"): both would hand out the same VFs`;
    return [{ property: propertyOf(inputs), reason }];
  });
}

const propertyOf = ({ vfs, netdevs }: SriovNetworkInputs): string =>
  vfs !== undefined ? "vfs" : netdevs !== undefined ? "netdevs" : "pf";

const withVfs = (source: Source, pfVfs: Facts["pfVfs"] = []): Source => ({
  ...source,
  vfs: [...source.vfs, ...pfVfs.map(({ pciAddress }) => pciAddress)],
  netdevs: [...source.netdevs, ...pfVfs.flatMap(({ netdev }) => netdev ?? [])],
});

/** `0000:01:10.0 is`; undefined for nothing. Several networks may make macvtaps on one netdev, unless one wants it for itself. */
function shared(wanted: Source, other: Source): string | undefined {
  const isExclusive = [wanted, other].some(({ mode }) => mode === "hostdev" || mode === "passthrough");
  if (!isExclusive) return undefined;
  if (wanted.pf !== undefined && wanted.pf === other.pf) return `PF ${wanted.pf} is`;
  const both = [
    ...wanted.vfs.filter((vf) => other.vfs.includes(vf)),
    ...wanted.netdevs.filter((netdev) => other.netdevs.includes(netdev)),
  ];
  if (both.length === 0) return undefined;
  return `${listed(both, "and")} ${both.length === 1 ? "is" : "are"}`;
}
