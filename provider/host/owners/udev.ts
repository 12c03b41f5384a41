// udev rules that write sriov_numvfs, themselves or by a program they run. udev(7).
import { matchesAny } from "./glob.js";
import { pathMatch, writtenNumber } from "./number.js";
import { type ConfigFile, type Match, type Owner, type PfIdentity, every, isOurs, namesOf, yesOrNo } from "./owner.js";

type Condition = { key: string; attribute: string | undefined; operator: string; value: string };

export function udevOwners(files: readonly ConfigFile[], pf: PfIdentity): Owner[] {
  return files
    .filter((file) => /\/udev\/rules\.d\/[^/]*\.rules$/.test(file.path) && !isOurs(file))
    .flatMap((file) =>
      rulesOf(file.lines).flatMap(({ text, line }): Owner[] => {
        if (!text.includes("sriov_numvfs")) return [];
        const conditions = conditionsOf(text);
        const match = every(conditions.map((condition) => matchOf(condition, pf)));
        const written = conditions.find((one) => isAssignment(one) && one.value.includes("sriov_numvfs"));
        const elsewhere = written ? pathMatch(written.value, pf) : "yes";
        const sure = every([match, elsewhere]);
        const assigned = conditions.find((one) => isAssignment(one) && one.attribute?.endsWith("sriov_numvfs"));
        if (sure === "no" || (!written && !assigned)) return [];
        const number = assigned ? Number(assigned.value) : writtenNumber(written?.value ?? "");
        return [
          {
            kind: "udev rule",
            file: file.path,
            line,
            text: text.trim(),
            ...(number === undefined || !Number.isInteger(number) ? {} : { numVfs: number }),
            sets: "count",
            isSure: sure === "yes",
            acts: "boot",
          },
        ];
      }),
    );
}

/** A rule may go on behind a backslash; its first line counts. */
function rulesOf(lines: readonly string[]): { text: string; line: number }[] {
  const rules: { text: string; line: number }[] = [];
  let isOpen = false;
  lines.forEach((raw, index) => {
    const isComment = !isOpen && raw.trim().startsWith("#");
    const text = raw.replace(/\\\s*$/, "");
    if (isOpen) rules[rules.length - 1] = { line: rules.at(-1)?.line ?? 0, text: `${rules.at(-1)?.text}${text}` };
    else if (!isComment) rules.push({ text, line: index + 1 });
    isOpen = !isComment && text !== raw;
  });
  return rules;
}

function conditionsOf(rule: string): Condition[] {
  const pattern = /([A-Z_]+)(?:\{([^}]*)\})?\s*(==|!=|\+=|:=|=)\s*[ei]?"((?:[^"\\]|\\.)*)"/g;
  return [...rule.matchAll(pattern)].map(([, key = "", attribute, operator = "", value = ""]) => ({
    key,
    attribute,
    operator,
    value,
  }));
}

const isAssignment = ({ operator }: Condition): boolean => !["==", "!="].includes(operator);

function matchOf(condition: Condition, pf: PfIdentity): Match {
  if (isAssignment(condition)) return "yes";
  const found = lookUp(condition, pf);
  if (condition.operator === "==" || found === "maybe") return found;
  return found === "yes" ? "no" : "yes";
}

function lookUp({ key, attribute, value }: Condition, pf: PfIdentity): Match {
  const patterns = value.split("|");
  const among = (...texts: (string | undefined)[]): Match =>
    yesOrNo(
      matchesAny(
        patterns,
        texts.filter((text) => text !== undefined),
      ),
    );
  switch (key) {
    case "ACTION":
      return among("add", "bind", "change", "move");
    case "SUBSYSTEM":
      return among("net", "pci");
    case "SUBSYSTEMS":
      return among("net", "pci");
    case "KERNEL":
    case "NAME":
    case "INTERFACE":
    case "KERNELS":
      if (among(pf.pciAddress, ...namesOf(pf)) === "yes") return "yes";
      // The kernel's first name of a netdev, or a bridge above the PF.
      return patterns.some((pattern) => /^eth/.test(pattern)) ? "maybe" : "no";
    case "DRIVER":
    case "DRIVERS":
      return among(pf.driver);
    case "ENV":
      if (attribute === "ID_NET_DRIVER" || attribute === "DRIVER") return among(pf.driver);
      if (attribute === "ID_PATH") return among(`pci-${pf.pciAddress}`);
      if (attribute === "PCI_SLOT_NAME") return among(pf.pciAddress);
      if (attribute === "INTERFACE" || attribute?.startsWith("ID_NET_NAME")) {
        return among(...namesOf(pf)) === "yes" ? "yes" : "maybe";
      }
      return "maybe";
    case "ATTR":
    case "ATTRS":
      if (attribute === "address") return yesOrNo(patterns.some((mac) => pf.macs.includes(mac.toLowerCase())));
      return "maybe";
    default:
      return "maybe";
  }
}
