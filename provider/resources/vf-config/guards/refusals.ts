// Everything that keeps a plan from being carried out: VFs that somebody holds, and our own way to the host. Asked at preview
// and again right before writing.
import type { Current } from "../current.js";
import { refusal } from "../guard.js";
import type { Step } from "../steps.js";
import type { Refusal } from "./refusal.js";
import { type LinkAt, linkRefusal } from "./management-link.js";

export function refusals(steps: readonly Step[], current: Current, at: LinkAt): Refusal[] {
  const held = refusal(steps, current, at);
  const link = linkRefusal(steps, current, at);
  return [...(held ? [{ property: "numVfs", ...held }] : []), ...(link ? [link] : [])];
}
