// Somebody replaced the list of devices that every VM may open, and left out what it needs.
import type { Rule } from "../finding.js";
import { missingFromAcl, settingOf } from "../../base/qemu-conf.js";

export const cgroupDeviceAcl: Rule = {
  id: "cgroup-device-acl",
  explains: [/\/dev\/(vfio\/\S*|kvm|null|ptmx|u?random|full|zero)\b.*Operation not permitted/],
  find({ host }) {
    const setting = settingOf(host?.qemuConf ?? [], "cgroup_device_acl");
    const missing = setting ? missingFromAcl(setting.value) : [];
    if (!setting || missing.length === 0) return [];
    return [
      {
        severity: "error",
        seen: [`/etc/libvirt/qemu.conf:${setting.line}: ${setting.text}`, `not in it: ${missing.join(" ")}`],
        why: "The list replaces libvirt's own: a VM cannot open what it leaves out (\"Operation not permitted\"). libvirt adds a VM's own devices to it, and nothing else.",
        remedy:
          "Declare HostSetup { cgroupDeviceAcl: true }: it adds what is missing and restarts libvirt's daemon, which leaves running VMs alone.",
        hostSetup: { cgroupDeviceAcl: true },
      },
    ];
  },
};
