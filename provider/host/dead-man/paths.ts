// Where the dead-man timer of a PF keeps what it needs: below /run, so that a reboot, which undoes everything that is not
// installed for the boot, takes it away too.
export const deadManRoot = "/run/pulumi-sriov";
export const deadManDir = (pf: string): string => `${deadManRoot}/dead-man/${pf}`;

/** The transient timer and its service; the token keeps one that is just ending from standing in the way of the next. */
export const deadManUnit = (pf: string, token: string): string => `pulumi-sriov-dead-man-${pf}-${token}`;
