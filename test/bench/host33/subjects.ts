// The same 32 resources (33 with the stack) three times: ours, as many that do nothing, and as the commands a person would put
// into one script.
import { nothing } from "../floor.js";
import { interfaceCommands, macOf, networkCommands, pools } from "./commands.js";
import { pfs, vms } from "./kvm-host.js";

export const ourProgram = (uri: string): string => `
import * as sriov from "pulumi-sriov";
const host = { uri: ${JSON.stringify(uri)} };
const pools = ${JSON.stringify(pfs.map(({ netdev }) => netdev))}.map(
  (pf) => new sriov.SriovNetwork(\`pool-\${pf}\`, { host, name: \`pool-\${pf}\`, pf }));
${JSON.stringify(vms)}.forEach((domain, vm) =>
  pools.forEach((pool, nic) =>
    new sriov.VmSriovInterface(\`\${domain}-\${nic}\`, {
      host, domain, network: pool.name, mac: \`52:54:00:10:0\${vm}:0\${nic}\`, vlan: 100 + nic, alias: \`ua-nic\${nic}\`,
    })));
`;

/** What the engine takes for as many resources, with the same dependencies, when there is nothing to do. */
export const floorProgram =
  (): string => `${nothing}const pools = ${JSON.stringify(pools)}.map((name) => new Nothing(name, { name }));
${JSON.stringify(vms)}.forEach((domain, vm) =>
  pools.forEach((pool, nic) => new Nothing(\`\${domain}-\${nic}\`, { domain, network: pool.name, vlan: 100 + nic })));
`;

const networks = () => pools.map((_, pool) => networkCommands(pool));
const interfaces = () => vms.flatMap((vm, v) => pools.map((_, pool) => interfaceCommands(vm, macOf(v, pool), pool)));

/** Equivalent to what `up` of our program does, without looking at anything first or afterwards. */
export const upScript = (): string => [...networks(), ...interfaces()].map(({ create }) => create).join("\n");

export const destroyScript = (): string =>
  ["set -e", ...[...interfaces(), ...networks()].map(({ remove }) => remove)].join("\n");
