// What a program may say about a PF's VFs, and what the resource shows. The one source of validation, types and reference.
import { z } from "zod";
import { whyNotUnicastMac } from "../../base/mac.js";
import { hostWithShell } from "../host-inputs.js";

const mac = z.string().superRefine((text, context) => {
  const why = whyNotUnicastMac(text);
  if (why !== undefined) context.addIssue({ code: "custom", message: why });
});

export const vlanProtos = ["802.1Q", "802.1ad"] as const;
export const linkStates = ["auto", "enable", "disable"] as const;
export const eswitchModes = ["legacy", "switchdev"] as const;

/** One PF of the host, by what a program can know of it. */
const selector = z.union([
  z.string().min(1),
  z
    .strictObject({
      mac: mac.describe(
        "The PF's permanent MAC address, as on its label, or, when no PF has it for good, the one it has now.",
      ),
    })
    .describe("The PF by its MAC address, which moves with the card from slot to slot."),
]);
export type PfSelector = z.infer<typeof selector>;

export const vfModel = z
  .strictObject({
    index: z.int().min(0).describe("Which VF: N of `ip link set PF vf N` and of `virtfnN` in sysfs, from 0."),
    mac: mac
      .optional()
      .describe(
        'The VF\'s MAC address, set by the PF. "00:00:00:00:00:00" takes it back, and the VF chooses its own. Unset leaves it alone. While a VM holds the VF through a libvirt interface, libvirt owns it.',
      ),
    vlan: z
      .int()
      .min(0)
      .max(4094)
      .optional()
      .describe(
        "VLAN that the PF tags the VF's traffic with, 1-4094; 0 is no VLAN. Unset leaves it alone. While a VM holds the VF through a libvirt interface, libvirt owns it.",
      ),
    qos: z
      .int()
      .min(0)
      .max(7)
      .optional()
      .describe(
        "Priority (802.1p) in the VLAN tag, 0-7. Needs `vlan`. Unset keeps what is there, also when `vlan` changes.",
      ),
    vlanProto: z
      .enum(vlanProtos)
      .optional()
      .describe(
        'Kind of the VLAN tag: "802.1Q", or "802.1ad" for the outer tag of QinQ, which few drivers take. Needs `vlan`. Unset keeps what is there.',
      ),
    spoofchk: z
      .boolean()
      .optional()
      .describe("Whether the PF drops packets whose source MAC or VLAN is not the VF's. Unset leaves it alone."),
    trust: z
      .boolean()
      .optional()
      .describe(
        "Whether the VF may use privileged features, such as promiscuous mode and changing its MAC. Some drivers reset the VF when it changes. Unset leaves it alone.",
      ),
    linkState: z
      .enum(linkStates)
      .optional()
      .describe(
        'The link that the VF sees: "auto" is the PF\'s own, "enable" always up (VFs of one PF reach each other without a cable), "disable" always down. Unset leaves it alone.',
      ),
    maxTxRate: z
      .int()
      .min(0)
      .optional()
      .describe(
        "Limit of what the VF sends, in Mbit/s; 0 is no limit. Most drivers take it only while the PF has link. Unset leaves it alone.",
      ),
    minTxRate: z
      .int()
      .min(0)
      .optional()
      .describe(
        "Share of the PF's link that the VF is sure to get for sending, in Mbit/s; 0 is none. Few drivers take it. Unset leaves it alone.",
      ),
    queryRss: z
      .boolean()
      .optional()
      .describe(
        "Whether the VF may ask for the PF's RSS table and key (`query_rss`). Only ixgbe (82599, X540) takes it. Unset leaves it alone.",
      ),
  })
  .describe("What one VF is and may do.");

export const persistenceChoices = ["systemd-unit", "udev", "systemd-link", "none"] as const;

