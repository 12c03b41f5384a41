// Who holds which VF: running VMs as libvirt knows them, and processes that have a VFIO device open, which needs no libvirt.
import { kindOf } from "../../base/errors.js";
import type { PfFacts, VfFacts } from "../../host/sysfs/pf.js";
import type { LibvirtClient } from "../../libvirt/client.js";
import { attribute, find, parseXml } from "../../libvirt/xml/element.js";
import { type DomainInterface, parseInterfaces } from "../../libvirt/xml/interface.js";
import type { Session } from "../session.js";
import type { Holder } from "./current.js";

/** A host device in the live XML of a domain, by PCI address or (macvtap) by netdev. */
export type DomainDevice = { pciAddress?: string; netdev?: string; isInterface: boolean };

/**
 * Rejects when libvirt is there and does not answer: that is not "no VM". A host without libvirt has the VFIO devices only.
 * libvirt is not asked when nothing about the VFs says that somebody could have one.
 */
export async function readHolders(session: Session, pf: PfFacts): Promise<Holder[]> {
  const suspects = pf.vfs.filter((vf) => vf.driver?.includes("vfio") || vf.uppers.length > 0);
  if (suspects.length === 0) return [];
  const client = await libvirtOf(session);
  const domains = client ? await runningDomains(client) : [];
  return suspects.flatMap((vf) => holderOf(vf, domains) ?? []);
}

type Running = { name: string; devices: DomainDevice[] };

/** Undefined for a host that has no libvirt; one that is there and does not answer rejects. */
export async function libvirtOf(session: Session): Promise<LibvirtClient | undefined> {
  try {
    return await session.libvirt();
  } catch (error) {
    if (kindOf(error) === "not-found") return undefined;
    throw error;
  }
}

async function runningDomains(client: LibvirtClient): Promise<Running[]> {
  const domains = (await client.listDomains()).filter(({ id }) => id !== -1);
  const running = domains.map(async (domain) => {
    try {
      return [{ name: domain.name, devices: devicesOf(await client.domainXml(domain)) }];
    } catch (error) {
      // A transient domain that ended since the list was made.
      if (kindOf(error) === "not-found") return [];
      throw error;
    }
  });
  return (await Promise.all(running)).flat();
}

function holderOf(vf: VfFacts, domains: readonly Running[]): Holder | undefined {
  const at = { vfIndex: vf.index, pciAddress: vf.pciAddress };
  for (const { name, devices } of domains) {
    const device = devices.find(
      ({ pciAddress, netdev }) => pciAddress === vf.pciAddress || (netdev !== undefined && netdev === vf.netdev),
    );
    if (device) return { ...at, who: `running VM "${name}"`, ownsMacAndVlan: device.isInterface };
  }
  const [holder] = vf.vfioHolders;
  if (!holder) return undefined;
  const who = holder.guest === undefined ? `process ${holder.process} (${holder.pid})` : `running VM "${holder.guest}"`;
  // A VM that libvirt was not asked about: the MAC and the VLAN may be libvirt's.
  return { ...at, who, ownsMacAndVlan: holder.guest !== undefined };
}

/** The host devices in a running domain's live XML. Only what is in `<source>`: the other `<address>` is the guest's. */
export const devicesOf = (xml: string): DomainDevice[] => devicesIn(parseInterfaces(parseXml(xml, "domain")));

export function devicesIn(interfaces: readonly DomainInterface[]): DomainDevice[] {
  return interfaces.flatMap(({ element, type, sourceAddress, xml: device }): DomainDevice[] => {
    const isInterface = element === "interface";
    if (sourceAddress !== undefined) return [{ pciAddress: sourceAddress, isInterface }];
    // Macvtap on the VF's netdev.
    const netdev = type === "direct" ? attribute(find(parseXml(device, element), "source"), "dev") : undefined;
    return netdev === undefined ? [] : [{ netdev, isInterface }];
  });
}
