// A plan in a few words, for whoever reads a preview: what goes, what comes, who loses what. Pure.
import { driverNamed } from "./capabilities.js";
import type { Current, Holder } from "./current.js";
import { type VfAttribute } from "./model.js";
import type { Step } from "./steps.js";

/** One sentence each, in the order of what a person wants to know first; nothing for an empty plan. */
export function summary(steps: readonly Step[], current: Current): string[] {
  return [
    ...countWords(steps, current),
    ...settingWords(steps),
    ...linkWords(steps, current),
    ...attributeWords(steps, current),
    ...bootWords(steps),
  ];
}

const count = (vfs: number): string => (vfs === 1 ? "1 VF" : `${vfs} VFs`);
const has = ({ who, vfIndex, pciAddress }: Holder, verb: string): string =>
  `${who} ${verb} VF ${vfIndex} (${pciAddress})`;

function countWords(steps: readonly Step[], { pf, holders }: Current): string[] {
  const changes = steps.filter((step) => step.do === "set-num-vfs");
  const to = changes.at(-1)?.to;
  if (to === undefined) return [];
  const destroys = pf.numVfs === 0 ? [] : [`destroys ${count(pf.numVfs)}`];
  const makes = to === 0 ? [] : [`makes ${to === pf.numVfs ? `${to} anew` : pf.numVfs === 0 ? count(to) : to}`];
  return [[...destroys, ...makes].join(", "), ...holders.map((holder) => has(holder, "loses"))];
}

function settingWords(steps: readonly Step[]): string[] {
  const was = (from: string | number | undefined): string => (from === undefined ? "" : ` (was ${from})`);
  return steps.flatMap((step) => {
    if (step.do === "set-eswitch-mode") return [`changes the eswitch mode to ${step.to}${was(step.from)}`];
    if (step.do === "set-mtu") return [`sets MTU ${step.to}${was(step.from)}`];
    if (step.do === "set-drivers-autoprobe") {
      return [step.to ? "lets new VFs have a driver of the host" : "keeps new VFs free of host drivers"];
    }
    if (step.do === "set-pf-up") return ["brings the PF up"];
    return step.do === "set-pf-down" ? ["takes the PF down"] : [];
  });
}

function linkWords(steps: readonly Step[], { pf }: Current): string[] {
  const flaps = steps.some(
    (step) =>
      step.do === "set-mtu" ||
      (step.do === "set-eswitch-mode" && step.unbind) ||
      (step.do === "set-num-vfs" && driverNamed(pf.driver)?.flaps),
  );
  return pf.isUp && flaps ? ["the PF's own link goes down for a moment"] : [];
}

function attributeWords(steps: readonly Step[], { pf, holders }: Current): string[] {
  const byVf = new Map<number, string[]>();
  for (const step of steps) {
    if ("vf" in step) byVf.set(step.vf, [...(byVf.get(step.vf) ?? []), ...attributesOf[step.do]]);
  }
  const isRemade = steps.some((step) => step.do === "set-num-vfs");
  const resets: readonly string[] = driverNamed(pf.driver)?.resetsVf ?? [];
  return [...byVf].flatMap(([vf, attributes]) => {
    const holder = isRemade ? undefined : holders.find(({ vfIndex }) => vfIndex === vf);
    const isReset = attributes.some((attribute) => resets.includes(attribute));
    const who = holder ? `, which ${holder.who} holds${isReset ? ": the driver resets it" : ""}` : "";
    return [`sets ${attributes.join(", ")} of VF ${vf}${who}`];
  });
}

const attributesOf: { [step in Extract<Step, { vf: number }>["do"]]: VfAttribute[] } = {
  "set-vf-mac": ["mac"],
  "set-vf-vlan": ["vlan"],
  "set-vf-spoofchk": ["spoofchk"],
  "set-vf-trust": ["trust"],
  "set-vf-link-state": ["linkState"],
  "set-vf-query-rss": ["queryRss"],
  "set-vf-max-tx-rate": ["maxTxRate"],
  "set-vf-min-tx-rate": ["minTxRate"],
};

function bootWords(steps: readonly Step[]): string[] {
  const installs = steps.some((step) => step.do === "install-boot-plan" || step.do === "install-boot-file");
  const removes = steps.some((step) => step.do === "remove-boot-plan" || step.do === "remove-boot-file");
  if (installs) return ["writes what happens at the next boot"];
  return removes ? ["removes what happens at the next boot"] : [];
}
