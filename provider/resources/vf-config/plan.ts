// From what is to what should be, as data: check asks the guard about it, apply runs it, the boot plan is made of it.
// Only what differs is in a plan: writing an attribute of a VF resets it under its user on some drivers (i40e, ice).
import type { PfFacts, VfFacts } from "../../host/sysfs/pf.js";
import { type BootStep, type BootWanted, bootSteps, describeBoot } from "./boot.js";
import type { Current, Holder } from "./current.js";
import type { VfConfigArgs, VfInputs } from "./model.js";

/** What a plan is made for: a program's inputs, or what was before them. */
export type Wanted = Pick<VfConfigArgs, "numVfs" | "vfs"> & {
  /** Undefined leaves it alone. */
  pf: "up" | "down" | undefined;
  persistence: BootWanted["persistence"];
};

export const wantedBy = (inputs: Pick<VfConfigArgs, "numVfs" | "vfs" | "pfUp" | "persistence">): Wanted => ({
  ...(inputs.numVfs === undefined ? {} : { numVfs: inputs.numVfs }),
  ...(inputs.vfs === undefined ? {} : { vfs: inputs.vfs }),
  pf: inputs.pfUp ? "up" : undefined,
  persistence: inputs.persistence,
});

type Tag = { vlan: number; qos: number };

export type Step =
  | { do: "set-pf-up"; netdev: string }
  | { do: "set-pf-down"; netdev: string }
  | { do: "set-num-vfs"; pf: string; from: number; to: number }
  | { do: "set-vf-mac"; netdev: string; vf: number; from: string | undefined; to: string }
  | { do: "set-vf-vlan"; netdev: string; vf: number; from: Tag; to: Tag }
  | { do: "set-vf-spoofchk"; netdev: string; vf: number; from: boolean | undefined; to: boolean }
  | { do: "set-vf-trust"; netdev: string; vf: number; from: boolean | undefined; to: boolean }
  | { do: "set-vf-max-tx-rate"; netdev: string; vf: number; from: number; to: number }
  | BootStep;

/** A VF nobody has said anything about yet. Whether it is spoof-checked and trusted is the driver's choice. */
const untouched = { vlan: 0, qos: 0, maxTxRate: 0 };
type VfNow = Partial<VfFacts> & typeof untouched;

const zeroMac = "00:00:00:00:00:00";

/** The steps, in order: PF up (bnxt_en makes no VFs otherwise), the number, attributes by VF, rates (they need link), boot. */
export function plan(wanted: Wanted, current: Current): Step[] {
  const { pf, holders } = current;
  const netdev = pf.netdev ?? pf.pciAddress;
  const steps: Step[] = [];
  if (wanted.pf === "up" && !pf.isUp) steps.push({ do: "set-pf-up", netdev });
  const remade = wanted.numVfs !== undefined && wanted.numVfs !== pf.numVfs;
  if (remade) steps.push({ do: "set-num-vfs", pf: pf.pciAddress, from: pf.numVfs, to: wanted.numVfs ?? 0 });

  const vfs = [...(wanted.vfs ?? [])].sort((a, b) => a.index - b.index);
  const nows = vfs.map((vf): [VfInputs, VfNow, Holder | undefined] => [
    vf,
    (remade ? undefined : pf.vfs.find(({ index }) => index === vf.index)) ?? untouched,
    remade ? undefined : holders.find((holder) => holder.vfIndex === vf.index),
  ]);
  for (const [vf, now, holder] of nows) steps.push(...attributeSteps(netdev, vf, now, holder));
  for (const [vf, now] of nows) {
    if (vf.maxTxRate === undefined || vf.maxTxRate === now.maxTxRate) continue;
    steps.push({ do: "set-vf-max-tx-rate", netdev, vf: vf.index, from: now.maxTxRate, to: vf.maxTxRate });
  }
  if (wanted.pf === "down" && pf.isUp) steps.push({ do: "set-pf-down", netdev });
  steps.push(...bootSteps(wanted, current, () => bootLines(wanted, pf)));
  return steps;
}

function attributeSteps(netdev: string, vf: VfInputs, now: VfNow, holder: Holder | undefined): Step[] {
  const steps: Step[] = [];
  const at = { netdev, vf: vf.index };
  // libvirt sets MAC and VLAN when it gives the VF to a VM, and puts them back afterwards: not ours to fight.
  const isOurs = holder?.ownsMacAndVlan !== true;
  if (isOurs && vf.mac !== undefined && !isMac(vf.mac, now)) {
    steps.push({ do: "set-vf-mac", ...at, from: now.mac, to: vf.mac });
  }
  const tag = tagOf(vf, now);
  if (isOurs && tag && (tag.vlan !== now.vlan || tag.qos !== now.qos)) {
    steps.push({ do: "set-vf-vlan", ...at, from: { vlan: now.vlan, qos: now.qos }, to: tag });
  }
  if (vf.spoofchk !== undefined && vf.spoofchk !== now.spoofchk) {
    steps.push({ do: "set-vf-spoofchk", ...at, from: now.spoofchk, to: vf.spoofchk });
  }
  if (vf.trust !== undefined && vf.trust !== now.trust) {
    steps.push({ do: "set-vf-trust", ...at, from: now.trust, to: vf.trust });
  }
  return steps;
}

