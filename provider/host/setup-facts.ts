// What HostSetup looks after on a host, in one round trip: the kernel's arguments now and at the next boot, the modules loaded at
// boot, libvirt's qemu.conf, AppArmor's rules.
import { type AppArmorFacts, appArmorScript, parseAppArmor } from "./apparmor/facts.js";
import { type ArgumentFacts, splitArguments } from "./kernel-arguments/arguments.js";
import { readArguments } from "./kernel-arguments/script.js";
import { confFile } from "./qemu-conf/edit.js";
import { parseFields, present, readByScript, scriptHead } from "./script.js";
import type { Shell } from "./shell.js";
import { modulesFile } from "./vfio/modules.js";

export type SetupFacts = {
  apparmor: AppArmorFacts;
  kernel: ArgumentFacts;
  /** Undefined where there is none. */
  qemuConf: string | undefined;
  /** Our file of modules to load at boot. */
  modules: string | undefined;
};

const mark = "== apparmor ==";

const script = `${scriptHead}
tab=$(printf '\\t')
put() { printf '%s' "$1"; shift; for field; do printf '\\t%s' "\${field:--}"; done; printf '\\n'; }
get() { text=; { read -r text < "$1"; } 2>/dev/null; printf '%s' "$text"; }
show() { # KEY FILE; every line, also one without a line end
  [ -e "$R$2" ] || return 0
  put "$1"
  { cat "$R$2" && echo x; } | sed -e "s/^/$1-line$tab/"
}
put cmdline "$(get "$R/proc/cmdline")"
put cpu "$(sed -n 's/^vendor_id[^:]*: *//p' "$R/proc/cpuinfo" 2>/dev/null | head -n 1)"
for table in DMAR IVRS; do [ -e "$R/sys/firmware/acpi/tables/$table" ] && put acpi "$table"; done
groups=0
for group in "$R"/sys/kernel/iommu_groups/*; do [ -d "$group" ] && groups=$((groups + 1)); done
put iommu-groups "$groups"
${readArguments}
show qemu-conf ${confFile}
show modules ${modulesFile}
echo '${mark}'
${appArmorScript}`;

/** Equivalent to: `cat /proc/cmdline /etc/libvirt/qemu.conf`, `grep linux /boot/grub/grub.cfg`, `grubby --info=DEFAULT` */
export async function readSetupFacts(shell: Shell, signal?: AbortSignal): Promise<SetupFacts> {
  const output = await readByScript(shell, "read how the host is set up", script, signal);
  const [own = "", apparmor = ""] = output.split(`${mark}\n`);
  const records = parseFields(own);
  const all = (key: string) => records.filter(([name]) => name === key).map(([, ...fields]) => fields.join("\t"));
  const one = (key: string) => present(all(key)[0]) ?? "";
  const way = one("way") as NonNullable<ArgumentFacts["way"]> | "";
  return {
    apparmor: parseAppArmor(apparmor),
    kernel: {
      cmdline: one("cmdline"),
      acpiTables: all("acpi"),
      cpuVendor: one("cpu"),
      iommuGroups: Number(one("iommu-groups")),
      ...(way === "" ? {} : { way }),
      next: splitArguments(one("next")),
      ours: splitArguments(one("ours")),
    },
    qemuConf: textOf(records, "qemu-conf"),
    modules: textOf(records, "modules"),
  };
}

/** The last line is an x of the script's: without it a last line end would be lost. */
function textOf(records: string[][], key: string): string | undefined {
  if (!records.some(([name]) => name === key)) return undefined;
  const lines = records.filter(([name]) => name === `${key}-line`).map(([, ...line]) => line.join("\t"));
  return lines.join("\n").replace(/x$/, "");
}
