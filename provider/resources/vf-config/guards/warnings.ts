// What the guards have to say where they refuse nothing, for the preview.
import type { Session } from "../../session.js";
import type { Current } from "../current.js";
import type { VfConfigInputs } from "../model.js";
import { plan, wantedBy } from "../plan.js";
import { deadManWarnings } from "./dead-man.js";
import { linkWarnings } from "./management-link.js";
import { judgeOwners } from "./second-owner.js";
import { shutOffWarnings } from "./shut-off-domains.js";

/** `inputs`: what is known of them. */
export async function guardWarnings(session: Session, inputs: VfConfigInputs, current: Current): Promise<string[]> {
  const { hostName } = session;
  const steps = plan(wantedBy(inputs), current);
  return [
    ...deadManWarnings(current, hostName),
    ...judgeOwners(inputs, current, hostName).warnings,
    ...linkWarnings(steps, current, hostName),
    ...(await shutOffWarnings(session, steps, current)),
  ];
}
