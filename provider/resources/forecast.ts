// What the doctor already knows of an attach or a start that has not happened yet: said at preview, while it costs nothing.
import type { HostInventory } from "../findings/inventory.js";
import { examine } from "../findings/registry.js";
import type { Finding } from "../findings/finding.js";
import { examineHost } from "./examine-host.js";
import type { Session } from "./session.js";

/** Those that fail every start with a VF on the host, or that of a VM, a PF. The rest has checks of its own. */
const wholeHost = [
  "iommu-firmware-off",
  "iommu-off",
  "interrupt-remapping-off",
  "vfio-modules",
  "selinux-denied",
  "dynamic-ownership-off",
  "cgroup-device-acl",
  "libvirt-known-bug",
];

export type Asked = {
  domain: string;
  network?: string;
  vf?: string;
  /** Something brings PFs up before the interface is made. */
  pfsComeUp?: boolean;
};

/** Pure: the findings that the interface, once it is in the VM's definition, will fail by. */
export function foresee(inventory: HostInventory, { domain, network, vf, pfsComeUp }: Asked): Finding[] {
  const { libvirt, pfs } = inventory;
  if (!libvirt.answers) return [];
  const pool = libvirt.networks.find(({ name }) => name === network);
  const pf = pfs.find(
    ({ netdev, vfs }) =>
      (netdev !== undefined && netdev === pool?.inactive.pf) || vfs.some(({ pciAddress }) => pciAddress === vf),
  );
  const added = {
    element: "interface" as const,
    type: network === undefined ? "hostdev" : "network",
    managed: true,
    xml: "",
  };
  const domains = libvirt.domains.map((one) =>
    one.name === domain || one.inactive.uuid === domain
      ? {
          ...one,
          inactive: {
            ...one.inactive,
            interfaces: [...one.inactive.interfaces, { ...added, ...(network === undefined ? {} : { network }) }],
          },
        }
      : one,
  );
  const vmName = domains.find((one) => one.name === domain || one.inactive.uuid === domain)?.name ?? domain;
  return examine({ ...inventory, libvirt: { ...libvirt, domains } }).filter(({ id, severity, about = "" }) => {
    if (severity !== "error") return false;
    if (id === "memlock-too-low") return about === `VM ${vmName}`;
    if (id === "pf-down" && pfsComeUp === true) return false;
    if (id === "pf-down" || id === "iommu-group-not-viable") {
      return pf !== undefined && about.split(",")[0] === `PF ${pf.netdev ?? pf.pciAddress}`;
    }
    return wholeHost.includes(id);
  });
}

/** One line for a person. */
export const findingText = ({ id, seen, why, remedy, documentation }: Finding): string =>
  `${id}: ${seen[0] ?? ""}. ${why}\n${remedy} (${documentation})`;

/** What is read for it is shared by all interfaces of a preview, as all reads are. */
export async function forecast(session: Session, asked: Asked, signal: AbortSignal): Promise<string[]> {
  // Whether AppArmor is in the way is found by a check of its own.
  const inventory = await examineHost(session, signal, { withSecurityModels: false });
  return foresee(inventory, asked).map(
    (finding) =>
      `VM "${asked.domain}" will not start with this VF, unless that changes before: ${findingText(finding)}`,
  );
}
