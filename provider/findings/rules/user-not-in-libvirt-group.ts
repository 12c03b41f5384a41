// libvirt is there, and does not talk to this user.
import type { Rule } from "../finding.js";
import { isForbidden } from "./libvirt-not-running.js";

export const userNotInLibvirtGroup: Rule = {
  id: "user-not-in-libvirt-group",
  explains: [/authentication (unavailable|failed).*polkit/i, /authentication unavailable/, /access denied by policy/],
  find({ host, libvirt }) {
    if (libvirt.answers || !isForbidden(host?.user)) return [];
    const { user, services } = host ?? {};
    const hasSocket = (services ?? []).some(({ unit, active }) => unit.endsWith(".socket") && active === "active");
    if (!user || (!libvirt.isDenied && !hasSocket)) return [];
    return [
      {
        severity: "error",
        seen: [libvirt.why, `id: ${user.name} is in ${user.groups.join(" ") || "no group"}`],
        why: "libvirt's system daemon talks to root and, by the distributions' polkit rule, to members of the group libvirt.",
        remedy: `Add ${user.name} to the group libvirt; it counts from the user's next login. Or connect as root, or with ssh.become.`,
        command: `usermod --append --groups libvirt ${user.name}`,
      },
    ];
  },
};