export const vfConfigModel = z
  .strictObject({
    host: hostWithShell,
    pf: selector.describe(
      "The PF: its netdev (`eno49`), another name of that (altname), its PCI address (`0000:01:00.0`), or `{ mac }`. Exactly one PF of the host has to match. Another PF replaces the resource.",
    ),
    numVfs: z
      .int()
      .min(0)
      .optional()
      .describe(
        "How many VFs the PF has, from 0 to its `totalVfs`. Changing it destroys all VFs of the PF and makes new ones, so it is refused while a running VM holds one. Unset leaves the number alone.",
      ),
    driversAutoprobe: z
      .boolean()
      .optional()
      .describe(
        "Whether the kernel binds a driver to VFs that are made from now on (`sriov_drivers_autoprobe`); false keeps VFs that are for VMs free of host drivers. Unset leaves it alone.",
      ),
    eswitchMode: z
      .enum(eswitchModes)
      .optional()
      .describe(
        'How the card switches between its VFs: "legacy", by MAC and VLAN, or "switchdev", by rules on a representor netdev for each VF. Some drivers change it only while there are no VFs, which are then made anew. Unset leaves it alone.',
      ),
    mtu: z
      .int()
      .min(68)
      .max(65535)
      .optional()
      .describe(
        "MTU of the PF's netdev, in bytes: the upper limit for its VFs. Most drivers lose the link for a moment when it changes. Unset leaves it alone.",
      ),
    pfUp: z
      .boolean()
      .default(true)
      .describe(
        "Whether the PF's netdev is brought up; libvirt starts no VM on a VF of a PF that is down. Default true. False leaves it as it is; it is never brought down.",
      ),
    vfs: z
      .array(vfModel)
      .optional()
      .describe("Attributes of single VFs. A VF that is not listed, and what is unset of one, is left alone."),
    persistence: z
      .enum(persistenceChoices)
      .default("systemd-unit")
      .describe(
        'How the VFs come back after a reboot of the host. "systemd-unit" (default): a unit, ordered before libvirt, that runs what `pulumi up` runs. "udev": a rule that makes the number of VFs and brings the PF up; nothing of single VFs. "systemd-link": a .link file, for systemd 251 or newer; no rates, and the PF stays down. "none": they do not come back. What a choice cannot bring back is refused beside it; docs/boot.md has the table.',
      ),
    externallyManaged: z
      .boolean()
      .default(false)
      .describe(
        "Whether something else (NetworkManager, netplan, a udev rule) makes the VFs: then only attributes are set here, and `numVfs` is checked and never written. Default false.",
      ),
    allowDisruption: z
      .boolean()
      .default(false)
      .describe(
        "Whether VFs that somebody holds may be destroyed (a running VM loses that NIC), and whether the PF that our SSH connection comes in over may lose its link. Default false: refused. When true, a timer on the host puts back what was before, unless the provider comes back and confirms.",
      ),
    confirmTimeout: z
      .int()
      .min(15)
      .max(3600)
      .default(120)
      .describe(
        "With `allowDisruption`: how many seconds the host waits for the provider to come back, before it puts back what was before the change. 15 to 3600, default 120; a connection that is silently lost is noticed after 30 to 40.",
      ),
    onDelete: z
      .enum(["restore", "keep"])
      .default("restore")
      .describe(
        'What becomes of the VFs when the resource is deleted. "restore" (default): the number, the attributes and the settings of the PF that the program stated last are as they were before; what it no longer stated stays as it is. "keep": they stay as they are, until the next reboot. What makes them at boot is removed in both cases.',
      ),
  })
  .describe("The VFs of one PF.");

const virtualFunction = z.strictObject({
  ...vfModel.omit({ index: true }).shape,
  index: z.int().describe("Which VF, from 0."),
  pciAddress: z
    .string()
    .describe("PCI address of the VF, such as `0000:01:10.0`. Empty on netdevsim, whose VFs are no devices."),
  iommuGroup: z
    .int()
    .optional()
    .describe("IOMMU group of the VF; it can change over a reboot. Absent while the IOMMU is off."),
  netdev: z
    .string()
    .optional()
    .describe(
      "The VF's netdev on the host. Absent without a host driver. What it was before, while a VM holds the VF.",
    ),
  driver: z
    .string()
    .optional()
    .describe("The VF's driver on the host, such as `igbvf`. What it was before, while a VM holds the VF."),
});

