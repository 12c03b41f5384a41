// The kernel uses no IOMMU although the firmware offers one.
import type { Rule } from "../finding.js";

export const iommuOff: Rule = {
  id: "iommu-off",
  explains: [
    /doesn't support (passthrough of host PCI devices|VFIO PCI passthrough)/,
    /no IOMMU|IOMMU is not (enabled|present)/i,
  ],
  find({ host }) {
    if (!host || host.iommuGroups > 0 || host.acpiTables.length === 0) return [];
    const vendor = host.acpiTables.includes("IVRS") ? "amd" : "intel";
    const off = host.cmdline.split(" ").filter((word) => /^((intel|amd)_iommu|iommu)=.*\boff\b/.test(word));
    const isAmdOff = off.includes("amd_iommu=off");
    return [
      {
        severity: "error",
        seen: [
          "/sys/kernel/iommu_groups is empty",
          `/proc/cmdline: ${host.cmdline}`,
          `the firmware's ACPI table ${host.acpiTables.join(", ")} is there`,
        ],
        why: 'Without an IOMMU no device can be given to a VM: libvirt says "host doesn\'t support passthrough of host PCI devices".',
        // The kernel knows no word that takes amd_iommu=off back.
        remedy: isAmdOff
          ? "Remove amd_iommu=off from the kernel's arguments and reboot."
          : `Declare HostSetup { iommu: {} } (it adds ${vendor === "amd" ? "iommu=pt" : "intel_iommu=on iommu=pt"} to the kernel's arguments) and reboot.`,
        ...(isAmdOff ? {} : { hostSetup: { iommu: { passthrough: true } } }),
      },
    ];
  },
};
