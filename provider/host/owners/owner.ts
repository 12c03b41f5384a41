// What another program on the host wants of a PF's VFs: two owners of one number fight at every boot, and the loser's VMs
// lose their NICs. The parsers beside this file find them in configuration files; guards/ decides what becomes of it.

/** What configuration files select a PF by. */
export type PfIdentity = {
  pciAddress: string;
  netdev?: string;
  altnames: readonly string[];
  driver?: string;
  /** Of the netdev now, and the one burnt into the card where that differs. Lower case. */
  macs: readonly string[];
};

/** A configuration file of the host, as gather.ts has read it. */
export type ConfigFile = {
  path: string;
  isExecutable: boolean;
  /** A systemd unit that something wants; false for all else. */
  isEnabled: boolean;
  /** The first is line 1. */
  lines: readonly string[];
};

export type HostFiles = {
  files: readonly ConfigFile[];
  /** The profile that NetworkManager has on the PF's netdev now. */
  activeProfile?: string;
};

export type Owner = {
  /** For people: "NetworkManager profile", "udev rule". */
  kind: string;
  file: string;
  line: number;
  /** The line itself. */
  text: string;
  /** How many VFs it makes; undefined when it makes none or the number cannot be told. */
  numVfs?: number;
  /** `count`: it makes VFs. `attributes`: it sets up those that there are. `eswitch`: it sets the eswitch mode. */
  sets: "count" | "attributes" | "eswitch";
  /** False where it may mean another PF: a script with variables, a match on what is not known here. */
  isSure: boolean;
  /**
   * `now`: it is at work and sets the number again whenever it likes. `boot`: when the host or the driver starts. `never`:
   * it is there, and switched off.
   */
  acts: "now" | "boot" | "never";
};

/** Yes, no, or not to be told from here. */
export type Match = "yes" | "no" | "maybe";

/** All have to hold. */
export const every = (matches: readonly Match[]): Match =>
  matches.includes("no") ? "no" : matches.includes("maybe") ? "maybe" : "yes";

/** One is enough. */
export const some = (matches: readonly Match[]): Match =>
  matches.includes("yes") ? "yes" : matches.includes("maybe") ? "maybe" : "no";

export const yesOrNo = (does: boolean): Match => (does ? "yes" : "no");

/** What we have put there ourselves says so in its first lines. */
export const isOurs = ({ lines }: ConfigFile): boolean =>
  lines.slice(0, 5).some((line) => /^\s*[#;].*\bpulumi-sriov\b/.test(line));

/** The netdev's names: configuration may use any of them. */
export const namesOf = (pf: PfIdentity): string[] => [...(pf.netdev === undefined ? [] : [pf.netdev]), ...pf.altnames];
