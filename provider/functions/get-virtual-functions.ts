// getVirtualFunctions: the VFs of a host, and who has each.
import { z } from "zod";
import { SriovError } from "../base/errors.js";
import { hostModel } from "../resources/host-inputs.js";
import type { HostFunction } from "./function.js";
import { readInventory } from "./inventory.js";
import { type VfUse, vfUses } from "./vf-use.js";

const args = z
  .strictObject({
    host: hostModel,
    pf: z
      .string()
      .min(1)
      .optional()
      .describe("Only the VFs of this PF: its netdev, another name of that (altname), or its PCI address. Unset: all."),
  })
  .describe("Which host to ask, and about which PF.");

const virtualFunction = z
  .strictObject({
    pciAddress: z.string().describe("PCI address of the VF, such as `0000:01:10.0`."),
    index: z.int().describe("Which VF of its PF, from 0."),
    pfPciAddress: z.string().describe("PCI address of its PF."),
    pfName: z.string().optional().describe("The PF's netdev. Absent where the PF has none."),
    iommuGroup: z.int().optional().describe("IOMMU group; it can change over a reboot. Absent while the IOMMU is off."),
    driver: z
      .string()
      .optional()
      .describe("The driver that is bound: `igbvf`, or `vfio-pci` while a VM has the VF. Absent when none is."),
    netdev: z.string().optional().describe("The VF's netdev on the host. Absent without a host driver."),
    mac: z.string().optional().describe("MAC address, as the PF shows it."),
    vlan: z.int().describe("VLAN that the PF tags the VF's traffic with; 0 is none."),
    network: z.string().optional().describe("The libvirt network (pool) that hands the VF out. Absent for none."),
    use: z
      .enum(["free", "vm", "host", "process"])
      .describe(
        'Who has the VF: "free" for nobody; "vm": a running VM; "host": its netdev is part of a bridge, a bond or the like; "process": a program that is no VM has its VFIO device open.',
      ),
    usedBy: z
      .string()
      .optional()
      .describe("The VM's name, the netdevs on top of the VF's, or the process. Absent while the VF is free."),
  })
  .describe("One VF.");

const result = z
  .strictObject({
    hostId: z.string().describe("The host's machine-id."),
    virtualFunctions: z.array(virtualFunction).describe("The VFs, by PF and index."),
  })
  .describe(
    "The virtual functions (VFs) of a host: of which PF each is, its IOMMU group, driver and netdev, the pool that hands it out, and the VM that has it. Takes the place of `ls -l /sys/class/net/PF/device/virtfn*`, `ip link show`, `virsh net-port-list` and `virsh dumpxml` of every VM.",
  );

type VirtualFunction = z.infer<typeof virtualFunction>;

export const getVirtualFunctions = {
  args,
  result,
  async call(context, { host, pf }) {
    const session = await context.connect(host);
    const inventory = await readInventory(session, context);
    const isAsked = (one: VfUse["pf"]) =>
      pf === undefined || one.netdev === pf || one.pciAddress === pf.toLowerCase() || one.altnames.includes(pf);
    if (!inventory.pfs.some((one) => isAsked(one.pf))) {
      const names = inventory.pfs.map((one) => one.pf.netdev ?? one.pf.pciAddress).join(", ");
      if (pf !== undefined) {
        throw new SriovError(
          "not-found",
          `pf: expected a PF of ${session.hostName} (${names || "it has none"}), got "${pf}"`,
        );
      }
    }
    const uses = vfUses(inventory).filter((use) => isAsked(use.pf));
    return { hostId: session.machineId, virtualFunctions: uses.map(shown) };
  },
} satisfies HostFunction<z.infer<typeof args>, z.infer<typeof result>>;

function shown({ pf, vf, pool, user }: VfUse): VirtualFunction {
  const { pciAddress, index, iommuGroup, driver, netdev, mac, vlan } = vf;
  const usedBy = userText(user);
  return {
    pciAddress,
    index,
    pfPciAddress: pf.pciAddress,
    ...(pf.netdev === undefined ? {} : { pfName: pf.netdev }),
    ...(iommuGroup === undefined ? {} : { iommuGroup }),
    ...(driver === undefined ? {} : { driver }),
    ...(netdev === undefined ? {} : { netdev }),
    ...(mac === undefined ? {} : { mac }),
    vlan,
    ...(pool ? { network: pool.name } : {}),
    use: user.use,
    ...(usedBy === undefined ? {} : { usedBy }),
  };
}

export function userText(user: VfUse["user"]): string | undefined {
  switch (user.use) {
    case "vm":
      return user.domain;
    case "process":
      return user.process;
    case "host":
      return user.uppers.join(" ");
    case "free":
      return undefined;
  }
}
