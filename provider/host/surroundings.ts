// What stands around a PF: what our own connection runs over, who uses its VFs as netdevs, what else wants to own them, and
// a dead-man timer that is set. Read in the same round trip as the PF.
import { type DeadManFacts, deadManFunction, parseDeadMan } from "./dead-man/record.js";
import { type ManagementLink, managementLinkFunctions, parseManagementLink } from "./management-link/link.js";
import { findOwners } from "./owners/find.js";
import { ownerFunctions, parseHostFiles } from "./owners/gather.js";
import type { Owner } from "./owners/owner.js";
import { type VfUser, parseVfUsers, vfUsersFunctions } from "./vf-users/users.js";

export type Surroundings = {
  /** Absent on the machine itself, and where the route cannot be told. */
  managementLink?: ManagementLink;
  vfUsers: VfUser[];
  owners: Owner[];
  deadMan: DeadManFacts;
};

/** Defines `surroundings_of_pf`, for the PF that `device` was called for, and `surroundings_of_host`, for all of them. */
export const surroundingsFunctions = `${managementLinkFunctions}${vfUsersFunctions}${ownerFunctions}${deadManFunction}
surroundings_of_pf() { vf_users; nm_profile; dead_man_of_pf; }
surroundings_of_host() { management_link; owner_files; }
`;

type Pf = {
  pciAddress: string;
  netdev?: string;
  altnames: string[];
  driver?: string;
  vfs: { index: number; pciAddress: string; netdev?: string }[];
};

export function parseSurroundings(
  records: readonly string[][],
  pf: Pf,
  link: { mac?: string; permanentMac?: string } = {},
): Surroundings {
  const managementLink = parseManagementLink(records);
  const macs = [link.mac, link.permanentMac].filter((mac) => mac !== undefined);
  return {
    ...(managementLink === undefined ? {} : { managementLink }),
    vfUsers: parseVfUsers(records, pf.vfs),
    owners: findOwners(parseHostFiles(records), { ...pf, macs }),
    deadMan: parseDeadMan(records),
  };
}
