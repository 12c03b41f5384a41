// Where our files are on a host. Nothing else of ours is there, apart from a marked block in AppArmor's local rules.

export const paths = {
  /** The applier: the same script that `pulumi up` runs. */
  applier: "/usr/local/lib/pulumi-sriov/apply-vf-plan",
  /** A plan a PF, `<PCI address>.plan`: text for people and for the applier. */
  plans: "/etc/pulumi-sriov/vf-plans",
  unit: "/etc/systemd/system/pulumi-sriov-vfs@.service",
  /** For VFs that something else makes, which may be as late as NetworkManager. */
  lateUnit: "/etc/systemd/system/pulumi-sriov-vfs-late@.service",
  ratesUnit: "/etc/systemd/system/pulumi-sriov-vf-rates@.service",
  rules: "/etc/udev/rules.d",
  links: "/etc/systemd/network",
  /** A lock a PF: whoever writes to its VFs holds it. */
  locks: "/run/lock",
} as const;

export const planOf = (pf: string): string => `${paths.plans}/${pf}.plan`;

/** ":" and "." stand for themselves in the name of an instance (systemd-escape, src/basic/unit-name.c). */
export const unitOf = (pf: string): string => `pulumi-sriov-vfs@${pf}.service`;
export const lateUnitOf = (pf: string): string => `pulumi-sriov-vfs-late@${pf}.service`;
/** The one of the two that carries out such a plan. */
export const bootUnitOf = (pf: string, lines: readonly string[]): string =>
  lines.some((line) => line.startsWith("wait-vfs ")) ? lateUnitOf(pf) : unitOf(pf);
export const ratesUnitOf = (pf: string): string => `pulumi-sriov-vf-rates@${pf}.service`;

/** Behind 80-net-setup-link.rules, which gives the PF the name that our rule brings up. */
export const ruleOf = (pf: string): string => `${paths.rules}/90-pulumi-sriov-${pf}.rules`;

/**
 * The first .link file that matches counts alone, in the order of the names, and servers name their PFs in files that start
 * with 10: ours has to be before them, and repeats what they say.
 */
export const linkOf = (pf: string): string => `${paths.links}/05-pulumi-sriov-${pf}.link`;
