// SELinux kept QEMU from a device.
import type { Rule } from "../finding.js";

export const selinuxDenied: Rule = {
  id: "selinux-denied",
  explains: [/\/dev\/vfio\/\S*: Permission denied/],
  find({ host }) {
    const lines = (host?.denials ?? []).filter((line) => /avc: +denied/.test(line));
    if (!host || host.selinux === "absent" || lines.length === 0) return [];
    return [
      {
        severity: host.selinux === "enforcing" ? "error" : "warning",
        seen: [...lines.slice(-3), `SELinux is ${host.selinux}`],
        why:
          host.selinux === "enforcing"
            ? "QEMU may not use the VF's device file: its label or a boolean does not allow it."
            : "SELinux only reports now; enforcing, it would keep QEMU from the VF.",
        remedy:
          "Label the device files again. Where the denial comes back, `audit2why` names the boolean or the rule that is missing.",
        command: "restorecon -Rv /dev/vfio",
      },
    ];
  },
};
