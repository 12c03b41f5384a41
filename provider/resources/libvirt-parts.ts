// What networks and interfaces of libvirt have in common: virtualport and VFIO driver as a program states them, and as libvirt
// has them.
import { z } from "zod";
import { isPciAddress } from "../base/pci-address.js";
import type { NetworkDriver } from "../libvirt/xml/network.js";
import type { Virtualport } from "../libvirt/xml/parts.js";
import { formatVersion, knowsDriverModel } from "../libvirt/versions.js";
import type { Failure, Value, Values } from "./lifecycle.js";
import { listed } from "./model-failures.js";

export const pciAddressModel = z.string().superRefine((text, context) => {
  if (isPciAddress(text)) return;
  context.addIssue({ code: "custom", message: `expected a PCI address such as "0000:01:10.0", got "${text}"` });
});

const uuid = z.string().superRefine((text, context) => {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return;
  context.addIssue({ code: "custom", message: `expected a UUID, got "${text}"` });
});

/** https://libvirt.org/formatdomain.html, "Setting VLAN tag" and "Direct attachment to physical interface" */
export const virtualportModel = z.strictObject({
  type: z
    .enum(["802.1Qbg", "802.1Qbh", "none"])
    .describe(
      "What the switch speaks: `802.1Qbg` (VEPA, VSI discovery), `802.1Qbh` (port extender, with a port profile); `none` takes it away.",
    ),
  managerId: z.int().min(0).max(255).optional().describe("802.1Qbg: VSI manager (`managerid`), 0-255."),
  typeId: z.int().min(0).max(16_777_215).optional().describe("802.1Qbg: VSI type (`typeid`), 0-16777215."),
  typeIdVersion: z.int().min(0).max(255).optional().describe("802.1Qbg: version of the VSI type, 0-255."),
  instanceId: uuid.optional().describe("802.1Qbg: UUID of the VSI instance. Unset: libvirt makes one."),
  profileId: z.string().min(1).max(39).optional().describe("802.1Qbh: name of the port profile (`profileid`)."),
});

// Named as libvirt names the kernel's driver; the others of its list are gone from QEMU.
export const vfioDriverModel = z.strictObject({
  name: z.enum(["vfio"]).default("vfio").describe("How the VF is passed through: `vfio`, the only way there is."),
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The kernel's VFIO driver for the VF, such as `mlx5_vfio_pci`: one that can migrate it. Needs libvirt 10.0. Unset: libvirt's choice.",
    ),
});

export type VirtualportInputs = z.infer<typeof virtualportModel>;
export type VfioDriverInputs = z.infer<typeof vfioDriverModel>;

/** libvirt writes the names in lower case. */
const parameters = ["managerId", "typeId", "typeIdVersion", "instanceId", "profileId"] as const;
const needed: { [type: string]: (typeof parameters)[number][] } = {
  "802.1Qbg": ["managerId", "typeId", "typeIdVersion"],
  "802.1Qbh": ["profileId"],
  none: [],
};

/** What the model cannot say: which type needs what, and that a VLAN cannot stand beside it (libvirt: at the VM's start). */
export function virtualportFailures(given: Value, path: string, vlan: Value): Failure[] {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return [];
  const { type } = given;
  const needs = typeof type === "string" ? needed[type] : undefined;
  if (typeof type !== "string" || !needs) return [];
  const failures = needs
    .filter((name) => given[name] === undefined)
    .map((name) => ({ property: `${path}.${name}`, reason: `required for type "${type}"` }));
  const allowed: readonly string[] = type === "802.1Qbg" ? [...needs, "instanceId"] : needs;
  const strange = parameters.filter((name) => given[name] !== undefined && !allowed.includes(name));
  for (const name of strange) {
    const expected = allowed.length === 0 ? "nothing beside it" : listed(allowed, "and");
    failures.push({ property: `${path}.${name}`, reason: `expected ${expected} for type "${type}"` });
  }
  if (type !== "none" && typeof vlan === "number" && vlan !== 0) {
    failures.push({
      property: path,
      reason: `expected either a virtualport or a VLAN, got both: the switch port's profile has the VLAN (${vlan})`,
    });
  }
  return failures;
}

/** null: taken away. */
export function virtualportOf(inputs: VirtualportInputs): Virtualport | null {
  if (inputs.type === "none") return null;
  const stated = parameters.flatMap((name) => {
    const value = inputs[name];
    return value === undefined ? [] : [[name.toLowerCase(), String(value)] as const];
  });
  return { type: inputs.type, parameters: Object.fromEntries(stated) };
}

/** As a program would state it; `none` for nothing, and for a type that no VF can have. */
export function virtualportInputs(now: Virtualport | undefined): VirtualportInputs {
  if (now?.type !== "802.1Qbg" && now?.type !== "802.1Qbh") return { type: "none" };
  const known = parameters.flatMap((name): [string, string | number][] => {
    const text = now.parameters[name.toLowerCase()];
    if (text === undefined) return [];
    return [[name, name === "instanceId" || name === "profileId" ? text : Number(text)]];
  });
  return { type: now.type, ...(Object.fromEntries(known) as Values) };
}

/** The stated one while libvirt has it, in the program's own words; else what libvirt has. */
export const statedVirtualport = (
  stated: VirtualportInputs | undefined,
  now: Virtualport | undefined,
): VirtualportInputs => (stated && isVirtualport(now, virtualportOf(stated)) ? stated : virtualportInputs(now));

/** Whether libvirt has what is stated: a VSI instance that nobody stated is libvirt's own. */
export function isVirtualport(now: Virtualport | undefined, wanted: Virtualport | null): boolean {
  if (wanted === null || now === undefined) return (wanted ?? undefined) === now;
  const same = (name: string, text: string) => now.parameters[name]?.toLowerCase() === text.toLowerCase();
  const isMore = Object.keys(now.parameters).some((name) => name !== "instanceid" && !(name in wanted.parameters));
  return (
    now.type === wanted.type &&
    !isMore &&
    Object.entries(wanted.parameters).every(([name, text]) => {
      const number = Number(now.parameters[name]);
      // libvirt prints some of the numbers in hexadecimal.
      return same(name, text) || (/^\d+$/.test(text) && number === Number(text));
    })
  );
}

export const vfioDriver = ({ name, model }: VfioDriverInputs): NetworkDriver => ({
  name,
  ...(model === undefined ? {} : { model }),
});

export function driverFailures(driver: Value, libVersion: number, hostName: string): Failure[] {
  const model = typeof driver === "object" && driver !== null && !Array.isArray(driver) ? driver["model"] : undefined;
  if (typeof model !== "string" || knowsDriverModel(libVersion)) return [];
  const reason = `libvirt ${formatVersion(libVersion)} on ${hostName} knows no driver models: expected libvirt 10.0 or newer, or no model`;
  return [{ property: "driver.model", reason }];
}
