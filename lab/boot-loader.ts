// The boot loader of the emulated host. QEMU starts the kernel itself, so what a host's own boot loader would pass to its
// kernel is read from the host's configuration before it goes down: a Boot Loader Specification entry, as systemd-boot reads
// them, or the first entry of GRUB's menu.

/** What a host boots with when its lab is started without saying so. */
export const defaultKernelArguments: readonly string[] = ["intel_iommu=on", "iommu=pt"];

/** What the lab itself needs, whatever the host's boot loader says. */
export function labArguments(machineId: string): string[] {
  return [
    "root=/dev/vda",
    "rw",
    "console=ttyS0",
    // Nothing here is worth protecting from a speculating CPU, and emulated ones pay for it.
    "mitigations=off",
    // A CPU that waits for a timer interrupt that QEMU lost (pinning.ts) never ticks again: "rcu_preempt detected stalls", and no
    // answer. A periodic timer comes again.
    "nohz=off",
    "highres=off",
    // On a busy machine the emulated timer is late for the kernel's test of it at boot, and the kernel panics: "timer doesn't work
    // through Interrupt-remapped IO-APIC".
    "no_timer_check",
    `systemd.machine_id=${machineId}`,
  ];
}

/** The kernel's line of what the host boots next; nothing where the host has no boot loader of its own. */
export const readNextBoot = `
entry=$(ls -t /boot/loader/entries/*.conf 2>/dev/null | head -n 1)
if [ -n "$entry" ]; then sed -n 's/^options[ \\t]*//p' "$entry"
elif [ -e /boot/grub/grub.cfg ]; then sed -n 's/^[ \\t]*linux[ \\t]*[^ ]*[ \\t]*//p' /boot/grub/grub.cfg | head -n 1
fi`;

/** Of that line what is the host's own; undefined when there was none. */
export function nextArguments(line: string, machineId: string): string[] | undefined {
  const words = line.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return undefined;
  const own = labArguments(machineId).map(nameOf);
  return words.filter((word) => !own.includes(nameOf(word)) && word !== "ro");
}

const nameOf = (argument: string): string => argument.split("=", 1)[0] ?? "";
