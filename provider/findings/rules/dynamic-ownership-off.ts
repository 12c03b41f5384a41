// libvirt may not give QEMU's user the VF's device file.
import type { Rule } from "../finding.js";
import { settingOf } from "../../base/qemu-conf.js";

export const dynamicOwnershipOff: Rule = {
  id: "dynamic-ownership-off",
  explains: [/\/dev\/vfio\/\S*: Permission denied/],
  find({ host }) {
    const setting = settingOf(host?.qemuConf ?? [], "dynamic_ownership");
    if (!setting || !/^0\b/.test(setting.value)) return [];
    const user = settingOf(host?.qemuConf ?? [], "user")?.value.replaceAll('"', "");
    // Root's QEMU opens whatever it likes.
    if (user === "root" || user === "+0" || user === "0") return [];
    return [
      {
        severity: "error",
        seen: [
          `/etc/libvirt/qemu.conf:${setting.line}: ${setting.text}`,
          ...(host?.vfioNodes ?? []).map(({ path, owner, mode }) => `${path} belongs to ${owner}, mode ${mode}`),
        ],
        why: 'libvirt leaves the owner of /dev/vfio/N as it is (root), and QEMU does not run as root: "failed to open /dev/vfio/N: Permission denied", with no line in the kernel\'s log.',
        remedy:
          "Declare HostSetup { dynamicOwnership: true }: it sets dynamic_ownership = 1 and restarts libvirt's daemon, which leaves running VMs alone.",
        command:
          "sed -i 's/^[[:space:]]*dynamic_ownership[[:space:]]*=.*/dynamic_ownership = 1/' /etc/libvirt/qemu.conf && systemctl try-restart libvirtd.service virtqemud.service",
        hostSetup: { dynamicOwnership: true },
      },
    ];
  },
};
