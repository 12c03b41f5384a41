// What a VF may be, as plain functions: each answers what is wrong with one resource, given its type and its inputs.

export type Rule = (type: string, props: Record<string, unknown>) => string[];

/** The same resource has two types: of the plugin (`sriov:index:VfConfig`) and of the TypeScript package. */
const isOf = (type: string, resource: string): boolean =>
  type === `sriov:index:${resource}` || type === `pulumi-nodejs:dynamic/sriov:${resource}`;

type Vf = { index: number; trust?: boolean; spoofchk?: boolean };
const vfsOf = (type: string, props: Record<string, unknown>): Vf[] =>
  isOf(type, "VfConfig") ? ((props["vfs"] as Vf[] | undefined) ?? []) : [];

export const noTrust: Rule = (type, props) =>
  vfsOf(type, props)
    .filter(({ trust }) => trust === true)
    .map(({ index }) => `VF ${index} is trusted: its VM may change its MAC address and listen to everything.`);

export const spoofchkOn: Rule = (type, props) =>
  vfsOf(type, props)
    .filter(({ spoofchk }) => spoofchk === false)
    .map(({ index }) => `VF ${index} has spoof checking off: its VM may send with any MAC address.`);

export const vlanRequired: Rule = (type, props) =>
  isOf(type, "VmSriovInterface") && props["vlan"] === undefined && props["portgroup"] === undefined
    ? [`The interface of VM ${String(props["domain"])} has neither a VLAN nor a portgroup, which gives one.`]
    : [];
