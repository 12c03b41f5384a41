// What keeps a plan from being carried out: a VF that a running VM holds is not destroyed. No driver and not libvirt protects
// it: the kernel takes the NIC out of the VM (seen on igb, Linux 6.12).
import type { PfFacts } from "../../host/sysfs/pf.js";
import type { Holder } from "./current.js";
import type { Step } from "./plan.js";

/** What a refusal says, or undefined when nothing is in the way. */
export function refusal(
  steps: readonly Step[],
  current: { pf: PfFacts; holders: readonly Holder[] },
  at: { hostName: string; allowDisruption: boolean },
): { message: string; remedy: string } | undefined {
  const change = steps.find((step) => step.do === "set-num-vfs");
  if (!change || change.from === 0 || at.allowDisruption || current.holders.length === 0) return undefined;
  const held = current.holders.map(({ who, vfIndex, pciAddress }) => `${who} holds VF ${vfIndex} (${pciAddress})`);
  return {
    message: `Refused to change PF ${named(current.pf)} on ${at.hostName} from ${change.from} VFs to ${change.to}: ${held.join(", ")}.`,
    remedy: `Detach ${held.length === 1 ? "it" : "them"} first, or set allowDisruption.`,
  };
}

/** `eno49 (0000:01:00.0)` */
export const named = (pf: Pick<PfFacts, "netdev" | "pciAddress">): string =>
  pf.netdev === undefined ? pf.pciAddress : `${pf.netdev} (${pf.pciAddress})`;
