// Every resource by the name it has in programs. The adapters read this table and nothing else of this floor.
import type { Lifecycle } from "./lifecycle.js";
import { hostSetup } from "./host-setup/index.js";
import { sriovNetwork } from "./sriov-network/index.js";
import { vfConfig } from "./vf-config/index.js";
import { vmSriovInterface } from "./vm-sriov-interface/index.js";

// Inputs and state are each resource's own; an adapter only carries them from one call to the next.
type AnyLifecycle = Lifecycle<never, never>;

export const registry = {
  HostSetup: hostSetup as unknown as AnyLifecycle,
  SriovNetwork: sriovNetwork as unknown as AnyLifecycle,
  VfConfig: vfConfig as unknown as AnyLifecycle,
  VmSriovInterface: vmSriovInterface as unknown as AnyLifecycle,
};

export type ResourceName = keyof typeof registry;
