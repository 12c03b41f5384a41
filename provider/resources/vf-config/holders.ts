// Who holds which VF: running VMs as libvirt knows them, and processes that have a VFIO device open, which needs no libvirt.
import { create } from "xmlbuilder2";
import { kindOf } from "../../base/errors.js";
import { joinPciAddress } from "../../base/pci-address.js";
import type { PfFacts, VfFacts } from "../../host/sysfs/pf.js";
import type { LibvirtClient } from "../../libvirt/client.js";
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

async function libvirtOf(session: Session): Promise<LibvirtClient | undefined> {
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
export function devicesOf(xml: string): DomainDevice[] {
  const found: DomainDevice[] = [];
  create(xml).each(
    (node) => {
      const element = node.node as unknown as XmlElement;
      if (element.nodeName !== "source") return;
      const parent = element.parentNode;
      if (parent?.nodeName !== "interface" && parent?.nodeName !== "hostdev") return;
      const isInterface = parent.nodeName === "interface";
      const address = [...element.childNodes].find(({ nodeName }) => nodeName === "address");
      const pciAddress = address && pciAddressOf(address);
      const netdev = parent.getAttribute("type") === "direct" ? (element.getAttribute("dev") ?? undefined) : undefined;
      if (pciAddress !== undefined) found.push({ pciAddress, isInterface });
      else if (netdev !== undefined) found.push({ netdev, isInterface });
    },
    false,
    true,
  );
  return found;
}

/** As much of the DOM as is needed here; its library types it as an interface without attributes. */
type XmlElement = {
  nodeName: string;
  parentNode: XmlElement | null;
  childNodes: Iterable<XmlElement>;
  getAttribute(name: string): string | null;
};

function pciAddressOf(address: XmlElement): string | undefined {
  const [pciDomain, bus, slot, fn] = ["domain", "bus", "slot", "function"].map((name) => address.getAttribute(name));
  // USB and SCSI addresses have no slot.
  if (!pciDomain || !bus || !slot || !fn) return undefined;
  return joinPciAddress({
    pciDomain: Number(pciDomain),
    bus: Number(bus),
    slot: Number(slot),
    function: Number(fn),
  });
}