/** Several drivers show the VF's own choice where no MAC is set (igb, i40e, ice): it is then its netdev's address. */
export function isMac(declared: string, now: Pick<Partial<VfFacts>, "mac" | "netdevMac">): boolean {
  return declared === now.mac || (declared === zeroMac && now.mac !== undefined && now.mac === now.netdevMac);
}

/** VLAN and priority are one message, and what is left out of it is reset: an undeclared priority is sent as it is. */
function tagOf(vf: VfInputs, now: Tag): Tag | undefined {
  if (vf.vlan === undefined) return undefined;
  return { vlan: vf.vlan, qos: vf.vlan === 0 ? 0 : (vf.qos ?? now.qos) };
}

/** What has to be done after a boot, when the PF is down and has no VFs. */
export function bootLines(wanted: Wanted, pf: Pick<PfFacts, "pciAddress" | "netdev">): string[] {
  const booted: Current = {
    pf: {
      pciAddress: pf.pciAddress,
      ...(pf.netdev === undefined ? {} : { netdev: pf.netdev }),
      altnames: [],
      totalVfs: 0,
      numVfs: 0,
      isUp: false,
      hasCarrier: false,
      vfs: [],
    },
    holders: [],
    persistence: { isEnabled: false },
  };
  return planLines(pf.pciAddress, plan({ ...wanted, persistence: "none" }, booted));
}

/** The applier's lines for what of the steps is the applier's. */
export function planLines(pf: string, steps: readonly Step[], options: { allowDisruption?: boolean } = {}): string[] {
  const lines = steps.map(lineOf).filter((line) => line !== undefined);
  return [`pf ${pf}`, ...(options.allowDisruption ? ["allow-disruption"] : []), ...lines];
}

/** One line of a plan file, or undefined for a step that is done without the applier. */
export function lineOf(step: Step): string | undefined {
  switch (step.do) {
    case "set-pf-up":
      return "pf-up";
    case "set-pf-down":
      return "pf-down";
    case "set-num-vfs":
      return `num-vfs ${step.to}`;
    case "set-vf-mac":
      return `vf ${step.vf} mac ${step.to}`;
    case "set-vf-vlan":
      return `vf ${step.vf} vlan ${step.to.vlan} qos ${step.to.qos}`;
    case "set-vf-spoofchk":
      return `vf ${step.vf} spoofchk ${onOff(step.to)}`;
    case "set-vf-trust":
      return `vf ${step.vf} trust ${onOff(step.to)}`;
    case "set-vf-max-tx-rate":
      return `vf ${step.vf} max-tx-rate ${step.to}`;
    case "install-boot-plan":
    case "install-boot-file":
    case "remove-boot-plan":
    case "remove-boot-file":
      return undefined;
  }
}

/** The step as a person would type it. */
export function describe(step: Step): string {
  switch (step.do) {
    case "set-pf-up":
      return `ip link set ${step.netdev} up`;
    case "set-pf-down":
      return `ip link set ${step.netdev} down`;
    case "set-num-vfs": {
      const file = `/sys/bus/pci/devices/${step.pf}/sriov_numvfs`;
      const zero = step.from > 0 && step.to > 0 ? `echo 0 > ${file}; ` : "";
      return `${zero}echo ${step.to} > ${file}   # was ${step.from}`;
    }
    case "set-vf-mac":
      return `ip link set ${step.netdev} vf ${step.vf} mac ${step.to}${was(step.from)}`;
    case "set-vf-vlan": {
      const from = step.from.vlan === 0 ? "none" : `${step.from.vlan}, qos ${step.from.qos}`;
      return `ip link set ${step.netdev} vf ${step.vf} vlan ${step.to.vlan} qos ${step.to.qos}${was(from)}`;
    }
    case "set-vf-spoofchk":
      return `ip link set ${step.netdev} vf ${step.vf} spoofchk ${onOff(step.to)}${was(onOff(step.from))}`;
    case "set-vf-trust":
      return `ip link set ${step.netdev} vf ${step.vf} trust ${onOff(step.to)}${was(onOff(step.from))}`;
    case "set-vf-max-tx-rate":
      return `ip link set ${step.netdev} vf ${step.vf} max_tx_rate ${step.to}${was(String(step.from))}`;
    case "install-boot-plan":
    case "install-boot-file":
    case "remove-boot-plan":
    case "remove-boot-file":
      return describeBoot(step);
  }
}

const was = (from: string | undefined): string => (from === undefined ? "" : `   # was ${from}`);

function onOff(value: boolean): string;
function onOff(value: boolean | undefined): string | undefined;
function onOff(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : value ? "on" : "off";
}
