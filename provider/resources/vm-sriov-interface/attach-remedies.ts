// What a failed attach means and what to do: by libvirt's code where that tells, by its text where only the text does. The
// texts are libvirt 9.0's and 11.3's; test/unit/resources/vm-sriov-interface has them as data.
import { SriovError } from "../../base/errors.js";
import type { AppArmorFacts } from "../../host/apparmor/facts.js";
import { explainVfioDenied } from "../../host/apparmor/diagnose.js";
import { LibvirtError, virErr } from "../../libvirt/errors.js";

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

/** `error` with the remedy that fits, if one does; `apparmor` is asked only where it can be the cause. */
export async function withRemedy(error: unknown, apparmor: () => Promise<AppArmorFacts>): Promise<unknown> {
  if (!(error instanceof LibvirtError)) return error;
  const { code, message = "" } = error.remote;
  const denied = explainVfioDenied(message, { apparmor: "absent", hasRule: false, ruleFile: undefined });
  const remedy =
    denied === undefined
      ? remedies.find((candidate) => candidate.code === code && (candidate.text?.test(message) ?? true))?.remedy
      : // Where nobody can look at the rules, what the text alone says has to do.
        await apparmor().then(
          (facts) => explainVfioDenied(message, facts),
          () => denied,
        );
  return remedy === undefined ? error : new SriovError(error.kind, error.message, { cause: error, remedy });
}
