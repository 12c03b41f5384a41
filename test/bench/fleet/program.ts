// The program of the fleet: on every host the VFs of its PF, a pool of them, and an interface in each of its VMs. And the floor
// below it.
import { nothing } from "../floor.js";
import { pf } from "./simulated-linux.js";
import { vms } from "./simulated-host.js";

/** What each host has when the program is carried out. */
export const wanted = { vfs: pf.totalVfs, networks: 1, interfaces: vms.length };

/** `ssh` is the input of that name of every resource. */
export const fleetProgram = (uris: readonly string[], ssh: { connectTimeout?: number } = {}): string => `
import * as sriov from "pulumi-sriov";
const uris = ${JSON.stringify(uris)};
uris.forEach((uri, i) => {
  const host = { uri, ssh: ${JSON.stringify(ssh)} };
  const kvm = \`kvm\${i + 1}\`;
  const vfs = new sriov.VfConfig(\`\${kvm}-${pf.netdev}\`, { host, pf: "${pf.netdev}", numVfs: ${pf.totalVfs} });
  const pool = new sriov.SriovNetwork(\`\${kvm}-pool\`, { host, name: "pool-${pf.netdev}", pf: vfs.pfName });
  ${JSON.stringify(vms)}.forEach((domain, vm) => {
    new sriov.VmSriovInterface(\`\${kvm}-\${domain}\`, {
      host, domain, network: pool.name, mac: \`52:54:00:10:00:0\${vm}\`, vlan: 100 + vm, alias: "ua-data",
    });
  });
});
`;

/** As many resources with the same dependencies that do nothing. */
export const floorProgram = (uris: readonly string[]): string => `${nothing}
const uris = ${JSON.stringify(uris)};
uris.forEach((uri, i) => {
  const kvm = \`kvm\${i + 1}\`;
  const vfs = new Nothing(\`\${kvm}-${pf.netdev}\`, { host: { uri }, name: "${pf.netdev}", numVfs: ${pf.totalVfs} });
  const pool = new Nothing(\`\${kvm}-pool\`, { host: { uri }, name: "pool-${pf.netdev}", pf: vfs.name });
  ${JSON.stringify(vms)}.forEach((domain, vm) => {
    new Nothing(\`\${kvm}-\${domain}\`, { host: { uri }, domain, network: pool.name, vlan: 100 + vm });
  });
});
`;
