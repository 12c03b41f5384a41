// The steps from the VM as it is to the interface as it is asked for. Pure: apply.ts carries them out.
import type { PciAddress } from "../../base/pci-address.js";
import { parseMac } from "../../base/mac.js";
import type { DomainInterface, InterfaceWanted, Teaming } from "../../libvirt/xml/interface.js";
import { isVirtualport, vfioDriver, virtualportOf } from "../libvirt-parts.js";
import { isSame } from "../same.js";
import { type Current, type Halves, halvesOf } from "./current.js";
import type { VmSriovInterfaceInputs, VmSriovInterfaceState } from "./model.js";

/** A change of a half of the VM: its definition ("config"), or the running VM ("live"). */
export type Step =
  | { do: "attach"; config: boolean; live: boolean }
  | { do: "update-config"; from: DomainInterface }
  | { do: "detach-config"; from: DomainInterface }
  | { do: "detach-live"; from: DomainInterface }
  | { do: "restart"; because: string };

export type Wanted = Pick<
  VmSriovInterfaceInputs,
  | ("apply" | "network" | "portgroup" | "vf" | "mac" | "vlan" | "virtualport" | "alias" | "driver" | "model")
  | ("bootOrder" | "teaming" | "address" | "restartDomain")
>;

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
    (moving.some((property) => !isSame(old[property], wanted[property])) ||
      (wanted.address !== undefined && old.address !== wanted.address) ||
      // No longer stated: what is live may be the network's VLAN, or still the one that was.
      (wanted.vlan === undefined && (old.vlan ?? 0) !== 0));
  const config = targets.config ? configSteps(wanted, halves) : [];
  const live = targets.live ? liveSteps(wanted, halves, isMoved) : [];
  const steps = joined([...config, ...live]);
  const isPlugged =
    steps.some((step) => step.do === "attach" && step.live) && !steps.some(({ do: it }) => it === "detach-live");
  return isPlugged && current.live?.freeRootPorts === 0 && mayRestart(wanted, current)
    ? withRestart(steps, "it has no free PCIe root port to plug into")
    : steps;
}

/** What of the running VM only a detach and an attach change. */
const moving = ["network", "portgroup", "vf", "virtualport", "driver", "teaming"] as const;

export const mayRestart = (wanted: Wanted, current: Pick<Current, "isPersistent">): boolean =>
  wanted.restartDomain === "ifNeeded" && wanted.apply !== "live" && current.isPersistent;

/** The same by a start of the VM: what is in its definition then is what it runs with. */
export function withRestart(steps: readonly Step[], because: string): Step[] {
  const config = steps.flatMap((step): Step[] => {
    if (step.do === "detach-live" || step.do === "restart") return [];
    if (step.do !== "attach") return [step];
    return step.config ? [{ ...step, live: false }] : [];
  });
  return [...config, { do: "restart", because }];
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
  // It moves no device to another slot of the guest either.
  const isAnother =
    config.mac !== wanted.mac ||
    config.type !== (wanted.network === undefined ? "hostdev" : "network") ||
    (wanted.address !== undefined && config.guestAddress !== wanted.address);
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
    (wanted.vf !== undefined && now.sourceAddress !== wanted.vf) ||
    !isVirtualport(now.virtualport, wanted.virtualport ? virtualportOf(wanted.virtualport) : null) ||
    now.bootOrder !== wanted.bootOrder ||
    !isSame(now.teaming, wanted.teaming) ||
    (wanted.driver !== undefined && (now.driver !== wanted.driver.name || now.driverModel !== wanted.driver.model)) ||
    (wanted.model !== undefined && now.model !== wanted.model) ||
    (wanted.address !== undefined && now.guestAddress !== wanted.address)
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
    virtualport: wanted.virtualport ? virtualportOf(wanted.virtualport) : null,
    alias: wanted.alias,
    bootOrder: wanted.bootOrder ?? null,
    teaming: teamingOf(wanted.teaming),
    ...(wanted.driver === undefined ? {} : { driver: vfioDriver(wanted.driver) }),
    ...(wanted.model === undefined ? {} : { model: wanted.model }),
    ...(wanted.address === undefined ? {} : { guestAddress: wanted.address as PciAddress }),
  };
  return wanted.network === undefined
    ? { ...common, kind: "vf", vf: wanted.vf as PciAddress }
    : { ...common, kind: "pool", network: wanted.network, portgroup: wanted.portgroup ?? null };
}

function teamingOf(teaming: Wanted["teaming"]): Teaming | null {
  if (teaming === undefined) return null;
  return teaming.type === "persistent"
    ? { type: "persistent" }
    : { type: "transient", persistent: teaming.persistent ?? "" };
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
    case "restart":
      return `virsh shutdown ${domain}; virsh start ${domain}   # ${step.because}`;
  }
}

export const wantedAgain = (state: VmSriovInterfaceState): Wanted => ({ ...state, apply: state.declared.apply });
