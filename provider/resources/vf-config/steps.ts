// One step of a plan: the data, the line of it that the applier understands, and what a person would type.
import { isNetdevsim } from "../../base/pci-address.js";
import { type BootStep, describeBoot } from "./boot.js";
import type { VfFacts } from "../../host/sysfs/pf.js";

/** VLAN, priority and protocol: the kernel sets them together. */
export type Tag = Pick<VfFacts, "vlan" | "qos" | "vlanProto">;
export type VfPlace = { netdev: string; vf: number };

export type Step =
  | { do: "set-drivers-autoprobe"; pf: string; from: boolean | undefined; to: boolean }
  | { do: "set-mtu"; netdev: string; from: number | undefined; to: number }
  | { do: "set-pf-up"; netdev: string }
  | { do: "set-pf-down"; netdev: string }
  /** `unbind`: the VFs lose their drivers meanwhile, and get them back. */
  | { do: "set-eswitch-mode"; pf: string; from: string | undefined; to: string; unbind: boolean }
  | { do: "set-num-vfs"; pf: string; from: number; to: number }
  /** At boot, where something else makes the VFs. */
  | { do: "wait-for-vfs"; pf: string; count: number }
  | ({ do: "set-vf-mac"; from: string | undefined; to: string } & VfPlace)
  | ({ do: "set-vf-vlan"; from: Tag | undefined; to: Tag } & VfPlace)
  | ({ do: "set-vf-spoofchk"; from: boolean | undefined; to: boolean } & VfPlace)
  | ({ do: "set-vf-trust"; from: boolean | undefined; to: boolean } & VfPlace)
  | ({ do: "set-vf-link-state"; from: string | undefined; to: string } & VfPlace)
  | ({ do: "set-vf-query-rss"; from: boolean | undefined; to: boolean } & VfPlace)
  | ({ do: "set-vf-max-tx-rate"; from: number | undefined; to: number } & VfPlace)
  | ({ do: "set-vf-min-tx-rate"; from: number | undefined; to: number } & VfPlace)
  | BootStep;

/** The applier's lines for what of the steps is the applier's. */
export function planLines(pf: string, steps: readonly Step[], options: { allowDisruption?: boolean } = {}): string[] {
  const lines = steps.map(lineOf).filter((line) => line !== undefined);
  return [`pf ${pf}`, ...(options.allowDisruption ? ["allow-disruption"] : []), ...lines];
}

/** One line of a plan file, or undefined for a step that is done without the applier. */
export function lineOf(step: Step): string | undefined {
  switch (step.do) {
    case "set-drivers-autoprobe":
      return `drivers-autoprobe ${onOff(step.to)}`;
    case "set-mtu":
      return `mtu ${step.to}`;
    case "set-pf-up":
      return "pf-up";
    case "set-pf-down":
      return "pf-down";
    case "set-eswitch-mode":
      return `eswitch-mode ${step.to}${step.unbind ? " unbind" : ""}`;
    case "set-num-vfs":
      return `num-vfs ${step.to}`;
    case "wait-for-vfs":
      return `wait-vfs ${step.count}`;
    case "set-vf-mac":
      return `vf ${step.vf} mac ${step.to}`;
    case "set-vf-vlan":
      return `vf ${step.vf} ${tagText(step.to)}`;
    case "set-vf-spoofchk":
      return `vf ${step.vf} spoofchk ${onOff(step.to)}`;
    case "set-vf-trust":
      return `vf ${step.vf} trust ${onOff(step.to)}`;
    case "set-vf-link-state":
      return `vf ${step.vf} link-state ${step.to}`;
    case "set-vf-query-rss":
      return `vf ${step.vf} query-rss ${onOff(step.to)}`;
    case "set-vf-max-tx-rate":
      return `vf ${step.vf} max-tx-rate ${step.to}`;
    case "set-vf-min-tx-rate":
      return `vf ${step.vf} min-tx-rate ${step.to}`;
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
    case "set-drivers-autoprobe":
      return `echo ${Number(step.to)} > ${deviceFolder(step.pf)}/sriov_drivers_autoprobe${was(onOff(step.from))}`;
    case "set-mtu":
      return `ip link set ${step.netdev} mtu ${step.to}${was(step.from)}`;
    case "set-pf-up":
      return `ip link set ${step.netdev} up`;
    case "set-pf-down":
      return `ip link set ${step.netdev} down`;
    case "set-eswitch-mode": {
      const device = isNetdevsim(step.pf) ? `netdevsim/${step.pf}` : `pci/${step.pf}`;
      const unbind = step.unbind ? ", with the VFs' drivers unbound meanwhile" : "";
      return `devlink dev eswitch set ${device} mode ${step.to}${was(step.from)}${unbind}`;
    }
    case "set-num-vfs": {
      const file = `${deviceFolder(step.pf)}/sriov_numvfs`;
      const zero = step.from > 0 && step.to > 0 ? `echo 0 > ${file}; ` : "";
      return `${zero}echo ${step.to} > ${file}   # was ${step.from}`;
    }
    case "wait-for-vfs":
      return `wait until something else has made ${step.count} VFs of ${step.pf}`;
    case "set-vf-mac":
      return `${setVf(step)} mac ${step.to}${was(step.from)}`;
    case "set-vf-vlan":
      return `${setVf(step)} ${tagText(step.to)}${was(step.from && tagShown(step.from))}`;
    case "set-vf-spoofchk": {
      const again = step.from === step.to ? "   # again: the driver turns it on when the PF is set up" : undefined;
      return `${setVf(step)} spoofchk ${onOff(step.to)}${again ?? was(onOff(step.from))}`;
    }
    case "set-vf-trust":
      return `${setVf(step)} trust ${onOff(step.to)}${was(onOff(step.from))}`;
    case "set-vf-link-state":
      return `${setVf(step)} state ${step.to}${was(step.from)}`;
    case "set-vf-query-rss":
      return `${setVf(step)} query_rss ${onOff(step.to)}${was(onOff(step.from))}`;
    case "set-vf-max-tx-rate":
      return `${setVf(step)} max_tx_rate ${step.to}${was(step.from)}`;
    case "set-vf-min-tx-rate":
      return `${setVf(step)} min_tx_rate ${step.to}${was(step.from)}`;
    case "install-boot-plan":
    case "install-boot-file":
    case "remove-boot-plan":
    case "remove-boot-file":
      return describeBoot(step);
  }
}

const deviceFolder = (pf: string): string => `/sys/bus/${isNetdevsim(pf) ? "netdevsim" : "pci"}/devices/${pf}`;
const setVf = (step: VfPlace): string => `ip link set ${step.netdev} vf ${step.vf}`;

/** 802.1Q is what the kernel takes where nothing is said. */
const tagText = ({ vlan, qos, vlanProto }: Tag): string =>
  `vlan ${vlan} qos ${qos}${vlanProto === "802.1Q" ? "" : ` proto ${vlanProto}`}`;
const tagShown = (tag: Tag): string =>
  tag.vlan === 0 ? "none" : `${tag.vlan}, qos ${tag.qos}${tag.vlanProto === "802.1Q" ? "" : `, ${tag.vlanProto}`}`;

const was = (from: string | number | undefined): string => (from === undefined ? "" : `   # was ${from}`);

function onOff(value: boolean): string;
function onOff(value: boolean | undefined): string | undefined;
function onOff(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : value ? "on" : "off";
}
