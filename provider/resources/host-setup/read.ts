// What the host shows now, and what of it is the resource's state.
import { hasBlock } from "../../host/apparmor/rule.js";
import { type ArgumentFacts, isInForce, ownArguments, wantedArguments } from "../../host/kernel-arguments/arguments.js";
import { type ConfPart, hasOurs, isBroken } from "../../host/qemu-conf/edit.js";
import { readSetupFacts } from "../../host/setup-facts.js";
import type { Session } from "../session.js";
import type { HostSetupArgs, HostSetupState } from "./model.js";
import { type ConfInput, type Current, type Wanted, holding, rebootReason } from "./plan.js";

export const confParts: { [input in ConfInput]: ConfPart } = {
  dynamicOwnership: "dynamic_ownership",
  cgroupDeviceAcl: "cgroup_device_acl",
};

export async function readCurrent(session: Session, wanted: Wanted, signal?: AbortSignal): Promise<Current> {
  const facts = await readSetupFacts(session.shell, signal);
  const { qemuConf = "", kernel } = facts;
  const asked = wanted.iommu && wantedArguments(wanted.iommu, kernel);
  const conf = (input: ConfInput) => ({
    isBroken: isBroken(qemuConf, confParts[input]),
    isOurs: hasOurs(qemuConf, confParts[input]),
  });
  return {
    ...facts,
    hasOurRule: hasBlock(facts.apparmor),
    ...(asked ? { iommu: iommuOf(asked, kernel) } : {}),
    conf: { dynamicOwnership: conf("dynamicOwnership"), cgroupDeviceAcl: conf("cgroupDeviceAcl") },
  };
}

const iommuOf = (wanted: string[], kernel: ArgumentFacts) => ({
  wanted,
  own: ownArguments(wanted, kernel),
  isConfigured: wanted.every((argument) => isInForce(argument, kernel.next)),
});

export function stateOf(inputs: HostSetupArgs, current: Current, session: Session): HostSetupState {
  const { host, ...wanted } = inputs;
  const { apparmor, kernel } = current;
  const reason = rebootReason(wanted, current, (argument) => isInForce(argument, kernel.cmdline));
  return {
    host,
    ...holding(wanted, current),
    hostId: session.machineId,
    apparmor: apparmor.apparmor,
    apparmorRuleFile: current.hasOurRule ? (apparmor.ruleFile ?? "") : "",
    iommuActive: kernel.iommuGroups > 0,
    kernelArguments: kernel.ours.join(" "),
    rebootRequired: reason !== undefined,
    rebootReason: reason ?? "",
  };
}
