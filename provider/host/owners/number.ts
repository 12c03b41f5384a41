// A line of a script, a rule or a table that writes to sriov_numvfs: which PF, and how many VFs.
import { matchesGlob } from "./glob.js";
import { type Match, type PfIdentity, namesOf } from "./owner.js";

/** Whether a sysfs path with `sriov_numvfs` at its end is the PF's. A path with variables is "maybe". */
export function pathMatch(text: string, pf: PfIdentity): Match {
  const path = /(\S*)\/sriov_numvfs/.exec(text)?.[1]?.replace(/^.*["'=>]/, "") ?? "";
  if (path === "" || /[$%`]/.test(path)) return "maybe";
  const words = path.split("/").filter((word) => word !== "" && word !== "device");
  // Globs, as in a loop over /sys/class/net/eno*/device.
  return words.some((word) => [pf.pciAddress, ...namesOf(pf)].some((name) => matchesGlob(word, name))) ? "yes" : "no";
}

/** The last number that is written: `echo 0 > ...; echo 7 > ...` ends with 7. */
export function writtenNumber(text: string): number | undefined {
  const patterns = [
    /(?:echo|printf)\s+(?:-\w+\s+|['"]%\w(?:\\n)?['"]\s+)*['"]?(\d+)(?:\\n)?['"]?\s*(?:>|\|)/g,
    /sriov_numvfs\s*=\s*"?(\d+)/g,
    /<<<\s*['"]?(\d+)/g,
  ];
  const found = patterns.flatMap((pattern) => [...text.matchAll(pattern)]);
  const number = found.sort((a, b) => a.index - b.index).at(-1)?.[1];
  return number === undefined ? undefined : Number(number);
}
