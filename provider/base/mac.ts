// MAC addresses: compared and stored in one spelling, lower case with colons.
import { createHash } from "node:crypto";
import { SriovError } from "./errors.js";

declare const brand: unique symbol;
export type MacAddress = string & { readonly [brand]: "MacAddress" };

const pattern = /^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i;

export const zeroMac = "00:00:00:00:00:00" as MacAddress;

/** What is wrong with `text` as the unicast MAC address of a VF, or undefined when nothing is. */
export function whyNotUnicastMac(text: string): string | undefined {
  if (!pattern.test(text)) return `expected a MAC address such as "52:54:00:12:34:56", got "${text}"`;
  if (parseInt(text.slice(0, 2), 16) & 1) return `expected a unicast MAC address, got the multicast address "${text}"`;
  return undefined;
}

/** Accepts colons or dashes in either case. Throws `invalid-input` for anything else, and for multicast addresses. */
export function parseMac(text: string): MacAddress {
  const why = whyNotUnicastMac(text);
  if (why !== undefined) throw new SriovError("invalid-input", why);
  return text.toLowerCase().replaceAll("-", ":") as MacAddress;
}

/** A MAC address in QEMU's range (52:54:00) that is always the same for one seed. */
export function macFromSeed(seed: string): MacAddress {
  const tail = createHash("sha256").update(seed).digest().subarray(0, 3);
  return `52:54:00:${[...tail].map((byte) => byte.toString(16).padStart(2, "0")).join(":")}` as MacAddress;
}
