// The same 32 resources (33 with the stack) three times: ours, as many that do nothing, and as the commands a person would put
// into one script.
import { pfs, vms } from "./kvm-host.js";

const pools = pfs.map(({ netdev }) => `pool-${netdev}`);
const macOf = (vm: number, pool: number) => `52:54:00:10:0${vm}:0${pool}`;

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
export const floorProgram = (): string => `
import * as pulumi from "@pulumi/pulumi";
class Nothing extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  constructor(name: string, props: Record<string, unknown>) {
    super("pulumi-nodejs:dynamic/bench:Nothing", name, { ...props, __provider: provider });
  }
}
const provider = "exports.handler = () => ({ check: async (olds, news) => ({ inputs: news }), " +
  "diff: async () => ({ changes: false }), create: async (inputs) => ({ id: 'nothing', outs: inputs }), " +
  "read: async (id, props) => ({ id, props }), update: async (id, olds, news) => ({ outs: news }), delete: async () => {} })";
const pools = ${JSON.stringify(pools)}.map((name) => new Nothing(name, { name }));
${JSON.stringify(vms)}.forEach((domain, vm) =>
  pools.forEach((pool, nic) => new Nothing(\`\${domain}-\${nic}\`, { domain, network: pool.name, vlan: 100 + nic })));
`;

const put = (file: string, xml: string) => `cat > ${file} <<'END'\n${xml}\nEND`;

/** Equivalent to what \`up\` of our program does, without looking at anything first or afterwards. */
export function upScript(): string {
  const networks = pfs.flatMap(({ netdev }, i) => [
    put(
      "/run/bench.xml",
      `<network><name>${pools[i]}</name><forward mode='hostdev' managed='yes'><pf dev='${netdev}'/></forward></network>`,
    ),
    "virsh net-define /run/bench.xml",
    `virsh net-autostart ${pools[i]}`,
    `virsh net-start ${pools[i]}`,
  ]);
  const interfaces = vms.flatMap((vm, v) =>
    pools.flatMap((pool, p) => [
      put(
        "/run/bench.xml",
        `<interface type='network'><mac address='${macOf(v, p)}'/><source network='${pool}'/><vlan><tag id='${100 + p}'/></vlan><alias name='ua-nic${p}'/></interface>`,
      ),
      `virsh attach-device ${vm} /run/bench.xml --config`,
    ]),
  );
  return ["set -e", ...networks, ...interfaces].join("\n");
}

export function destroyScript(): string {
  const interfaces = vms.flatMap((vm, v) =>
    pools.map((_, p) => `virsh detach-interface ${vm} network --mac ${macOf(v, p)} --config`),
  );
  const networks = pools.flatMap((pool) => [`virsh net-destroy ${pool}`, `virsh net-undefine ${pool}`]);
  return ["set -e", ...interfaces, ...networks].join("\n");
}
