// A card that can have VFs and has no driver to make them.
import type { Rule } from "../finding.js";

export const pfWithoutDriver: Rule = {
  id: "pf-without-driver",
  explains: [/has no network device name/],
  find: ({ pfs }) =>
    pfs.flatMap((pf) => {
      const isForVm = pf.driver === "vfio-pci" || pf.driver === "pci-stub";
      if (pf.driver !== undefined && !isForVm) return [];
      const path = `/sys/bus/pci/devices/${pf.pciAddress}`;
      return [
        {
          severity: "warning" as const,
          about: `PF ${pf.pciAddress}`,
          seen: [
            isForVm ? `${path}/driver is ${pf.driver}` : `${path} has sriov_totalvfs ${pf.totalVfs} and no driver`,
          ],
          why: isForVm
            ? "The PF itself is set aside for a VM, so the host can neither make VFs nor set their MAC addresses and VLANs."
            : "VFs are made, and their MAC addresses and VLANs set, by the PF's driver.",
          remedy: isForVm
            ? "Give the PF back to its driver: remove the VM's device, or the driver_override."
            : "Load the card's driver; the kernel's log says why it did not take the card (firmware, blacklist).",
          command: isForVm
            ? `virsh nodedev-reattach pci_${pf.pciAddress.replace(/[:.]/g, "_")}`
            : `echo ${pf.pciAddress} > /sys/bus/pci/drivers_probe`,
        },
      ];
    }),
};
