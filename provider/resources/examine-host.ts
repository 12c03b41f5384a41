// Gathers what the doctor's rules decide on: two commands on the host at once, and pipelined questions to libvirt.
import { explain, isSriovError } from "../base/errors.js";
import type { HostInventory, LibvirtFacts } from "../findings/inventory.js";
import { readHostFacts } from "../host/doctor/facts.js";
import { readAllPfs } from "../host/sysfs/read-pf.js";
import { parseCapabilitiesXml } from "../libvirt/xml/capabilities.js";
import type { Session } from "./session.js";
import { readNetworks } from "./sriov-network/read.js";
import { unlessNoShell } from "./unless-no-shell.js";
import { readDomains } from "./vm-sriov-interface/read.js";

export type ExamineOptions = {
  /** Default true. Without, libvirt is not asked for its capabilities, for which it looks at each of its emulators. */
  withSecurityModels?: boolean;
};

/** Rejects when the host cannot be asked; without a shell the Linux side is left out. A libvirt that does not answer is a fact like any other. */
export async function examineHost(
  session: Session,
  signal?: AbortSignal,
  { withSecurityModels = true }: ExamineOptions = {},
): Promise<HostInventory> {
  const [facts, pfs, libvirt] = await Promise.all([
    unlessNoShell(() => readHostFacts(session.shell, signal)),
    unlessNoShell(() => readAllPfs(session.shell, signal)),
    readLibvirt(session, withSecurityModels),
  ]);
  return {
    ...facts,
    pfs: (pfs ?? []).map(({ pf, persistence: { planLines, rule, link }, surroundings: { owners } }) => ({
      ...pf,
      owners,
      hasBootPlan: (planLines ?? rule ?? link) !== undefined,
    })),
    libvirt,
  };
}

async function readLibvirt(session: Session, withSecurityModels: boolean): Promise<LibvirtFacts> {
  try {
    const client = await session.libvirt();
    const [version, capabilities, networks, domains] = await Promise.all([
      client.libVersion(),
      withSecurityModels ? client.capabilities() : undefined,
      readNetworks(client),
      readDomains(client),
    ]);
    return {
      answers: true,
      version,
      securityModels: capabilities === undefined ? [] : parseCapabilitiesXml(capabilities).securityModels,
      networks: networks.sort((a, b) => (a.name < b.name ? -1 : 1)),
      domains: domains
        .map(({ domain, ...rest }) => ({ name: domain.name, ...rest }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    };
  } catch (error) {
    if (!isSriovError(error) || error.kind === "bug") throw error;
    return { answers: false, isDenied: error.kind === "permission-denied", why: explain(error).split("\n")[0] ?? "" };
  }
}
