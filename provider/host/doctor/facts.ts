// What of a host's kernel, firmware, modules and libvirt set-up decides whether VMs can have VFs: one script, one round trip.
import { type AppArmorFacts, appArmorScript, parseAppArmor } from "../apparmor/facts.js";
import { parseFields, present, readByScript } from "../script.js";
import type { Shell } from "../shell.js";
import { doctorScript } from "./script.js";

export type ServiceFacts = { unit: string; loaded: boolean; active: string; enabled: string };
export type GroupMember = { group: number; pciAddress: string; driver?: string; pciClass: string };
export type NicFacts = {
  pciAddress: string;
  driver?: string;
  /** `8086:1521` */
  id: string;
  netdev?: string;
  /** Of its SR-IOV capability; absent when the kernel shows none. */
  totalVfs?: number;
  isVf: boolean;
  mac?: string;
};
export type NumberedLine = { line: number; text: string };

export type HostFacts = {
  cpuVendor: string;
  /** The running kernel's command line. */
  cmdline: string;
  iommuGroups: number;
  /** `dmar0`, `ivhd0`: IOMMUs that the kernel uses. */
  iommuUnits: string[];
  /** ACPI's tables of IOMMUs: DMAR (Intel), IVRS (AMD). The firmware leaves them out when VT-d or AMD-Vi is off. */
  acpiTables: string[];
  /** A word of /proc/interrupts such as `IR-PCI-MSI`; absent when no interrupt is remapped. */
  remappedInterrupt?: string;
  allowsUnsafeInterrupts: boolean;
  vfioPci: "loaded" | "loadable" | "missing";
  modulesDisabled: boolean;
  /** Of groups with more than one member. */
  groupMembers: GroupMember[];
  nics: NicFacts[];
  /** /etc/libvirt/qemu.conf without comments; absent when it cannot be read. */
  qemuConf?: NumberedLine[];
  services: ServiceFacts[];
  user: { name: string; uid: number; groups: string[] };
  selinux: "enforcing" | "permissive" | "absent";
  /** Lines of this boot's kernel log, or of the audit log, about VFIO. */
  denials: string[];
  /** What QEMU said about VFIO at the last start of each VM. */
  qemuErrors: { domain: string; text: string }[];
  vfioNodes: { path: string; owner: string; mode: string }[];
};

const partMark = "== apparmor ==";

/** `dmesg`, `/sys/kernel/iommu_groups`, `/proc/cmdline`, `qemu.conf`, `systemctl show`, AppArmor's rules: in one round trip. */
export async function readHostFacts(
  shell: Shell,
  signal?: AbortSignal,
): Promise<{ host: HostFacts; apparmor: AppArmorFacts }> {
  const script = `${doctorScript}\necho '${partMark}'\n${appArmorScript}`;
  const output = await readByScript(shell, "examine the host", script, signal);
  const [host = "", apparmor = ""] = output.split(`${partMark}\n`);
  return {
    host: parseHostFacts(host),
    apparmor: parseAppArmor(apparmor),
  };
}

export function parseHostFacts(output: string): HostFacts {
  const records = parseFields(output);
  const all = (key: string) => records.filter(([name]) => name === key).map(([, ...fields]) => fields);
  const one = (key: string) => present(all(key)[0]?.join("\t"));
  const [name = "", uid = "", groups = ""] = all("user")[0] ?? [];
  const remapped = one("remapped");
  return {
    cpuVendor: one("cpu") ?? "",
    cmdline: one("cmdline") ?? "",
    iommuGroups: Number(one("iommu-groups") ?? 0),
    iommuUnits: all("iommu-unit").flat(),
    acpiTables: all("acpi").flat(),
    ...(remapped === undefined ? {} : { remappedInterrupt: remapped }),
    allowsUnsafeInterrupts: one("unsafe-interrupts") === "Y",
    vfioPci: (one("vfio-pci") ?? "missing") as HostFacts["vfioPci"],
    modulesDisabled: one("modules-disabled") === "1",
    groupMembers: all("member").map(([group, pciAddress = "", driver, pciClass = ""]) => ({
      group: Number(group),
      pciAddress,
      ...optional("driver", present(driver)),
      pciClass,
    })),
    nics: all("nic").map(([pciAddress = "", driver, id = "", netdev, total, physfn, mac]) => ({
      pciAddress,
      ...optional("driver", present(driver)),
      id,
      ...optional("netdev", present(netdev)),
      ...(present(total) === undefined ? {} : { totalVfs: Number(total) }),
      isVf: present(physfn) !== undefined,
      ...optional("mac", present(mac)),
    })),
    ...(records.some(([key]) => key === "qemu-conf") ? { qemuConf: all("qemu-conf-line").map(numbered) } : {}),
    services: services(all("unit")),
    user: { name, uid: Number(uid), groups: groups.split(" ").filter((group) => group !== "") },
    selinux: one("selinux") === "1" ? "enforcing" : one("selinux") === "0" ? "permissive" : "absent",
    denials: all("denial").map((fields) => fields.join("\t")),
    qemuErrors: all("qemu-error").map(([domain = "", ...text]) => ({ domain, text: text.join("\t") })),
    vfioNodes: all("vfio-node").map(([path = "", owner = "", mode = ""]) => ({ path, owner, mode })),
  };
}

const numbered = ([line, ...text]: string[]): NumberedLine => ({ line: Number(line), text: text.join("\t") });

/** `systemctl show` prints a paragraph a unit. */
function services(lines: string[][]): ServiceFacts[] {
  const found: ServiceFacts[] = [];
  for (const [line = ""] of lines) {
    const [key, value = ""] = line.split(/=(.*)/s);
    const last = found.at(-1);
    if (key === "Id") found.push({ unit: value, loaded: false, active: "", enabled: "" });
    else if (last && key === "LoadState") last.loaded = value === "loaded";
    else if (last && key === "ActiveState") last.active = value;
    else if (last && key === "UnitFileState") last.enabled = value;
  }
  return found;
}

function optional<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });
}
