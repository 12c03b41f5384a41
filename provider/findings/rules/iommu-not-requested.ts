// The IOMMU is on only because this kernel turns it on by itself.
import type { Rule } from "../finding.js";

export const iommuNotRequested: Rule = {
  id: "iommu-not-requested",
  find({ host }) {
    if (!host || host.iommuGroups === 0 || !host.acpiTables.includes("DMAR")) return [];
    const words = host.cmdline.split(" ");
    if (words.some((word) => /^intel_iommu=(.*,)?on\b/.test(word))) return [];
    return [
      {
        severity: "info",
        seen: [`/proc/cmdline: ${host.cmdline}`, `${host.iommuGroups} IOMMU groups`],
        why: "This kernel turns Intel's IOMMU on by itself; another one, after an upgrade, may not, and then VMs with VFs no longer start.",
        remedy: "Declare HostSetup { iommu: {} }: it asks for the IOMMU on the kernel's command line.",
        hostSetup: { iommu: { passthrough: true } },
      },
    ];
  },
};
