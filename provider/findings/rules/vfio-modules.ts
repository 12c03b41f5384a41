// The kernel's driver for devices of VMs is not there, or cannot be loaded any more.
import type { Rule } from "../finding.js";

export const vfioModules: Rule = {
  id: "vfio-modules",
  explains: [/(Failed to load|Unable to load|could not load).*vfio/i, /vfio-pci.*(driver|module).*(not|missing)/i],
  find({ host }) {
    if (!host || host.vfioPci === "loaded") return [];
    if (host.vfioPci === "missing") {
      return [
        {
          severity: "error",
          seen: ["no /sys/bus/pci/drivers/vfio-pci", "`modprobe -n vfio-pci` finds no module that may be loaded"],
          why: "libvirt hands a VF to a VM through the driver vfio-pci.",
          remedy:
            "Install the kernel's modules (Debian: linux-image, Ubuntu: linux-modules-extra, RHEL: kernel-modules), or remove what forbids vfio-pci in /etc/modprobe.d.",
        },
      ];
    }
    if (!host.modulesDisabled) return [];
    return [
      {
        severity: "error",
        seen: ["no /sys/bus/pci/drivers/vfio-pci", "/proc/sys/kernel/modules_disabled: 1"],
        why: "libvirt loads vfio-pci when a VM needs it, and this kernel loads no module any more until the next boot.",
        remedy: "Declare HostSetup { vfioModules: true } (it loads them at boot) and reboot.",
        hostSetup: { vfioModules: true },
      },
    ];
  },
};
