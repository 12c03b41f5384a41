// getPhysicalFunctions: the PFs of a host.
import { z } from "zod";
import { readAllPfs } from "../host/sysfs/read-pf.js";
import { hostModel } from "../resources/host-inputs.js";
import type { HostFunction } from "./function.js";

const args = z.strictObject({ host: hostModel }).describe("Which host to ask.");

const physicalFunction = z
  .strictObject({
    pciAddress: z.string().describe("PCI address of the PF, such as `0000:01:00.0`."),
    netdev: z.string().optional().describe("The PF's netdev, such as `eno49`. Absent without a driver that makes one."),
    altnames: z.array(z.string()).describe("Other names of the netdev."),
    driver: z.string().optional().describe("The PF's driver, such as `igb`. Absent when none is bound."),
    totalVfs: z.int().describe("How many VFs the PF can have (`sriov_totalvfs`)."),
    numVfs: z.int().describe("How many VFs the PF has (`sriov_numvfs`)."),
    up: z.boolean().describe("Whether the netdev is up. libvirt starts no VM on a VF of a PF that is down."),
    carrier: z.boolean().describe("Whether the netdev has link."),
    boot: z
      .boolean()
      .describe(
        "Whether a VfConfig's unit, udev rule or .link file on the host makes the VFs again at boot; what else may do so is not seen.",
      ),
  })
  .describe("One PF.");

const result = z
  .strictObject({
    hostId: z.string().describe("The host's machine-id."),
    physicalFunctions: z.array(physicalFunction).describe("The PFs, by PCI address."),
  })
  .describe(
    "The physical functions (PFs) of a host: network cards that can have VFs. Equivalent to: `ls -d /sys/bus/pci/devices/*/sriov_totalvfs` and `ip -d link show` of each; one round trip.",
  );

export const getPhysicalFunctions = {
  args,
  result,
  async call(context, { host }) {
    const session = await context.connect(host);
    const pfs = await readAllPfs(session.shell, context.signal);
    return {
      hostId: session.machineId,
      physicalFunctions: pfs.map(({ pf, persistence }) => ({
        pciAddress: pf.pciAddress,
        ...(pf.netdev === undefined ? {} : { netdev: pf.netdev }),
        altnames: pf.altnames,
        ...(pf.driver === undefined ? {} : { driver: pf.driver }),
        totalVfs: pf.totalVfs,
        numVfs: pf.numVfs,
        up: pf.isUp,
        carrier: pf.hasCarrier,
        boot:
          (persistence.planLines !== undefined && persistence.isEnabled) ||
          persistence.rule !== undefined ||
          persistence.link !== undefined,
      })),
    };
  },
} satisfies HostFunction<z.infer<typeof args>, z.infer<typeof result>>;
