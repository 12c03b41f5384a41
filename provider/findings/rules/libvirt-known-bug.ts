// Releases of libvirt in which VFs do not work.
import type { Rule } from "../finding.js";
import { versionText } from "./libvirt-too-old.js";

const bugs = [
  { from: 9_004_000, before: 9_005_000, what: "no VM with a hostdev interface starts", fixed: "9.5.0" },
  {
    from: 12_001_000,
    before: 12_002_000,
    what: "the daemon crashes when an interface of a hostdev network is attached",
    fixed: "12.2.0",
  },
];

export const libvirtKnownBug: Rule = {
  id: "libvirt-known-bug",
  find({ libvirt }) {
    if (!libvirt.answers) return [];
    const { version } = libvirt;
    const bug = bugs.find(({ from, before }) => version >= from && version < before);
    if (!bug) return [];
    return [
      {
        severity: "error",
        seen: [`libvirt ${versionText(version)}`],
        why: `In this release ${bug.what}.`,
        remedy: `Upgrade libvirt on the host to ${bug.fixed} or newer.`,
      },
    ];
  },
};
