// Everything that writes sriov_numvfs by hand: rc.local, units, ifupdown, cron, dispatchers, /etc/sysfs.d, and the module
// option max_vfs of Intel's older drivers.
import { pathMatch, writtenNumber } from "./number.js";
import { type ConfigFile, type Owner, type PfIdentity, isOurs } from "./owner.js";

export function scriptOwners(files: readonly ConfigFile[], pf: PfIdentity): Owner[] {
  return files
    .filter((file) => !isOurs(file))
    .flatMap((file) => (isModuleOption(file) ? maxVfs(file, pf) : writes(file, pf)));
}

const isModuleOption = ({ path }: ConfigFile): boolean => path.includes("/modprobe.d/") || path === "/proc/cmdline";

function writes(file: ConfigFile, pf: PfIdentity): Owner[] {
  const kind = kindOf(file);
  if (kind === undefined) return [];
  const owners = file.lines.flatMap((text, index): Owner[] => {
    if (!text.includes("sriov_numvfs") || /^\s*[#;]/.test(text)) return [];
    const match = pathMatch(text, pf);
    const number = writtenNumber(text);
    // Reading it is no writing.
    const isWrite = number !== undefined || />\s*\S*sriov_numvfs|tee\s.*sriov_numvfs/.test(text);
    if (match === "no" || !isWrite) return [];
    return [
      {
        kind,
        file: file.path,
        line: index + 1,
        text: text.trim(),
        ...(number === undefined ? {} : { numVfs: number }),
        sets: "count",
        isSure: match === "yes",
        acts: isSwitchedOff(file) ? "never" : "boot",
      },
    ];
  });
  // `echo 0` and then `echo 7`, as the kernel wants it: what the file ends with is what it makes.
  return owners.slice(-1);
}

function kindOf({ path }: ConfigFile): string | undefined {
  if (/\/rc\.local$/.test(path)) return "rc.local";
  if (/\/etc\/sysfs\.(conf|d\/)/.test(path)) return "sysfsutils";
  if (/\.service(\.d\/[^/]*)?$/.test(path)) return "systemd unit";
  if (path.startsWith("/etc/network/")) return "ifupdown";
  if (/\/cron/.test(path)) return "cron";
  if (/dispatcher/.test(path)) return "network dispatcher script";
  if (path.startsWith("/etc/init.d/")) return "init script";
  if (/^\/usr\/local\/s?bin\//.test(path)) return "script";
  return undefined;
}

/** rc.local runs only when it is executable (rc-local.service); a unit that nothing wants does not start. */
function isSwitchedOff(file: ConfigFile): boolean {
  if (/\/rc\.local$/.test(file.path)) return !file.isExecutable;
  if (file.path.endsWith(".service")) return !file.isEnabled;
  // A script by itself does nothing; what calls it is not known here.
  return /^\/usr\/local\/s?bin\//.test(file.path);
}

/** `options igb max_vfs=7,7`, a number a port; on the kernel's command line `igb.max_vfs=7`. */
function maxVfs(file: ConfigFile, pf: PfIdentity): Owner[] {
  if (pf.driver === undefined) return [];
  const pattern =
    file.path === "/proc/cmdline"
      ? new RegExp(`(?:^|\\s)${pf.driver}\\.max_vfs=([0-9,]+)`)
      : new RegExp(`^\\s*options\\s+${pf.driver}\\s(?:.*\\s)?max_vfs=([0-9,]+)`);
  return file.lines.flatMap((text, index): Owner[] => {
    const numbers = pattern.exec(text)?.[1]?.split(",").map(Number);
    if (!numbers) return [];
    const isOne = new Set(numbers).size === 1;
    return [
      {
        kind: "module option",
        file: file.path,
        line: index + 1,
        text: text.trim(),
        // Which port of which card is whose cannot be told.
        ...(isOne && numbers[0] !== undefined ? { numVfs: numbers[0] } : {}),
        sets: "count",
        isSure: isOne,
        acts: "boot",
      },
    ];
  });
}
