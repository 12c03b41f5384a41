// Where our files are on a host. Nothing else of ours is there, apart from a marked block in AppArmor's local rules.

export const paths = {
  /** The applier: the same script that `pulumi up` runs. */
  applier: "/usr/local/lib/pulumi-sriov/apply-vf-plan",
  /** A plan a PF, `<PCI address>.plan`: text for people and for the applier. */
  plans: "/etc/pulumi-sriov/vf-plans",
  unit: "/etc/systemd/system/pulumi-sriov-vfs@.service",
  /** A lock a PF: whoever writes to its VFs holds it. */
  locks: "/run/lock",
} as const;

export const planOf = (pf: string): string => `${paths.plans}/${pf}.plan`;

/** ":" and "." stand for themselves in the name of an instance (systemd-escape, src/basic/unit-name.c). */
export const unitOf = (pf: string): string => `pulumi-sriov-vfs@${pf}.service`;
