// One scenario on the emulated host, as a table: what the program says, what a preview has to say of it, what the host shows then. Both
// adapters go through it.

/** `{ of: "vfs.pfName" }` is an output of another resource. */
export type Input = string | number | boolean | { of: string } | Input[] | { [key: string]: Input };
export type Declared = { type: string; name: string; inputs: Record<string, Input> };

export type Step = {
  title: string;
  resources: Declared[];
  /** Somebody on the host, before the preview. */
  byHand?: string;
  planned: string[];
  /** What a command on the host says after `pulumi up`. */
  host: [command: string, says: RegExp][];
};

export const pf = "eno51";
const domain = "z-k8s-n-1";

const resources = (vf: Record<string, Input>, vlan = 42): Declared[] => [
  { type: "HostSetup", name: "setup", inputs: { apparmorVfioRule: true } },
  { type: "VfConfig", name: "vfs", inputs: { pf, numVfs: 3, vfs: [{ index: 2, ...vf }] } },
  { type: "SriovNetwork", name: "pool", inputs: { name: "pool-scenario", pf: { of: "vfs.pfName" } } },
  { type: "VmSriovInterface", name: "nic", inputs: { domain, network: { of: "pool.name" }, vlan } },
];

const numVfs = `cat /sys/class/net/${pf}/device/sriov_numvfs`;
const definition = `virsh dumpxml --inactive ${domain}`;
const vf2 = `ip link show ${pf} | grep 'vf 2'`;

export const scenario: Step[] = [
  {
    title: "makes VFs, a pool and an interface",
    resources: resources({ vlan: 100 }),
    planned: ["create nic", "create pool", "create setup", "create vfs"],
    host: [
      [numVfs, /^3$/],
      [vf2, /vlan 100\b/],
      ["virsh net-info pool-scenario", /Active: +yes/],
      [definition, /<source network='pool-scenario'\/>[^]*<tag id='42'\/>/],
    ],
  },
  {
    title: "changes in place what the program changed, mends what was changed by hand, and leaves the rest alone",
    resources: resources({ vlan: 100, trust: true }, 43),
    byHand: `ip link set ${pf} vf 2 vlan 7 && virsh -q net-destroy pool-scenario`,
    planned: ["update nic", "update pool", "update vfs"],
    host: [
      [vf2, /vlan 100\b.*trust on/],
      ["virsh net-info pool-scenario", /Active: +yes/],
      [definition, /<tag id='43'\/>/],
    ],
  },
];
