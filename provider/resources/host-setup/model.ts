// What a program may say about a host as a whole, and what the resource shows.
import { z } from "zod";
import { hostWithShell } from "../host-inputs.js";

export const hostSetupModel = z
  .strictObject({
    host: hostWithShell,
    iommu: z
      .strictObject({
        vendor: z
          .enum(["auto", "intel", "amd"])
          .default("auto")
          .describe("Whose IOMMU it is. `auto` takes what the firmware's ACPI tables say, else the CPU."),
        passthrough: z
          .boolean()
          .default(true)
          .describe("Whether the host's own devices go untranslated (`iommu=pt`), so that they lose no speed."),
      })
      .optional()
      .describe(
        "The kernel's arguments that turn the IOMMU on: `intel_iommu=on` (Intel; AMD's needs none) and `iommu=pt`. They go where the host's boot loader takes them from: a drop-in of ours in /etc/default/grub.d with `update-grub`, `grubby`, or /etc/kernel/cmdline with `kernel-install`; other arguments stay, and nothing is said twice. They count from the next boot: see `rebootRequired`. Unset leaves them alone; left out later, ours are taken back.",
      ),
    vfioModules: z
      .boolean()
      .optional()
      .describe(
        "Whether the modules vfio, vfio_iommu_type1 and vfio_pci are loaded now and at every boot (/etc/modules-load.d/pulumi-sriov.conf). False removes that file. libvirt loads them by itself where it may. Unset leaves it alone; left out later, it is taken back.",
      ),
    dynamicOwnership: z
      .boolean()
      .optional()
      .describe(
        "Whether libvirt may give QEMU's user the files of its VM's devices (`dynamic_ownership` in qemu.conf, on by default). True replaces a line that turns it off by a marked block, and restarts libvirt's daemon, which leaves running VMs alone; false takes that block back. Unset leaves it alone; left out later, it is taken back.",
      ),
    cgroupDeviceAcl: z
      .boolean()
      .optional()
      .describe(
        "Whether a `cgroup_device_acl` in qemu.conf has what every QEMU needs (/dev/null, /dev/kvm, ...). True adds what is missing in a marked block and restarts libvirt's daemon, which leaves running VMs alone; false takes that block back. Unset leaves it alone; left out later, it is taken back.",
      ),
    apparmorVfioRule: z
      .boolean()
      .optional()
      .describe(
        "Whether AppArmor lets VMs open VFIO devices, which a VM needs to start with a VF from a libvirt pool: the line `/dev/vfio/[0-9]* rw,` in the local rules for libvirt's QEMU. True adds it as a marked block; false removes that block, and only that. On a host without AppArmor there is nothing to do. Unset leaves it alone; left out later, it is taken back.",
      ),
  })
  .describe("What a KVM host needs before VMs can use VFs.");

export const hostSetupOutputs = z.strictObject({
  hostId: z.string().describe("The host's machine-id: its identity, whatever URI leads to it."),
  apparmor: z
    .enum(["enabled", "disabled", "absent"])
    .describe(
      'Whether AppArmor is at work on the host: "enabled"; "disabled": its rules for libvirt are there, but not enforced; "absent".',
    ),
  iommuActive: z.boolean().describe("Whether the kernel uses an IOMMU now: without one no VM has a VF."),
  kernelArguments: z.string().describe("The arguments that we have added to those of the next boot; empty for none."),
  rebootRequired: z
    .boolean()
    .describe("Whether the host has to boot before what was set up counts. Never done for you."),
  rebootReason: z.string().describe("What the reboot is for; empty when none is required."),
  apparmorRuleFile: z.string().describe("The file in which our AppArmor rule is; empty when there is none of ours."),
});

export type HostSetupArgs = z.infer<typeof hostSetupModel>;
/** `hostId` is filled in by `check` when the host can be reached. */
export type HostSetupInputs = HostSetupArgs & { hostId?: string };
/** `apparmorVfioRule` is as the host is now. */
export type HostSetupState = HostSetupArgs & z.infer<typeof hostSetupOutputs>;
