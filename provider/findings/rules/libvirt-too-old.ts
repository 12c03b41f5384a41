// A libvirt without what this package needs of it.
import type { Rule } from "../finding.js";

/** Network ports, which say who has which VF of a pool. */
const oldest = 5_005_000;

export const libvirtTooOld: Rule = {
  id: "libvirt-too-old",
  explains: [/unknown procedure: \d+/],
  find({ libvirt }) {
    if (!libvirt.answers || libvirt.version >= oldest) return [];
    return [
      {
        severity: "error",
        seen: [`libvirt ${versionText(libvirt.version)}`],
        why: "Before 5.5.0 libvirt does not tell which VM has which VF of a pool, so nothing can be changed without risk.",
        remedy: "Upgrade libvirt on the host to 5.5.0 or newer.",
      },
    ];
  },
};

export const versionText = (version: number): string =>
  [Math.floor(version / 1e6), Math.floor(version / 1e3) % 1000, version % 1000].join(".");
