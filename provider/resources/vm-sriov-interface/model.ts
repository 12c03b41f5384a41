// What a program may say about one VF in one VM, and what the resource shows. The one source of validation, types and reference.
import { z } from "zod";
import { whyNotUnicastMac } from "../../base/mac.js";
import { hostModel } from "../host-inputs.js";
import { pciAddressModel, vfioDriverModel, virtualportModel } from "../libvirt-parts.js";

const mac = z.string().superRefine((text, context) => {
  const why = whyNotUnicastMac(text);
  if (why !== undefined) context.addIssue({ code: "custom", message: why });
});

// libvirt keeps only aliases that start so (docs/formatdomain.rst, "Device aliases").
const alias = z.string().superRefine((text, context) => {
  if (/^ua-[A-Za-z0-9_-]+$/.test(text)) return;
  const expected = 'expected an alias of letters, digits, "_" and "-" that starts with "ua-"';
  context.addIssue({ code: "custom", message: `${expected}, got "${text}"` });
});

const vf = z.union([
  pciAddressModel,
  z
    .strictObject({
      pf: z.string().min(1).describe("The PF, by netdev name, altname or PCI address."),
      index: z.int().min(0).describe("Which of its VFs: N of `virtfnN` in sysfs, from 0."),
    })
    .describe("A VF by its PF and index."),
]);

const teaming = z
  .strictObject({
    type: z
      .enum(["persistent", "transient"])
      .describe(
        "`transient`: the VF, which goes while the VM migrates. `persistent`: the virtio NIC that stays, from a network of any kind.",
      ),
    persistent: alias
      .optional()
      .describe("The alias of the persistent NIC of the same VM and MAC address. For `transient` only."),
  })
  .describe("One half of a failover pair.");

export const vmSriovInterfaceModel = z
  .strictObject({
    host: hostModel,
    domain: z.string().min(1).describe("The VM, by name or UUID. It has to exist. Another VM replaces the resource."),
    network: z
      .string()
      .min(1)
      .optional()
      .describe("The libvirt network (pool) that the VF is taken from at every start of the VM. Either this or `vf`."),
    portgroup: z
      .string()
      .min(1)
      .optional()
      .describe("Portgroup of the network, for its VLAN. Unset: the network's default portgroup, if it has one."),
    vf: vf
      .optional()
      .describe(
        "The one VF to use: its PCI address, such as `0000:01:10.0`, or `{ pf, index }`. Either this or `network`.",
      ),
    mac: mac
      .optional()
      .describe("MAC address of the interface, also in the guest. Unset: one in 52:54:00 that is made once and stays."),
    vlan: z
      .int()
      .min(1)
      .max(4094)
      .optional()
      .describe(
        "VLAN that the PF tags the interface's traffic with, 1-4094. Unset: that of the portgroup or the network, else none.",
      ),
    virtualport: virtualportModel
      .optional()
      .describe(
        "The switch port's profile, instead of a VLAN. Unset: that of the portgroup or the network, else none.",
      ),
    driver: vfioDriverModel
      .optional()
      .describe("The VFIO driver of `vf`. A VF of a pool has the network's. Unset: libvirt's choice."),
    model: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/)
      .optional()
      .describe(
        'The NIC that the guest sees where it is an emulated one: in a pool of macvtaps, and with teaming type "persistent". Default there: `virtio`.',
      ),
    bootOrder: z
      .int()
      .min(1)
      .max(65_535)
      .optional()
      .describe(
        "Place among the devices that the VM tries to boot from, from 1. Unset: it does not boot from this one.",
      ),
    teaming: teaming
      .optional()
      .describe(
        "Makes the interface one half of a failover pair, for live migration: see VmFailoverPair. Unset: alone.",
      ),
    address: pciAddressModel
      .optional()
      .describe(
        "PCI address of the interface in the guest, such as `0000:06:00.0`. Unset: libvirt's choice, which stays.",
      ),
    alias: alias
      .optional()
      .describe(
        "libvirt's alias of the interface: how it is found again in the VM. Unset: `ua-sriov-` and the resource's name. Another alias replaces the resource.",
      ),
    apply: z
      .enum(["auto", "config", "live"])
      .default("auto")
      .describe(
        '"auto" (default): in the VM\'s definition and, if it runs, at once. "config": in the definition, so from its next start. "live": in the running VM alone, until it stops.',
      ),
    detachTimeout: z
      .int()
      .min(1)
      .max(3600)
      .default(60)
      .describe("Seconds that a running guest has to let go of the VF, or to shut down for a restart. Default 60."),
    restartDomain: z
      .enum(["never", "ifNeeded"])
      .default("never")
      .describe(
        'Whether a running VM may be shut down and started again. "never" (default). "ifNeeded": when it has no free PCIe root port to plug into, and when its guest does not let go of the VF. It is shut down in order, never cut off.',
      ),
  })
  .describe("One VF in one VM, from a pool or an explicit one.");

/** The stable facts: `check` fills them in as inputs when it reaches the host, so that previews know them. */
const facts = {
  hostId: z.string().describe("The host's machine-id: its identity, whatever URI leads to it."),
  domainUuid: z.string().describe("UUID of the VM."),
};

export const factNames = Object.keys(facts) as (keyof typeof facts)[];

export const vmSriovInterfaceOutputs = z.strictObject({
  ...facts,
  mac: z.string().describe("MAC address of the interface, also in the guest."),
  alias: z.string().describe("libvirt's alias of the interface: how it is found again in the VM."),
  live: z.boolean().describe("Whether the VM ran with the interface when it was last applied."),
  vfPciAddress: z
    .string()
    .optional()
    .describe("The VF, as of the last `pulumi up`: from a pool, the VM may get another one at its next start."),
  guestAddress: z.string().optional().describe("PCI address of the interface inside the guest."),
  portId: z
    .string()
    .optional()
    .describe("UUID of the network port: the pool's allocation, as of the last `pulumi up`."),
  declared: z
    .strictObject({
      apply: z.enum(["auto", "config", "live"]),
      vlan: z.int().optional(),
    })
    .describe("What the program said when it was last applied; where the VM differs from it, that is drift."),
});

export type VmSriovInterfaceArgs = z.infer<typeof vmSriovInterfaceModel>;
type Facts = z.infer<z.ZodObject<typeof facts>>;

/** What `check` makes of a program's arguments. Without facts when the host could not be asked. */
export type VmSriovInterfaceInputs = VmSriovInterfaceArgs & { mac: string; alias: string } & Partial<Facts>;

/** The inputs' names with the values that libvirt shows now. `apply` is "live" or "config" while the other half is missing. */
export type VmSriovInterfaceState = VmSriovInterfaceArgs & { mac: string; alias: string } & z.infer<
    typeof vmSriovInterfaceOutputs
  >;
