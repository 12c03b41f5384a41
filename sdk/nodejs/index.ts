// pulumi-sriov for TypeScript programs.
export * from "./functions.gen.js";
export { HostSetup } from "./host-setup.js";
export { SriovHost, type SriovHostArgs, type SriovHostPf } from "./sriov-host.js";
export { SriovNetwork } from "./sriov-network.js";
export { VfConfig } from "./vf-config.js";
export { VmFailoverPair, type VmFailoverPairArgs } from "./vm-failover-pair.js";
export { VmSriovInterface } from "./vm-sriov-interface.js";
export type * from "./types.gen.js";
