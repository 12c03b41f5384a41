// Every rule of the doctor, in the order of its report: what has to be mended first comes first.
import { type Finding, type Rule, explains, pageOf, severities } from "./finding.js";
import type { HostInventory } from "./inventory.js";
import { iommuFirmwareOff } from "./rules/iommu-firmware-off.js";
import { iommuOff } from "./rules/iommu-off.js";
import { interruptRemappingOff } from "./rules/interrupt-remapping-off.js";
import { iommuNotRequested } from "./rules/iommu-not-requested.js";
import { vfioModules } from "./rules/vfio-modules.js";
import { libvirtNotRunning } from "./rules/libvirt-not-running.js";
import { userNotInLibvirtGroup } from "./rules/user-not-in-libvirt-group.js";
import { libvirtTooOld } from "./rules/libvirt-too-old.js";
import { libvirtKnownBug } from "./rules/libvirt-known-bug.js";
import { apparmorNoVfioRule } from "./rules/apparmor-no-vfio-rule.js";
import { secondOwner } from "./rules/second-owner.js";
import { selinuxDenied } from "./rules/selinux-denied.js";
import { dynamicOwnershipOff } from "./rules/dynamic-ownership-off.js";
import { cgroupDeviceAcl } from "./rules/cgroup-device-acl.js";
import { sriovOffInFirmware } from "./rules/sriov-off-in-firmware.js";
import { pfWithoutDriver } from "./rules/pf-without-driver.js";
import { noVfs } from "./rules/no-vfs.js";
import { pfDown } from "./rules/pf-down.js";
import { iommuGroupNotViable } from "./rules/iommu-group-not-viable.js";
import { noAcs } from "./rules/no-acs.js";
import { poolWithoutPf } from "./rules/pool-without-pf.js";
import { poolInactive } from "./rules/pool-inactive.js";
import { stalePool } from "./rules/stale-pool.js";
import { pfInTwoPools } from "./rules/pf-in-two-pools.js";
import { poolExhausted } from "./rules/pool-exhausted.js";
import { vfHeld } from "./rules/vf-held.js";
import { memlockTooLow } from "./rules/memlock-too-low.js";
import { hostdevBlocksMigration } from "./rules/hostdev-blocks-migration.js";

export const rules: readonly Rule[] = [
  iommuFirmwareOff,
  iommuOff,
  interruptRemappingOff,
  iommuNotRequested,
  vfioModules,
  libvirtNotRunning,
  userNotInLibvirtGroup,
  libvirtTooOld,
  libvirtKnownBug,
  apparmorNoVfioRule,
  selinuxDenied,
  dynamicOwnershipOff,
  cgroupDeviceAcl,
  sriovOffInFirmware,
  pfWithoutDriver,
  noVfs,
  pfDown,
  secondOwner,
  iommuGroupNotViable,
  noAcs,
  poolWithoutPf,
  poolInactive,
  stalePool,
  pfInTwoPools,
  poolExhausted,
  vfHeld,
  memlockTooLow,
  hostdevBlocksMigration,
];

/** All findings, the gravest first. */
export const examine = (inventory: HostInventory): Finding[] =>
  rules
    .flatMap((rule) => findingsOf(rule, inventory))
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));

/** Why something failed with `message`: the findings of the rules that know this text. */
export const explainFailure = (inventory: HostInventory, message: string): Finding[] =>
  rules
    .filter((rule) => explains(rule, message))
    .flatMap((rule) => findingsOf(rule, { ...inventory, failure: message }));

/** Whether a rule knows this text, so that it is worth to examine the host. */
export const isKnownFailure = (message: string): boolean => rules.some((rule) => explains(rule, message));

const findingsOf = (rule: Rule, inventory: HostInventory): Finding[] =>
  rule.find(inventory).map((found) => ({ id: rule.id, ...found, documentation: pageOf(rule.id) }));
