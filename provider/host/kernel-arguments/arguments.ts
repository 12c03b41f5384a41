// Which arguments ask the kernel for an IOMMU, and which of them are still to be added. Pure.

export type IommuWanted = { vendor?: "auto" | "intel" | "amd" | undefined; passthrough?: boolean | undefined };

export type ArgumentFacts = {
  /** The running kernel's. */
  cmdline: string;
  /** ACPI's tables of IOMMUs: DMAR is Intel's, IVRS AMD's. */
  acpiTables: string[];
  cpuVendor: string;
  iommuGroups: number;
  /** How the boot loader takes arguments: undefined for one that we do not know. */
  way?: "grub" | "grubby" | "kernel-cmdline";
  /** Those of the next boot, as its configuration is now. */
  next: string[];
  /** Those of them that we have added. */
  ours: string[];
};

const words = (line: string): string[] => line.split(/\s+/).filter((word) => word !== "");

/** AMD's IOMMU is on where the firmware has it, and knows no `amd_iommu=on`; Intel's may be built to be off. */
export function wantedArguments({ vendor = "auto", passthrough = true }: IommuWanted, facts: ArgumentFacts): string[] {
  const isAmd =
    facts.acpiTables.includes("IVRS") || (!facts.acpiTables.includes("DMAR") && facts.cpuVendor === "AuthenticAMD");
  const kind = vendor === "auto" ? (isAmd ? "amd" : "intel") : vendor;
  return [...(kind === "intel" ? ["intel_iommu=on"] : []), ...(passthrough ? ["iommu=pt"] : [])];
}

/** What of the wanted is not there without us: nothing is said twice, and what others say stays. */
export function ownArguments(wanted: readonly string[], { next, ours }: ArgumentFacts): string[] {
  const others = [...next];
  // Ours are the last of their kind.
  for (const argument of ours) {
    const at = others.lastIndexOf(argument);
    if (at !== -1) others.splice(at, 1);
  }
  return wanted.filter((argument) => !isInForce(argument, others));
}

/** Of an argument that is said several times the kernel takes the last. */
export function isInForce(argument: string, line: readonly string[] | string): boolean {
  const name = `${argument.split("=", 1)[0] ?? ""}=`;
  const said = (typeof line === "string" ? words(line) : line).filter((word) => word.startsWith(name));
  return said.at(-1) === argument;
}

export const splitArguments = words;
