// Why QEMU was not allowed to open a VFIO device: from what libvirt said and what the kernel logged. Pure.
import { type AppArmorFacts, ruleLine } from "./facts.js";

/** What tells this failure apart from others: EACCES on a VFIO group (QEMU 5 to 10, libvirt 6 to 12). */
const denied = /\/dev\/vfio\/\S*: Permission denied/;
/** A line of the kernel's log. */
const logged = /apparmor="DENIED".*name="\/dev\/vfio\/[^"]*"/;

export const isVfioDenied = (text: string): boolean => denied.test(text) || logged.test(text);

/**
 * The cause and the remedy for an error text or a line of the kernel's log that is about a VFIO device, or undefined when it
 * is about something else. A log line is proof; without one the host's rules decide.
 */
export function explainVfioDenied(
  text: string,
  facts: Pick<AppArmorFacts, "apparmor" | "hasRule" | "ruleFile">,
): string | undefined {
  if (!isVfioDenied(text)) return undefined;
  const isProven = logged.test(text);
  if (!isProven && (facts.apparmor !== "enabled" || facts.hasRule)) {
    return "AppArmor is not the cause: look at who owns /dev/vfio/*, and at user and dynamic_ownership in /etc/libvirt/qemu.conf.";
  }
  const place = facts.ruleFile === undefined ? "" : ` in ${facts.ruleFile}`;
  return (
    "AppArmor keeps QEMU from the VF: the VM's profile is written before libvirt takes a VF from the pool, so it has no rule for it. " +
    `Declare HostSetup { apparmorVfioRule: true } for this host (it adds \`${ruleLine}\`${place}) and start the VM again.`
  );
}
