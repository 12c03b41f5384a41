// getDomainInterfaces: the network interfaces and passed-through PCI devices of VMs.
import { z } from "zod";
import { SriovError } from "../base/errors.js";
import { hostModel } from "../resources/host-inputs.js";
import { readNetworks } from "../resources/sriov-network/read.js";
import { readCurrent, readDomains } from "../resources/vm-sriov-interface/read.js";
import { interfacesOf } from "./domain-interfaces.js";
import type { HostFunction } from "./function.js";

const args = z
  .strictObject({
    host: hostModel,
    domain: z.string().min(1).optional().describe("Only those of this VM, by name or UUID. Unset: of every VM."),
  })
  .describe("Which host to ask, and about which VM.");

const domainInterface = z
  .strictObject({
    domain: z.string().describe("Name of the VM."),
    domainUuid: z.string().describe("UUID of the VM."),
    running: z.boolean().describe("Whether the VM runs."),
    type: z
      .string()
      .describe(
        "libvirt's type in the definition: `network` (a pool, when that is one), `hostdev` (one VF), `direct`, `bridge`; `pci` for a plain `<hostdev>`, which may be a VF too.",
      ),
    mac: z.string().optional().describe("MAC address. Absent for a plain `<hostdev>`."),
    alias: z
      .string()
      .optional()
      .describe("The alias that somebody gave it (`ua-...`). Absent for one that libvirt makes up at every start."),
    network: z.string().optional().describe("The libvirt network that it is from."),
    portgroup: z.string().optional().describe("The portgroup of that network."),
    vfPciAddress: z
      .string()
      .optional()
      .describe("PCI address of the VF or other device that it has now; of the one it asks for while the VM is off."),
    vlan: z.int().optional().describe("VLAN: that of interface, portgroup and network together while the VM runs."),
    config: z.boolean().describe("Whether it is in the VM's definition: in its next start."),
    live: z.boolean().describe("Whether the running VM has it."),
    guestAddress: z.string().optional().describe("PCI address of the interface inside the guest."),
    portId: z
      .string()
      .optional()
      .describe("UUID of the network port: the network's allocation. Absent while the VM is off."),
  })
  .describe("One interface of a VM.");

const result = z
  .strictObject({
    hostId: z.string().describe("The host's machine-id."),
    interfaces: z.array(domainInterface).describe("The interfaces, by VM and in the order of its definition."),
  })
  .describe(
    "The network interfaces and passed-through PCI devices of VMs, in the definition and live, with the VF that each has. Equivalent to: `virsh dumpxml` and `virsh dumpxml --inactive` of each VM, joined with `virsh net-port-list`.",
  );

export const getDomainInterfaces = {
  args,
  result,
  async call(context, { host, domain }) {
    const session = await context.connect(host);
    const client = await session.libvirt();
    const [domains, networks] = await Promise.all([
      domain === undefined ? readDomains(client) : readCurrent(session, domain).then((found) => (found ? [found] : [])),
      readNetworks(client),
    ]);
    if (domain !== undefined && domains.length === 0) {
      const names = (await client.listDomains()).map(({ name }) => name).sort();
      const offer = names.length === 0 ? "it has none" : names.join(", ");
      throw new SriovError("not-found", `domain: expected a VM of ${session.hostName} (${offer}), got "${domain}"`);
    }
    domains.sort((a, b) => (a.domain.name < b.domain.name ? -1 : 1));
    const interfaces = domains.flatMap((current) =>
      interfacesOf(current, networks).map((one) => ({
        domain: current.domain.name,
        domainUuid: current.domain.uuid,
        running: current.isActive,
        ...one,
      })),
    );
    return { hostId: session.machineId, interfaces };
  },
} satisfies HostFunction<z.infer<typeof args>, z.infer<typeof result>>;
