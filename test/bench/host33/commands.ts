// What a person types for the same 32 resources: virsh, nothing looked at before or afterwards.
import { pfs } from "./kvm-host.js";

/** Shell text that makes one thing, and that takes it away. */
export type Commands = { create: string; remove: string };

export const pools = pfs.map(({ netdev }) => `pool-${netdev}`);
export const macOf = (vm: number, pool: number) => `52:54:00:10:0${vm}:0${pool}`;

const put = (file: string, xml: string) => `cat > ${file} <<'END'\n${xml}\nEND`;

export function networkCommands(pool: number): Commands {
  const name = pools[pool] ?? "";
  const file = `/run/bench-${name}.xml`;
  const xml = `<network><name>${name}</name><forward mode='hostdev' managed='yes'><pf dev='${pfs[pool]?.netdev ?? ""}'/></forward></network>`;
  const create = [
    "set -e",
    put(file, xml),
    `virsh net-define ${file}`,
    `virsh net-autostart ${name}`,
    `virsh net-start ${name}`,
  ];
  return { create: create.join("\n"), remove: `set -e\nvirsh net-destroy ${name}\nvirsh net-undefine ${name}` };
}

export function interfaceCommands(vm: string, mac: string, pool: number): Commands {
  const file = `/run/bench-${vm}-${pool}.xml`;
  const xml = `<interface type='network'><mac address='${mac}'/><source network='${pools[pool] ?? ""}'/><vlan><tag id='${100 + pool}'/></vlan><alias name='ua-nic${pool}'/></interface>`;
  return {
    create: ["set -e", put(file, xml), `virsh attach-device ${vm} ${file} --config`].join("\n"),
    remove: `virsh detach-interface ${vm} network --mac ${mac} --config`,
  };
}
