// What the host shows now, and what of it is the resource's state.
import { readAppArmor } from "../../host/apparmor/facts.js";
import { hasBlock } from "../../host/apparmor/rule.js";
import type { Session } from "../session.js";
import type { HostSetupArgs, HostSetupState } from "./model.js";
import { type Current, ruleNow } from "./plan.js";

export async function readCurrent(session: Session, signal?: AbortSignal): Promise<Current> {
  const apparmor = await readAppArmor(session.shell, signal);
  return { apparmor, hasOurRule: hasBlock(apparmor) };
}

export function stateOf(inputs: HostSetupArgs, current: Current, session: Session): HostSetupState {
  const { host, apparmorVfioRule } = inputs;
  return {
    host,
    ...(apparmorVfioRule === undefined ? {} : { apparmorVfioRule: ruleNow(apparmorVfioRule, current) }),
    hostId: session.machineId,
    apparmor: current.apparmor.apparmor,
    apparmorRuleFile: current.hasOurRule ? (current.apparmor.ruleFile ?? "") : "",
  };
}
