// The firmware tells the kernel of no IOMMU.
import type { Rule } from "../finding.js";

export const iommuFirmwareOff: Rule = {
  id: "iommu-firmware-off",
  explains: [/doesn't support (passthrough of host PCI devices|VFIO PCI passthrough)/],
  find({ host }) {
    if (!host || host.iommuGroups > 0 || host.acpiTables.length > 0) return [];
    const name = host.cpuVendor === "AuthenticAMD" ? "AMD-Vi (IOMMU)" : "VT-d";
    return [
      {
        severity: "error",
        seen: [
          "/sys/kernel/iommu_groups is empty",
          "/sys/firmware/acpi/tables has neither DMAR nor IVRS",
          `/proc/cpuinfo: vendor_id ${host.cpuVendor || "(none)"}`,
        ],
        why: "Without an IOMMU no device can be given to a VM, and the kernel can use none that the firmware hides.",
        remedy: `Enable ${name} in the BIOS setup of the machine (in a VM: give it an emulated IOMMU) and boot it again.`,
      },
    ];
  },
};
