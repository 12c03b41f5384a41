// getHost, the doctor: what keeps a host's VMs from having VFs, and what to do about it.
import { z } from "zod";
import { severities } from "../findings/finding.js";
import { examine } from "../findings/registry.js";
import { versionText } from "../findings/rules/libvirt-too-old.js";
import { examineHost } from "../resources/examine-host.js";
import { hostModel } from "../resources/host-inputs.js";
import type { HostFunction } from "./function.js";

const args = z.strictObject({ host: hostModel }).describe("Which host to ask.");

const finding = z
  .strictObject({
    id: z.string().describe("Which rule found it: `pf-down`. It has a page in `docs/findings/`."),
    severity: z
      .enum(severities)
      .describe(
        "`error`: a VM does not start, or not with its VF. `warning`: it may not, or not after the next boot. `info`: worth to know.",
      ),
    about: z.string().optional().describe("What it is about, where a host can have several: `PF eno49`, `VM web`."),
    seen: z.array(z.string()).describe("The very lines and values it was seen in."),
    why: z.string().describe("What goes wrong because of it."),
    remedy: z.string().describe("What to do."),
    command: z.string().optional().describe("The command on the host that does it, where one command can."),
    hostSetup: z
      .strictObject({
        iommu: z
          .strictObject({ passthrough: z.boolean().describe("`iommu=pt`.") })
          .optional()
          .describe("Kernel arguments for the IOMMU."),
        vfioModules: z.boolean().optional().describe("The VFIO modules, loaded at boot."),
        apparmorVfioRule: z.boolean().optional().describe("AppArmor's rule for VFIO devices."),
        dynamicOwnership: z.boolean().optional().describe("dynamic_ownership in qemu.conf."),
        cgroupDeviceAcl: z.boolean().optional().describe("cgroup_device_acl in qemu.conf."),
      })
      .optional()
      .describe("The inputs of a HostSetup that does it."),
    documentation: z.string().describe("The page about it, from the root of this project."),
  })
  .describe("One finding.");

const result = z
  .strictObject({
    hostId: z.string().describe("The host's machine-id."),
    libvirtVersion: z.string().optional().describe("libvirt's version. Absent when it does not answer."),
    iommuActive: z
      .boolean()
      .optional()
      .describe("Whether the kernel uses an IOMMU. Absent where the URI gives no shell."),
    healthy: z.boolean().describe("Whether no finding is an error."),
    findings: z.array(finding).describe("The findings, the gravest first."),
  })
  .describe(
    "Whether VMs of a host can have VFs, and if not, why: IOMMU, firmware, modules, AppArmor, SELinux, libvirt and its settings, PFs, pools and VMs. Changes nothing. Equivalent to: `dmesg`, `virt-host-validate`, `aa-status`, `virsh net-dumpxml` and a long evening.",
  );

export const getHost = {
  args,
  result,
  async call(context, { host }) {
    const session = await context.connect(host);
    const inventory = await examineHost(session, context.signal);
    const findings = examine(inventory);
    const { libvirt } = inventory;
    return {
      hostId: session.machineId,
      ...(libvirt.answers ? { libvirtVersion: versionText(libvirt.version) } : {}),
      ...(inventory.host ? { iommuActive: inventory.host.iommuGroups > 0 } : {}),
      healthy: findings.every(({ severity }) => severity !== "error"),
      findings,
    };
  },
} satisfies HostFunction<z.infer<typeof args>, z.infer<typeof result>>;
