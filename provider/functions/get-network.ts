// getNetwork: a libvirt network and what it has handed out.
import { z } from "zod";
import { SriovError } from "../base/errors.js";
import { vlanId } from "../libvirt/xml/parts.js";
import { hostModel } from "../resources/host-inputs.js";
import { asWanted } from "../resources/sriov-network/definition.js";
import { staleBecause } from "../resources/sriov-network/plan.js";
import { type ReadNetwork, readNetwork, readPfVfs } from "../resources/sriov-network/read.js";
import type { HostFunction } from "./function.js";

const args = z
  .strictObject({
    host: hostModel,
    network: z.string().min(1).describe("The network, by name or UUID."),
  })
  .describe("Which host to ask, and about which network.");

const allocation = z
  .strictObject({
    pciAddress: z.string().optional().describe("PCI address of the VF. Absent for an allocation of another kind."),
    domain: z.string().describe("Name of the VM that has it."),
    domainUuid: z.string().describe("UUID of that VM."),
    mac: z.string().describe("MAC address of the VM's interface."),
    portgroup: z.string().optional().describe("The portgroup that the interface asked for, or the default one."),
    vlan: z.int().optional().describe("VLAN of the interface, portgroup and network together. Absent for none."),
    portId: z.string().describe("UUID of the allocation (network port)."),
  })
  .describe("One VF that the network has handed out.");

const portgroup = z
  .strictObject({
    name: z.string().describe("Name of the portgroup."),
    default: z.boolean().describe("Whether interfaces that ask for no portgroup get this one."),
    vlan: z.int().optional().describe("VLAN of the portgroup. Absent for none, and for a trunk of several."),
  })
  .describe("A kind of interface that VMs can ask the network for.");

const result = z
  .strictObject({
    hostId: z.string().describe("The host's machine-id."),
    name: z.string().describe("Name of the network."),
    uuid: z.string().describe("UUID of the network."),
    mode: z
      .string()
      .optional()
      .describe(
        "libvirt's forward mode: `hostdev` for a pool of VFs; `nat`, `bridge`, ... Absent for an isolated one.",
      ),
    active: z.boolean().describe("Whether the network is started."),
    persistent: z.boolean().describe("Whether it has a definition that outlives its being stopped."),
    autostart: z.boolean().describe("Whether it is started when the host boots."),
    managed: z
      .boolean()
      .describe("Whether libvirt takes a VF from its host driver when a VM needs it, and gives it back."),
    pf: z.string().optional().describe("The PF whose VFs the pool hands out. Absent for a pool of single VFs."),
    vlan: z.int().optional().describe("VLAN of the network. Absent for none, and for a trunk of several."),
    portgroups: z.array(portgroup).describe("The portgroups of its definition."),
    owner: z
      .string()
      .optional()
      .describe("The SriovNetwork it belongs to, as `project/stack/name`. Absent when somebody else made it."),
    stale: z
      .boolean()
      .describe(
        "Whether the running pool differs from what its start would make now: from its definition, or from the PF's VFs.",
      ),
    vfs: z.array(z.string()).describe("PCI addresses of the VFs that it hands out: those it has listed, or would."),
    allocations: z.array(allocation).describe("The VFs that VMs have, in libvirt's order."),
  })
  .describe(
    "A libvirt network: its settings, its VFs, and which VM has which of them. Equivalent to: `virsh net-info`, `virsh net-dumpxml`, `virsh net-port-list` and `virsh net-port-dumpxml` of each port.",
  );

export const getNetwork = {
  args,
  result,
  async call(context, { host, network: name }) {
    const session = await context.connect(host);
    const client = await session.libvirt();
    const network = await readNetwork(client, name);
    if (!network) {
      const names = (await client.listNetworks()).map((one) => one.name).sort();
      const offer = names.length === 0 ? "it has none" : names.join(", ");
      throw new SriovError("not-found", `network: expected a network of ${session.hostName} (${offer}), got "${name}"`);
    }
    const { pf } = network.inactive;
    const pfVfs = pf === undefined ? undefined : await readPfVfs(session, pf, context.signal);
    return { hostId: session.machineId, ...shown(network, pfVfs) };
  },
} satisfies HostFunction<z.infer<typeof args>, z.infer<typeof result>>;

function shown(
  network: ReadNetwork,
  pfVfs: Awaited<ReturnType<typeof readPfVfs>>,
): Omit<z.infer<typeof result>, "hostId"> {
  const { inactive, live, ports } = network;
  const { mode, pf, mark } = inactive;
  const vlan = vlanId(inactive.vlan);
  const owner = mark?.["name"];
  return {
    name: network.name,
    uuid: network.uuid,
    ...(mode === undefined ? {} : { mode }),
    active: network.isActive,
    persistent: network.isPersistent,
    autostart: network.isPersistent && network.autostart,
    managed: inactive.managed,
    ...(pf === undefined ? {} : { pf }),
    ...(vlan === undefined ? {} : { vlan }),
    portgroups: inactive.portgroups.map(({ name, isDefault = false, vlan: tags }) => {
      const id = vlanId(tags);
      return { name, default: isDefault, ...(id === undefined ? {} : { vlan: id }) };
    }),
    ...(owner === undefined ? {} : { owner }),
    stale: live !== undefined && staleBecause(asWanted(inactive), live, pfVfs).length > 0,
    vfs: [
      ...(live?.addresses ??
        (inactive.addresses.length > 0 ? inactive.addresses : (pfVfs ?? []).map((vf) => vf.pciAddress))),
    ],
    allocations: ports.map(allocationOf),
  };
}

function allocationOf(port: ReadNetwork["ports"][number]): z.infer<typeof allocation> {
  const vlan = vlanId(port.vlan);
  return {
    ...(port.address === undefined ? {} : { pciAddress: port.address }),
    domain: port.owner.name,
    domainUuid: port.owner.uuid,
    mac: port.mac,
    ...(port.portgroup === undefined ? {} : { portgroup: port.portgroup }),
    ...(vlan === undefined ? {} : { vlan }),
    portId: port.uuid,
  };
}
