// AppArmor keeps QEMU from a VF that libvirt takes from a pool.
import type { Rule } from "../finding.js";
import { domainsOf, poolsForStart, poolsOf } from "../inventory.js";

export const apparmorNoVfioRule: Rule = {
  id: "apparmor-no-vfio-rule",
  explains: [/\/dev\/(vfio\/\S*|iommu): Permission denied/],
  find(inventory) {
    const { apparmor, host, libvirt } = inventory;
    if (!apparmor || apparmor.apparmor !== "enabled" || apparmor.hasRule || apparmor.ruleFile === undefined) return [];
    if (libvirt.answers && !libvirt.securityModels.includes("apparmor")) return [];
    const pools = poolsOf(inventory);
    const users = domainsOf(inventory).filter((domain) => poolsForStart(domain, pools).length > 0);
    const denied = (host?.denials ?? []).filter((line) => line.includes("apparmor="));
    const failed = (host?.qemuErrors ?? []).filter(({ text }) => /\/dev\/vfio\/\S*: Permission denied/.test(text));
    const matters = denied.length > 0 || users.length > 0;
    return [
      {
        severity: matters ? "error" : "warning",
        ...(users.length === 0 ? {} : { about: users.map(({ name }) => `VM ${name}`).join(", ") }),
        seen: [
          ...denied.slice(-3),
          ...failed.map(({ domain, text }) => `/var/log/libvirt/qemu/${domain}.log: ${text}`),
          `no rule for /dev/vfio/N in ${apparmor.ruleFile}, nor in what libvirt's own rules include`,
        ],
        why: "A VM's AppArmor profile is written before libvirt takes a VF from a pool, so it has no rule for the VF: the VM does not start (\"failed to open /dev/vfio/N: Permission denied\"). A VF plugged into a running VM works, until the VM's next start.",
        remedy: `Declare HostSetup { apparmorVfioRule: true }: it adds \`/dev/vfio/[0-9]* rw,\` to ${apparmor.ruleFile}. Then start the VM again; nothing has to be reloaded.`,
        command: `mkdir -p ${apparmor.ruleFile.replace(/\/[^/]*$/, "")} && echo '/dev/vfio/[0-9]* rw,' >> ${apparmor.ruleFile}`,
        hostSetup: { apparmorVfioRule: true },
      },
    ];
  },
};
