// PCI addresses: `0000:01:10.0`, lower case, always with the PCI domain. The split form is for libvirt's XML only.
import { SriovError } from "./errors.js";

declare const brand: unique symbol;
/** A PCI address in its one spelling, `dddd:bb:ss.f`. */
export type PciAddress = string & { readonly [brand]: "PciAddress" };

export type PciAddressParts = { pciDomain: number; bus: number; slot: number; function: number };

const pattern = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/i;

/** Accepts `0000:01:10.0` and the short `01:10.0`, in either case. */
export const isPciAddress = (text: string): boolean => pattern.test(text);

/** Throws `invalid-input` for text that is no PCI address. */
export function parsePciAddress(text: string): PciAddress {
  const match = pattern.exec(text);
  if (!match) {
    throw new SriovError("invalid-input", `expected a PCI address such as "0000:01:10.0", got "${text}"`);
  }
  return `${match[1] ?? "0000"}:${match[2]}:${match[3]}.${match[4]}`.toLowerCase() as PciAddress;
}

export function splitPciAddress(address: PciAddress): PciAddressParts {
  const match = pattern.exec(address);
  if (!match) throw new SriovError("bug", `not a PCI address: ${String(address)}`);
  const hex = (text: string | undefined) => parseInt(text ?? "0", 16);
  return { pciDomain: hex(match[1]), bus: hex(match[2]), slot: hex(match[3]), function: hex(match[4]) };
}

export function joinPciAddress(parts: PciAddressParts): PciAddress {
  const hex = (value: number, width: number) => value.toString(16).padStart(width, "0");
  return parsePciAddress(
    `${hex(parts.pciDomain, 4)}:${hex(parts.bus, 2)}:${hex(parts.slot, 2)}.${parts.function.toString(16)}`,
  );
}

/** The kernel's simulated card is on no PCI bus: its devices go by their names, `netdevsim7`. */
export type NetdevsimName = `netdevsim${number}`;
export const isNetdevsim = (text: string): text is NetdevsimName => /^netdevsim\d+$/.test(text);
