// The systemd .link file that makes a PF's VFs (systemd 251 or newer): systemd-udevd makes them and sets their attributes when
// the PF's netdev comes. Only the first .link file that matches a netdev counts, so ours repeats the one that counted before.
import { linkOf } from "./paths.js";

/** One VF in the words of systemd.link(5), [SR-IOV]. Unset is left alone. */
export type LinkVf = {
  index: number;
  mac?: string | undefined;
  vlan?: number | undefined;
  qos?: number | undefined;
  vlanProto?: string | undefined;
  spoofchk?: boolean | undefined;
  trust?: boolean | undefined;
  linkState?: string | undefined;
  queryRss?: boolean | undefined;
};

export type LinkWants = { numVfs?: number; mtu?: number; vfs: readonly LinkVf[] };

/** The .link file that counts for the PF without ours: where it is, and what is in it and in its drop-ins. */
export type BaseLink = { path: string; text: string };

/** `idPath`: what udev calls the PF's place, `pci-0000:01:00.0`; a name would be what the same file may change. */
export function linkFile(pf: string, idPath: string, base: BaseLink, wants: LinkWants): string {
  const link = [
    ...(wants.mtu === undefined ? [] : [`MTUBytes=${wants.mtu}`]),
    // No VFs is how a PF boots. systemd would take them from VMs whenever somebody triggers it.
    ...(wants.numVfs === undefined || wants.numVfs === 0 ? [] : [`SR-IOVVirtualFunctions=${wants.numVfs}`]),
  ];
  const sections = [...wants.vfs].sort((a, b) => a.index - b.index).map(vfSection);
  return `# Written by pulumi-sriov for a VfConfig: the VFs of PF ${pf} at boot.
# \`pulumi up\` overwrites what is edited here. To undo by hand: rm ${linkOf(pf)}
# Only the first .link file that matches a netdev counts. This one repeats the file that did before:
${repeats}${base.path}
[Match]
Path=${idPath}

[Link]
${[...linkSection(base.text), ...link].map((line) => `${line}\n`).join("")}${sections.join("")}`;
}

export const repeats = "# Repeats ";

/** An attribute that is at its default needs no line; systemd sends the priority only together with a VLAN. */
function vfSection(vf: LinkVf): string {
  const lines = [
    `VirtualFunction=${vf.index}`,
    ...(vf.mac === undefined ? [] : [`MACAddress=${vf.mac}`]),
    ...(vf.vlan === undefined ? [] : [`VLANId=${vf.vlan}`]),
    ...(vf.qos === undefined || vf.qos === 0 ? [] : [`QualityOfService=${vf.qos}`]),
    ...(vf.vlanProto === undefined ? [] : [`VLANProtocol=${vf.vlanProto}`]),
    ...yesNo("MACSpoofCheck", vf.spoofchk),
    ...yesNo("Trust", vf.trust),
    ...(vf.linkState === undefined ? [] : [`LinkState=${linkStates[vf.linkState] ?? vf.linkState}`]),
    ...yesNo("QueryReceiveSideScaling", vf.queryRss),
  ];
  // systemd before 258 reports an empty section as an error.
  return lines.length === 1 ? "" : `\n[SR-IOV]\n${lines.map((line) => `${line}\n`).join("")}`;
}

const linkStates: { [state: string]: string } = { auto: "auto", enable: "yes", disable: "no" };

const yesNo = (key: string, value: boolean | undefined): string[] =>
  value === undefined ? [] : [`${key}=${value ? "yes" : "no"}`];

/** What a .link file, with its drop-ins behind it, says in [Link], in order: a later line overrides an earlier one. */
function linkSection(text: string): string[] {
  let section = "";
  return text.split("\n").filter((line) => {
    const header = /^\s*\[(.*)\]\s*$/.exec(line);
    if (header) section = header[1] ?? "";
    return !header && section === "Link" && !/^\s*([#;]|$)/.test(line);
  });
}

/** Whether a .link file makes VFs itself: then it is an owner of its own, and not one whose place ours could take. */
export const makesVfs = ({ text }: BaseLink): boolean => /^\s*(\[SR-IOV\]|SR-IOVVirtualFunctions\s*=)/m.test(text);

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Whether systemd would take this file and never look at ours. */
export const isBefore = (pf: string, base: BaseLink): boolean => nameOf(base.path) < nameOf(linkOf(pf));

/** The other way round: what a .link file of ours brings about, without what it repeats of the other one. */
export function wantsOfLink(text: string, base: BaseLink | undefined): LinkWants {
  const [link = "", ...sections] = text.split(/^\[SR-IOV\]$/m);
  const own = linkSection(link).slice(base === undefined ? 0 : linkSection(base.text).length);
  const number = (lines: readonly string[], key: string) => optional(key, lines, Number);
  const mtu = number(own, "MTUBytes");
  const numVfs = number(own, "SR-IOVVirtualFunctions");
  return {
    ...(mtu === undefined ? {} : { mtu }),
    ...(numVfs === undefined ? {} : { numVfs }),
    vfs: sections.map((section): LinkVf => {
      const lines = section.split("\n");
      const yes = (value: string) => value === "yes";
      const state = (value: string) => Object.keys(linkStates).find((name) => linkStates[name] === value) ?? value;
      const vf = {
        mac: optional("MACAddress", lines, String),
        vlan: number(lines, "VLANId"),
        qos: number(lines, "QualityOfService"),
        vlanProto: optional("VLANProtocol", lines, String),
        spoofchk: optional("MACSpoofCheck", lines, yes),
        trust: optional("Trust", lines, yes),
        linkState: optional("LinkState", lines, state),
        queryRss: optional("QueryReceiveSideScaling", lines, yes),
      };
      const given = Object.entries(vf).filter(([, value]) => value !== undefined);
      return { index: number(lines, "VirtualFunction") ?? 0, ...(Object.fromEntries(given) as Partial<LinkVf>) };
    }),
  };
}

function optional<T>(key: string, lines: readonly string[], convert: (value: string) => T): T | undefined {
  const line = lines.find((one) => one.startsWith(`${key}=`));
  return line === undefined ? undefined : convert(line.slice(key.length + 1));
}
