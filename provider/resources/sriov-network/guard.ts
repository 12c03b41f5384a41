// What keeps a pool from being stopped: libvirt itself never refuses, forgets who holds which VF, and after the next start
// hands out VFs that are in use (seen on libvirt 9.0).
import type { NetworkPort } from "../../libvirt/xml/port.js";
import type { Step } from "./plan.js";

export type Refusal = { message: string; remedy: string };

/** What a refusal says, or undefined when nothing is in the way. */
export function refusal(
  steps: readonly Pick<Step, "do">[],
  network: { name: string; ports: readonly NetworkPort[] } | undefined,
  doing: string,
): Refusal | undefined {
  if (!network || network.ports.length === 0 || !steps.some((step) => step.do === "stop")) return undefined;
  return {
    message: `Refused to ${doing}: ${network.ports.map(holder).join(", ")}.`,
    remedy: `Shut ${vms(network.ports)} down or detach the interface first, then run \`pulumi up\` again.`,
  };
}

/** What the steps do to the running pool. */
export const interruption = (steps: readonly Step[], name: string, hostName: string): string =>
  `${steps.some((step) => step.do === "start") ? "restart" : "stop"} network "${name}" on ${hostName}`;

/** `VM web (52:54:00:00:00:01) holds 0000:01:10.4` */
export function holder({ owner, mac, address, netdev }: NetworkPort): string {
  return `VM ${owner.name || owner.uuid} (${mac}) holds ${address ?? netdev ?? "a VF"}`;
}

const vms = (ports: readonly NetworkPort[]): string =>
  [...new Set(ports.map(({ owner }) => owner.name || owner.uuid))].join(" and ");

/** The steps that may be taken although a VM is in the way of the others: the definition and autostart touch nobody. */
export const harmless = (steps: readonly Step[]): Step[] =>
  steps.filter((step) => step.do === "define" || step.do === "set-autostart");
