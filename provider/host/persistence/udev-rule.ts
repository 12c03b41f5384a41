// The udev rule that makes a PF's VFs: udev writes the number when the PF's netdev comes, at boot and when the driver is
// loaded again. For what is one sysfs attribute of the PF; whatever is said of single VFs needs the boot unit.
import { ruleOf } from "./paths.js";

/** What a rule can bring about. Unset is left alone. */
export type RuleWants = { numVfs?: number; driversAutoprobe?: boolean; mtu?: number; pfUp: boolean };

/**
 * A representor (switchdev) has the PF's device as its own, so it would be brought up as if it were the PF. It is told by its
 * port name. It is skipped by a match, not by `!=`: udev takes that for false where the attribute cannot be read, as on igb
 * (udev 252: with it no VFs were made; lab).
 */
export function udevRule(pf: string, wants: RuleWants): string {
  const keys = [
    ...(wants.driversAutoprobe === undefined
      ? []
      : [`ATTR{device/sriov_drivers_autoprobe}="${wants.driversAutoprobe ? 1 : 0}"`]),
    ...(wants.mtu === undefined ? [] : [`ATTR{mtu}="${wants.mtu}"`]),
    // No VFs is how a PF boots. A rule that writes 0 would take them from VMs whenever somebody triggers it.
    ...(wants.numVfs === undefined || wants.numVfs === 0 ? [] : [`ATTR{device/sriov_numvfs}="${wants.numVfs}"`]),
    ...(wants.pfUp ? [`RUN+="/sbin/ip link set dev $name up"`] : []),
  ];
  return `# Written by pulumi-sriov for a VfConfig: what udev does to PF ${pf} when it comes, at boot.
# \`pulumi up\` overwrites what is edited here. To undo by hand: rm ${ruleOf(pf)}
ACTION!="add", GOTO="pulumi_sriov_end"
SUBSYSTEM!="net", GOTO="pulumi_sriov_end"
# A representor of switchdev mode is not the PF.
ATTR{phys_port_name}=="*pf[0-9]*", GOTO="pulumi_sriov_end"
${keys.map((key) => `KERNELS=="${pf}", ${key}\n`).join("")}LABEL="pulumi_sriov_end"
`;
}

/** The other way round: what a rule of ours brings about. */
export function wantsOfRule(text: string): RuleWants {
  const value = (attribute: string): number | undefined => {
    const found = new RegExp(`ATTR\\{${attribute}\\}="(\\d+)"`).exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const numVfs = value("device/sriov_numvfs");
  const driversAutoprobe = value("device/sriov_drivers_autoprobe");
  const mtu = value("mtu");
  return {
    ...(numVfs === undefined ? {} : { numVfs }),
    ...(driversAutoprobe === undefined ? {} : { driversAutoprobe: driversAutoprobe === 1 }),
    ...(mtu === undefined ? {} : { mtu }),
    pfUp: text.includes('RUN+="/sbin/ip link set'),
  };
}
