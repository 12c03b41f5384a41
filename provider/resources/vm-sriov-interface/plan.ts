// The steps from the VM as it is to the interface as it is asked for. Pure: apply.ts carries them out.
import type { PciAddress } from "../../base/pci-address.js";
import { parseMac } from "../../base/mac.js";
import type { DomainInterface, InterfaceWanted } from "../../libvirt/xml/interface.js";
import { type Current, type Halves, halvesOf } from "./current.js";
import type { VmSriovInterfaceInputs, VmSriovInterfaceState } from "./model.js";

/** A change of a half of the VM: its definition ("config"), or the running VM ("live"). */
export type Step =
  | { do: "attach"; config: boolean; live: boolean }
  | { do: "update-config"; from: DomainInterface }
  | { do: "detach-config"; from: DomainInterface }
  | { do: "detach-live"; from: DomainInterface };

type Wanted = Pick<VmSriovInterfaceInputs, "apply" | "network" | "portgroup" | "vf" | "mac" | "vlan" | "alias">;

/** Which halves of the VM shall have the interface. */
export function targetsOf(apply: Wanted["apply"], current: Pick<Current, "isActive" | "isPersistent">) {
  return {
    config: apply !== "live" && current.isPersistent,
    live: apply !== "config" && current.isActive,
  };
}

/** `old`: what was applied last. Live XML has no network name, so only the old state tells that the pool is another one. */
export function plan(wanted: Wanted, current: Current, old?: Wanted): Step[] {
  const targets = targetsOf(wanted.apply, current);
  const halves = halvesOf(current, wanted.alias);
  const isMoved =
    old !== undefined &&
    ((["network", "portgroup", "vf"] as const).some((property) => old[property] !== wanted[property]) ||
      // No longer stated: what is live may be the network's VLAN, or still the one that was.
      (wanted.vlan === undefined && (old.vlan ?? 0) !== 0));
  const config = targets.config ? configSteps(wanted, halves) : [];
  const live = targets.live ? liveSteps(wanted, halves, isMoved) : [];
  return joined([...config, ...live]);
}

/** Both halves in one call where nothing else comes between: libvirt then does both or none. */
function joined(steps: Step[]): Step[] {
  const attaches = steps.filter((step) => step.do === "attach");
  if (attaches.length < 2) return steps;
  return [...steps.filter((step) => step.do !== "attach"), { do: "attach", config: true, live: true }];
}

function configSteps(wanted: Wanted, { config }: Halves): Step[] {
  if (!config) return [{ do: "attach", config: true, live: false }];
  if (!configDiffers(config, wanted)) return [];
  // update-device finds the device by its MAC address, and does not make another kind of device of it.
  const isAnother = config.mac !== wanted.mac || config.type !== (wanted.network === undefined ? "hostdev" : "network");
  if (isAnother)
    return [
      { do: "detach-config", from: config },
      { do: "attach", config: true, live: false },
    ];
  return [{ do: "update-config", from: config }];
}

function liveSteps(wanted: Wanted, { live }: Halves, isMoved: boolean): Step[] {
  if (!live) return [{ do: "attach", config: false, live: true }];
  if (!isMoved && !liveDiffers(live, wanted)) return [];
  // libvirt refuses every live change of such an interface (VIR_ERR_OPERATION_UNSUPPORTED).
  return [
    { do: "detach-live", from: live },
    { do: "attach", config: false, live: true },
  ];
}

export function configDiffers(now: DomainInterface, wanted: Wanted): boolean {
  return (
    now.mac !== wanted.mac ||
    vlanOf(now) !== (wanted.vlan ?? 0) ||
    now.network !== wanted.network ||
    now.portgroup !== wanted.portgroup ||
    (wanted.vf !== undefined && now.sourceAddress !== wanted.vf)
  );
}

/** Live, the VLAN is that of interface, portgroup and network together: only one that the program states can differ. */
export function liveDiffers(now: DomainInterface, wanted: Wanted): boolean {
  return (
    now.mac !== wanted.mac ||
    (wanted.vlan !== undefined && vlanOf(now) !== wanted.vlan) ||
    (wanted.vf !== undefined && now.sourceAddress !== wanted.vf)
  );
}

/** 0 is no VLAN. */
export const vlanOf = ({ vlan }: DomainInterface): number => vlan?.tags[0]?.id ?? 0;

/** The element's content; what is undefined in an update stays as it is. */
export function interfaceWanted(wanted: Wanted): InterfaceWanted {
  const common = {
    mac: parseMac(wanted.mac),
    vlan: wanted.vlan === undefined || wanted.vlan === 0 ? null : { tags: [{ id: wanted.vlan }] },
    alias: wanted.alias,
  };
  return wanted.network === undefined
    ? { ...common, kind: "vf", vf: wanted.vf as PciAddress }
    : { ...common, kind: "pool", network: wanted.network, portgroup: wanted.portgroup ?? null };
}

/** For people and for the debug log. */
export function describe(step: Step, domain: string): string {
  switch (step.do) {
    case "attach":
      return `virsh attach-device ${domain} interface.xml${step.config ? " --config" : ""}${step.live ? " --live" : ""}`;
    case "update-config":
      return `virsh update-device ${domain} interface.xml --config`;
    case "detach-config":
      return `virsh detach-device ${domain} interface.xml --config`;
    case "detach-live":
      return `virsh detach-device ${domain} interface.xml --live   # and wait for the guest`;
  }
}

export const wantedAgain = (state: VmSriovInterfaceState): Wanted => ({ ...state, apply: state.declared.apply });
