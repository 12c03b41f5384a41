// What a program may say about a host as a whole, and what the resource shows.
import { z } from "zod";
import { hostWithShell } from "../host-inputs.js";

export const hostSetupModel = z
  .strictObject({
    host: hostWithShell,
    apparmorVfioRule: z
      .boolean()
      .optional()
      .describe(
        "Whether AppArmor lets VMs open VFIO devices, which a VM needs to start with a VF from a libvirt pool: the line `/dev/vfio/[0-9]* rw,` in the local rules for libvirt's QEMU. True adds it as a marked block; false removes that block, and only that. On a host without AppArmor there is nothing to do. Unset leaves it alone.",
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
  apparmorRuleFile: z.string().describe("The file in which our AppArmor rule is; empty when there is none of ours."),
});

export type HostSetupArgs = z.infer<typeof hostSetupModel>;
/** `hostId` is filled in by `check` when the host can be reached. */
export type HostSetupInputs = HostSetupArgs & { hostId?: string };
/** `apparmorVfioRule` is as the host is now. */
export type HostSetupState = HostSetupArgs & z.infer<typeof hostSetupOutputs>;
