// What a failed attach means and what to do: by libvirt's code where that tells, by its text where only the text does. The
// texts are libvirt 9.0's and 11.3's; test/unit/resources/vm-sriov-interface has them as data.
import { SriovError } from "../../base/errors.js";
import type { HostInventory } from "../../findings/inventory.js";
import { explainFailure, isKnownFailure } from "../../findings/registry.js";
import { explainVfioDenied } from "../../host/apparmor/diagnose.js";
import { LibvirtError, virErr } from "../../libvirt/errors.js";
import { findingText } from "../forecast.js";

type Remedy = { code: number; text?: RegExp; remedy: string };

const remedies: Remedy[] = [
  {
    code: virErr.internal,
    text: /PF is not online|not online/,
    remedy: "Bring the PF up: declare a VfConfig for it (pfUp is its default).",
  },
  {
    code: virErr.internal,
    text: /No more available PCI slots/,
    remedy:
      "The VM has no free PCIe root port to plug into while it runs: add `<controller type='pci' model='pcie-root-port'/>` to its definition, or use apply: \"config\" and restart it.",
  },
  {
    code: virErr.internal,
    text: /requires exclusive access to interfaces, but none are available/,
    remedy: "Every VF of the pool is taken: raise numVfs of its VfConfig, or detach another VM.",
  },
  {
    code: virErr.configUnsupported,
    text: /passthrough of host PCI devices|VFIO PCI passthrough/,
    remedy:
      "The host's IOMMU is off: enable VT-d or AMD-Vi in the BIOS setup, and intel_iommu=on on the kernel's command line.",
  },
  {
    code: virErr.configUnsupported,
    text: /non unique alias/,
    remedy: "Another device of the VM has this alias: choose another one with `alias`.",
  },
  {
    code: virErr.operationInvalid,
    text: /network .* is not active/,
    remedy: "Start the network: SriovNetwork { active: true }.",
  },
];

/**
 * `error` with the finding that explains it, seen on the host as it is now; else with the remedy that its text alone tells.
 * The host is examined only for a text that some finding explains.
 */
export async function withRemedy(error: unknown, examine: () => Promise<HostInventory>): Promise<unknown> {
  if (!(error instanceof LibvirtError)) return error;
  const { code, message = "" } = error.remote;
  const inventory = isKnownFailure(message) ? await orNothing(examine) : undefined;
  const findings = inventory ? explainFailure(inventory, message) : [];
  const known = remedies.find(
    (candidate) => candidate.code === code && (candidate.text?.test(message) ?? true),
  )?.remedy;
  const apparmor = inventory?.apparmor ?? { apparmor: "absent" as const, hasRule: false, ruleFile: undefined };
  const remedy =
    findings.length > 0 ? findings.map(findingText).join("\n") : (explainVfioDenied(message, apparmor) ?? known);
  return remedy === undefined ? error : new SriovError(error.kind, error.message, { cause: error, remedy });
}

/** A host that cannot be examined must not hide the error that there is. */
async function orNothing(examine: () => Promise<HostInventory>): Promise<HostInventory | undefined> {
  try {
    return await examine();
  } catch {
    return undefined;
  }
}
