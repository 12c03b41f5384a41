// What keeps a plan from being carried out: a VF that a running VM holds is not destroyed. No driver and not libvirt protects
// it: the kernel takes the NIC out of the VM (seen on igb, Linux 6.12).
import type { PfFacts } from "../../host/sysfs/pf.js";
import type { Holder } from "./current.js";
import type { Step } from "./steps.js";

/** What a refusal says, or undefined when nothing is in the way. */
export function refusal(
  steps: readonly Step[],
  current: { pf: PfFacts; holders: readonly Holder[] },
  at: { hostName: string; allowDisruption: boolean },
): { message: string; remedy: string } | undefined {
  const changes = steps.filter((step) => step.do === "set-num-vfs" || step.do === "set-eswitch-mode");
  if (at.allowDisruption || current.pf.numVfs === 0 || current.holders.length === 0) return undefined;
  // An eswitch mode costs the VFs themselves, or their drivers and their traffic.
  const mode = changes.find((step) => step.do === "set-eswitch-mode");
  const numbers = changes.filter((step) => step.do === "set-num-vfs");
  if (changes.length === 0) return undefined;
  const [first, last] = [numbers[0], numbers.at(-1)];
  const what =
    mode && first?.from === last?.to
      ? `to eswitch mode ${mode.to}`
      : `from ${current.pf.numVfs} VFs to ${last?.to ?? current.pf.numVfs}`;
  const held = current.holders.map(({ who, vfIndex, pciAddress }) => `${who} holds VF ${vfIndex} (${pciAddress})`);
  return {
    message: `Refused to change PF ${named(current.pf)} on ${at.hostName} ${what}: ${held.join(", ")}.`,
    remedy: `Detach ${held.length === 1 ? "it" : "them"} first, or set allowDisruption.`,
  };
}

/** `eno49 (0000:01:00.0)` */
export const named = (pf: Pick<PfFacts, "netdev" | "pciAddress">): string =>
  pf.netdev === undefined ? pf.pciAddress : `${pf.netdev} (${pf.pciAddress})`;
