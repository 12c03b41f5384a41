// Every resource's model by the name it has in programs: what the SDK's types and reference are made of.
import { hostSetupModel, hostSetupOutputs } from "./host-setup/model.js";
import { sriovNetworkModel, sriovNetworkOutputs } from "./sriov-network/model.js";
import { vfConfigModel, vfConfigOutputs } from "./vf-config/model.js";
import { vmSriovInterfaceModel, vmSriovInterfaceOutputs } from "./vm-sriov-interface/model.js";

export const models = {
  HostSetup: { inputs: hostSetupModel, outputs: hostSetupOutputs },
  SriovNetwork: { inputs: sriovNetworkModel, outputs: sriovNetworkOutputs },
  VfConfig: { inputs: vfConfigModel, outputs: vfConfigOutputs },
  VmSriovInterface: { inputs: vmSriovInterfaceModel, outputs: vmSriovInterfaceOutputs },
};
