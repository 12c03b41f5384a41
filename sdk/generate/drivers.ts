// docs/vf-config.md as text: what VfConfig does with a PF, and a table of what each driver can do, made from the same data
// that previews are checked with.
import {
  type Driver,
  type EswitchOrder,
  type Limit,
  drivers,
} from "../../provider/resources/vf-config/capabilities.js";
import { vfAttributes } from "../../provider/resources/vf-config/model.js";

const named = Object.entries(drivers) as [string, Driver][];

const eswitchWords: { [order in EswitchOrder]: string } = {
  "without-vfs": "while there are no VFs: they are made anew",
  "unbound-vfs": "while no VF has a driver: they are unbound and bound again",
  "after-vfs": "with VFs; set again when their number changes",
};

/** `switchdev only`, `only 802.1ad`: when a limit counts. */
function when({ values, above, below, mode, exceptDevices }: Limit): string {
  const parts = [
    ...(values ? [values.map((value) => `\`${String(value)}\``).join(", ")] : []),
    ...(above !== undefined && below !== undefined ? [`${above + 1} to ${below - 1}`] : []),
    ...(above !== undefined && below === undefined ? ["not 0"] : []),
    ...(mode ? [`in ${mode} mode`] : []),
    ...(exceptDevices ? ["some cards"] : []),
  ];
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function cell(driver: Driver, attribute: (typeof vfAttributes)[number]): string {
  const limits = driver.limits.filter((limit) => limit.attribute === attribute);
  const words = limits.map((limit) => `${limit.kind === "refused" ? "**no**" : "mind"}${when(limit)}: ${limit.reason}`);
  const resets = driver.resetsVf?.includes(attribute) ? ["resets the VF"] : [];
  const all = [...words, ...resets];
  return all.length === 0 ? "yes" : all.join("; ");
}

function cardSection([name, driver]: [string, Driver]): string {
  const rows = vfAttributes
    .map((attribute) => [attribute, cell(driver, attribute)] as const)
    .filter(([, text]) => text !== "yes")
    .map(([attribute, text]) => `| \`${attribute}\` | ${text.replaceAll("|", "\\|")} |`);
  const notes = [
    ...(driver.needsPfUp ? ["It makes no VFs while its PF is down, so the PF is brought up first."] : []),
    ...(driver.limitsRateToSpeed ? ["A rate is at most the link's speed, and needs link."] : []),
    ...(driver.flaps ? ["Changing the number of VFs takes the PF's own link down for a moment."] : []),
    ...(driver.forgetsSpoofchkOff
      ? [
          "It turns spoof checking on again when the PF comes up or its MTU changes, so `spoofchk: false` is set again then.",
        ]
      : []),
    ...(driver.unreported
      ? [`It never reports ${driver.unreported.join(", ")}: what was set is taken for what is.`]
      : []),
    ...(driver.keepsAttributes ? ["VFs that are made anew have the attributes that they had before."] : []),
  ];
  const eswitch = driver.eswitch ? eswitchWords[driver.eswitch] : "none: `eswitchMode` is refused";
  return [
    `### ${name}`,
    `${driver.cards}. Eswitch mode: ${eswitch}. ${notes.join(" ")}`.trim(),
    "",
    ...(rows.length === 0 ? [] : ["| attribute | |", "|---|---|", ...rows, ""]),
    `Source: Linux 6.12, ${driver.source}.`,
    "",
  ].join("\n");
}

const overview = (): string => {
  const mark = (driver: Driver, attribute: (typeof vfAttributes)[number]): string => {
    const limits = driver.limits.filter((limit) => limit.attribute === attribute);
    if (limits.length === 0) return "yes";
    const isWhole = limits.some(
      ({ kind, values, above, mode, exceptDevices, devices }) =>
        kind === "refused" &&
        !mode &&
        !exceptDevices &&
        !devices &&
        (values === undefined || attribute === "vlanProto" || values.length > 1) &&
        (above === undefined || attribute === "minTxRate"),
    );
    return isWhole ? "no" : "partly";
  };
  return [
    `| driver | ${vfAttributes.join(" | ")} | eswitchMode |`,
    `|---|${vfAttributes.map(() => "---").join("|")}|---|`,
    ...named.map(
      ([name, driver]) =>
        `| \`${name}\` | ${vfAttributes.map((attribute) => mark(driver, attribute)).join(" | ")} | ${driver.eswitch ? "yes" : "no"} |`,
    ),
  ].join("\n");
};

export const driversText = (): string =>
  `<!-- Made from provider/resources/vf-config/capabilities.ts by sdk/generate (\`npm run schema\`). Do not edit. -->
# What VfConfig does with a PF, and what its driver can do

Every property is in [resources.md](resources.md). Unset leaves alone: of a VF that is not listed, and of an attribute that is not
stated, nothing is written and nothing is drift.

## What a preview says
\`pulumi preview\` reads the host and says, under *Diagnostics*, what an update would do: "destroys 7 VFs, makes 4", "running VM
"web" loses VF 2 (0000:01:10.4)", "changes the eswitch mode to switchdev (was legacy)", "sets vlan of VF 3". It refuses what cannot
be, all of it at once and each with its property: more VFs than the card has, what the driver does not take (below), an MTU beyond
its limits, a rate above the link's speed, \`minTxRate\`s that are more than the link together, the MAC address of another VF of
the PF. It warns of a MAC address that another PF's VF has, of a VLAN or MAC that libvirt overrides for a VM, and of a driver that
nobody has read.

## How it is written
One attribute a command, and only what differs: on several cards writing an attribute resets the VF under its user. A driver that
is busy is asked again, for 20 s; one that says no is not. Every write to sysfs has a limit of 90 s. Everything is read
back, and what was not taken is said with its reason: not supported, failed, not tried, or silently ignored. When the number of VFs
or the eswitch mode cannot be had, what was before is put back.

## externallyManaged
Where NetworkManager, netplan or a udev rule makes the VFs, \`externallyManaged: true\` leaves their number to it: attributes are
set, \`numVfs\` is checked, and at boot the unit waits for the VFs.

## The drivers
${overview()}

*partly*: with some values, on some cards, or with an effect to mind; the sections below have each.
A driver that is not in here is asked to do everything, with a warning; its eswitch mode is changed while there are no VFs.

${named.map(cardSection).join("\n")}`.trimEnd() + "\n";
