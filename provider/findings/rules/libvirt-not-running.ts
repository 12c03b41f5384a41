// Nothing answers on libvirt's sockets.
import type { Rule } from "../finding.js";

export const libvirtNotRunning: Rule = {
  id: "libvirt-not-running",
  explains: [/Failed to connect socket to .*libvirt/i, /cannot open a libvirt socket/],
  find({ host, libvirt }) {
    if (libvirt.answers || libvirt.isDenied) return [];
    const units = host?.services ?? [];
    const there = units.filter(({ loaded }) => loaded);
    if (there.some(({ unit, active }) => unit.endsWith(".socket") && active === "active") && isForbidden(host?.user))
      return [];
    const socket = there.find(({ unit }) => unit.endsWith(".socket")) ?? there[0];
    return [
      {
        severity: "error",
        seen: [
          libvirt.why,
          ...(units.length === 0 ? [] : there.length === 0 ? ["no unit libvirtd or virtqemud"] : there.map(shown)),
        ],
        why: "Pools and VMs are libvirt's: without its daemon there is nobody to ask for them.",
        remedy:
          socket || units.length === 0
            ? "Start libvirt's socket, now and at every boot."
            : "Install libvirt (Debian, Ubuntu: libvirt-daemon-system; RHEL, Fedora: libvirt-daemon-kvm).",
        ...(socket ? { command: `systemctl enable --now ${socket.unit}` } : {}),
      },
    ];
  },
};

const shown = ({ unit, active, enabled }: { unit: string; active: string; enabled: string }): string =>
  `${unit}: ${active}${enabled === "" ? "" : `, ${enabled}`}`;

/** Over SSH a socket that is not there and one that is forbidden look the same: user-not-in-libvirt-group says which. */
export const isForbidden = (user: { uid: number; groups: string[] } | undefined): boolean =>
  user !== undefined && user.uid !== 0 && !user.groups.includes("libvirt");
