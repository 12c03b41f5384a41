// VFIO refuses devices of a host that cannot remap interrupts.
import type { Rule } from "../finding.js";

export const interruptRemappingOff: Rule = {
  id: "interrupt-remapping-off",
  explains: [/failed to (set|setup|add).*(iommu|container).*Operation not permitted/i, /No interrupt remapping/i],
  find({ host }) {
    if (!host || host.iommuGroups === 0 || host.remappedInterrupt !== undefined) return [];
    // ARM and POWER have other interrupt controllers, and no word for it in /proc/interrupts.
    if (host.acpiTables.length === 0 || host.allowsUnsafeInterrupts) return [];
    const words = host.cmdline.split(" ").filter((word) => /^(intremap=|nointremap|nox2apic)/.test(word));
    return [
      {
        severity: "error",
        seen: ["/proc/interrupts has no IR-... interrupt", `/proc/cmdline: ${host.cmdline}`],
        why: 'VFIO gives no device to a VM when a guest could forge interrupts: "No interrupt remapping support" in the kernel\'s log, "Operation not permitted" from QEMU.',
        remedy:
          words.length > 0
            ? `Remove ${words.join(" ")} from the kernel's arguments and reboot.`
            : "Enable interrupt remapping (x2APIC, VT-d) in the BIOS setup. Where the machine has none and its guests are trusted: allow_unsafe_interrupts=1 for vfio_iommu_type1.",
      },
    ];
  },
};
