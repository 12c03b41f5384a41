// What a program may say about a pool of VFs, and what the resource shows. The one source of validation, types and reference.
import { z } from "zod";
import { hostModel } from "../host-inputs.js";
import { pciAddressModel, vfioDriverModel, virtualportModel } from "../libvirt-parts.js";

const networkName = z.string().superRefine((text, context) => {
  if (/^[^/\s]+$/.test(text)) return;
  context.addIssue({ code: "custom", message: `expected a name without spaces and slashes, got "${text}"` });
});

// As `name` of a Linux network interface: IFNAMSIZ is 16 with the end.
const netdev = z.string().superRefine((text, context) => {
  if (/^[^/\s]{1,15}$/.test(text)) return;
  context.addIssue({ code: "custom", message: `expected the name of a network interface, got "${text}"` });
});

const vlan = z.int().min(0).max(4094);

export const portgroupModel = z
  .strictObject({
    name: z.string().min(1).describe("Name of the portgroup: what a VM's interface asks for."),
    default: z
      .boolean()
      .optional()
      .describe("Whether interfaces that ask for no portgroup get this one. Unset leaves it alone; a new one is not."),
    vlan: vlan
      .optional()
      .describe(
        "VLAN of the VFs of this portgroup, 1-4094; 0 takes it away, and the network's holds. Unset leaves it alone.",
      ),
    virtualport: virtualportModel
      .optional()
      .describe("The switch port's profile for this portgroup, instead of a VLAN. Unset leaves it alone."),
  })
  .describe("A kind of interface that VMs can ask the pool for.");

const metadata = z
  .strictObject({
    uri: z.string().min(1).describe("The namespace, such as `urn:example:rack:1`."),
    xml: z
      .string()
      .describe(
        "The element, in that namespace: `<rack:place xmlns:rack='urn:example:rack:1' row='7'/>`. \"\" takes it away.",
      ),
  })
  .describe("What one tool keeps in the network's metadata.");

export const sriovNetworkModel = z
  .strictObject({
    host: hostModel,
    name: networkName
      .optional()
      .describe(
        "Name of the libvirt network: what VMs ask for. Default: the name of the Pulumi resource. Another name replaces the network.",
      ),
    pf: z
      .string()
      .min(1)
      .optional()
      .describe(
        "The PF whose VFs the pool hands out, by its netdev (`eno49`): use the output `pfName` of a VfConfig. Exactly one of `pf`, `vfs` and `netdevs` is needed.",
      ),
    vfs: z
      .array(pciAddressModel)
      .min(1)
      .optional()
      .describe(
        "The VFs that the pool hands out, by PCI address, in this order; they may be of several PFs. With mode `hostdev` only.",
      ),
    netdevs: z
      .array(netdev)
      .min(1)
      .optional()
      .describe(
        "The network interfaces that the pool hands out macvtaps on: VFs' (`eno49v0`), or a PF's own. Not with mode `hostdev`.",
      ),
    mode: z
      .enum(["hostdev", "passthrough", "bridge", "vepa", "private"])
      .default("hostdev")
      .describe(
        "How a VM gets its VF. `hostdev` (default): the PCI device itself, through VFIO. The others keep the VF's driver on the host and give the VM a macvtap on its netdev: `passthrough` to one VM a VF, `bridge`, `vepa` and `private` to several.",
      ),
    managed: z
      .boolean()
      .default(true)
      .describe(
        "Whether libvirt takes a VF from its driver on the host when a VM needs it, and gives it back afterwards. Default true. False: the VFs have to be bound to vfio-pci already.",
      ),
    vlan: vlan
      .optional()
      .describe(
        "VLAN that the PF tags the traffic of the pool's VFs with, 1-4094; 0 takes it away. A portgroup's or an interface's own VLAN comes first. Unset leaves it alone.",
      ),
    virtualport: virtualportModel
      .optional()
      .describe("The switch port's profile for all VFs of the pool, instead of a VLAN. Unset leaves it alone."),
    driver: vfioDriverModel
      .optional()
      .describe("The VFIO driver of the VFs. With mode `hostdev` only. Unset leaves it alone."),
    portgroups: z
      .array(portgroupModel)
      .optional()
      .describe(
        "The portgroups of the network, all of them: one that is not listed is removed. Unset leaves them alone.",
      ),
    title: z
      .string()
      .optional()
      .describe('A short name for people; "" takes it away. Needs libvirt 9.7. Unset leaves it alone.'),
    description: z
      .string()
      .optional()
      .describe('A text for people; "" takes it away. Needs libvirt 9.7. Unset leaves it alone.'),
    metadata: z
      .array(metadata)
      .optional()
      .describe(
        "Elements of other tools in the network's metadata, one a namespace. Namespaces that are not listed, and our own mark, stay.",
      ),
    autostart: z.boolean().default(true).describe("Whether the network is started when the host boots. Default true."),
    active: z
      .boolean()
      .default(true)
      .describe(
        "Whether the network is started. Default true. A pool is never stopped while a VM holds one of its VFs.",
      ),
  })
  .describe("A libvirt network that hands out VFs to VMs.");

const virtualFunction = z.strictObject({
  pciAddress: z.string().optional().describe("PCI address of the VF, such as `0000:01:10.0`, where it is known."),
  netdev: z.string().optional().describe("The VF's netdev, in a pool of macvtaps."),
  allocatedTo: z
    .strictObject({
      domain: z.string().describe("Name of the VM that holds the VF."),
      mac: z.string().describe("MAC address of the VM's interface."),
    })
    .optional()
    .describe("Who holds the VF. Absent while it is free."),
});

/** What `check` finds out, as inputs, so that previews know it. */
const facts = {
  hostId: z.string().describe("The host's machine-id: its identity, whatever URI leads to it."),
  owner: z
    .string()
    .describe(
      "The Pulumi resource, as `project/stack/name`, written into the network's metadata as the mark that it is ours.",
    ),
  numVfs: z
    .int()
    .optional()
    .describe(
      "How many VFs the PF has. When the number changes, a running pool is out of date and is started again. Absent with `vfs`.",
    ),
};

export const factNames = Object.keys(facts) as (keyof typeof facts)[];

export const sriovNetworkOutputs = z.strictObject({
  ...facts,
  name: z.string().describe("Name of the libvirt network."),
  uuid: z.string().describe("UUID of the libvirt network."),
  connections: z.int().describe("How many of the pool's VFs are handed out."),
  virtualFunctions: z.array(virtualFunction).describe("The VFs of the pool, and who holds them."),
  stale: z
    .boolean()
    .describe(
      "Whether the running pool differs from its definition, or from the VFs that the PF has: its list of VFs is made when it starts.",
    ),
});

export type MetadataInputs = z.infer<typeof metadata>;
export type PortgroupInputs = z.infer<typeof portgroupModel>;
export type SriovNetworkArgs = z.infer<typeof sriovNetworkModel>;
export type Facts = z.infer<z.ZodObject<typeof facts>>;
export type VirtualFunction = z.infer<typeof virtualFunction>;

/** What `check` makes of a program's arguments. Without `hostId` and `numVfs` when the host could not be asked. */
export type SriovNetworkInputs = SriovNetworkArgs & { name: string; owner: string } & Partial<Facts>;

/** The inputs' names with the values that the host shows now, for what the program states; and the outputs. */
export type SriovNetworkState = SriovNetworkArgs & { name: string } & z.infer<typeof sriovNetworkOutputs>;
