// The stored state against the inputs. Pure.
import { type Difference, isUnknown } from "../lifecycle.js";
import type { HostSetupInputs, HostSetupState } from "./model.js";

export function diff(state: HostSetupState, inputs: HostSetupInputs): Difference {
  const changes: Difference["changes"] = [];
  if (inputs.hostId !== undefined && inputs.hostId !== state.hostId && !isUnknown(inputs.hostId)) {
    changes.push({ property: "host", kind: "replace" });
  } else if (JSON.stringify(sorted(state.host)) !== JSON.stringify(sorted(inputs.host))) {
    changes.push({ property: "host", kind: "update" });
  }
  for (const property of ["iommu", "vfioModules", "dynamicOwnership", "cgroupDeviceAcl", "apparmorVfioRule"] as const) {
    if (JSON.stringify(sorted(state[property])) !== JSON.stringify(sorted(inputs[property]))) {
      changes.push({ property, kind: "update" });
    }
  }
  return { changes, deleteBeforeReplace: true, notes: [] };
}

/** The same text for the same values, whatever the order of the keys; a value that is not known is its own. */
function sorted(value: unknown): unknown {
  if (isUnknown(value)) return "(not known yet)";
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