const priorVf = z.strictObject({
  index: z.int(),
  mac: z.string().optional(),
  vlan: z.int().optional(),
  qos: z.int().optional(),
  vlanProto: z.enum(vlanProtos).optional(),
  spoofchk: z.boolean().optional(),
  trust: z.boolean().optional(),
  linkState: z.enum(linkStates).optional(),
  maxTxRate: z.int().optional(),
  minTxRate: z.int().optional(),
  queryRss: z.boolean().optional(),
});

/** The stable facts: `check` fills them in as inputs when it reaches the host, so that previews know them. */
const facts = {
  hostId: z.string().describe("The host's machine-id: its identity, whatever URI leads to it."),
  pfPciAddress: z
    .string()
    .describe("PCI address of the PF; on netdevsim, which is on no PCI bus, its device's name (`netdevsim7`)."),
  pfName: z.string().describe("The PF's netdev."),
  driver: z.string().describe("The PF's driver, such as `igb`."),
  totalVfs: z.int().describe("How many VFs the PF can have (`sriov_totalvfs`)."),
};

export const factNames = Object.keys(facts) as (keyof typeof facts)[];

export const vfConfigOutputs = z.strictObject({
  ...facts,
  virtualFunctions: z
    .array(virtualFunction)
    .describe("The VFs, by index. Of the attributes, those that the program states."),
  prior: z
    .strictObject({
      numVfs: z.int().describe("How many VFs there were."),
      pfUp: z.boolean().describe("Whether the PF was up."),
      driversAutoprobe: z.boolean().optional().describe("Whether VFs got a driver of the host."),
      eswitchMode: z.string().optional().describe("The eswitch mode."),
      mtu: z.int().optional().describe("The MTU of the PF's netdev."),
      vfs: z.array(priorVf).describe("The attributes of the VFs that were touched."),
      boot: z
        .array(z.strictObject({ persistence: z.enum(["systemd-unit", "udev", "systemd-link"]), text: z.string() }))
        .optional()
        .describe("What of this package's was there to make VFs at boot: left by a VfConfig that nobody deleted."),
    })
    .describe("How the PF was before this resource came: what deleting it restores."),
  declared: z
    .strictObject({
      numVfs: z.int().optional(),
      driversAutoprobe: z.boolean().optional(),
      eswitchMode: z.enum(eswitchModes).optional(),
      mtu: z.int().optional(),
      pfUp: z.boolean(),
      vfs: z.array(vfModel),
      persistence: z.string(),
    })
    .describe("What the program said when it was last applied; where the host differs from it, that is drift."),
});

export type VfInputs = z.infer<typeof vfModel>;
export type VfAttribute = Exclude<keyof VfInputs, "index">;
export const vfAttributes = [
  "mac",
  "vlan",
  "qos",
  "vlanProto",
  "spoofchk",
  "trust",
  "linkState",
  "maxTxRate",
  "minTxRate",
  "queryRss",
] as const satisfies VfAttribute[];

/** What libvirt sets, and puts back, on a VF that it gives to a VM through an `<interface>`. */
export const libvirtOwned: readonly VfAttribute[] = ["mac", "vlan", "qos", "vlanProto"];

/** Settings of the PF itself that may be left alone. */
export const pfSettings = ["driversAutoprobe", "eswitchMode", "mtu"] as const satisfies (keyof VfConfigArgs)[];

export type VfConfigArgs = z.infer<typeof vfConfigModel>;
export type Facts = z.infer<z.ZodObject<typeof facts>>;

/** What `check` makes of a program's arguments. Without facts when the host could not be asked. */
export type VfConfigInputs = VfConfigArgs & Partial<Facts>;

export type Prior = z.infer<typeof vfConfigOutputs>["prior"];
export type VirtualFunction = z.infer<typeof virtualFunction>;

/**
 * The inputs' names with the values that the host shows now, for what the program declares. `persistence` says in words
 * what is wrong with the boot unit when something is.
 */
export type VfConfigState = Omit<VfConfigArgs, "persistence"> & { persistence: string } & z.infer<
    typeof vfConfigOutputs
  >;
