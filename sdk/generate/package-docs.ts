// What the package's reference says beside the models: a resource's equivalent by hand, examples, and how to import.
import type { ResourceName } from "../../provider/resources/registry.js";
import { type Example, exampleText, ref } from "./example-languages.js";

export const packageText =
  "Speaks libvirt's own RPC protocol and reads sysfs and iproute2: nothing is installed on the host but what is declared.";

type ResourceDocs = { text: string; examples: Example[]; imports: { id: string; comment: string }[] };

const docs: Record<ResourceName, ResourceDocs> = {
  VfConfig: {
    text: "Equivalent to: `echo 7 > /sys/class/net/eno49/device/sriov_numvfs`, `ip link set eno49 up`, `ip link set eno49 vf 6 vlan 100` and a systemd unit that does the same at boot; but VFs that a running VM holds are never destroyed.",
    examples: [
      {
        title: "Seven VFs, now and after every reboot",
        resources: [
          {
            variable: "vfs",
            type: "VfConfig",
            name: "eno49",
            properties: { pf: "eno49", numVfs: 7, vfs: [{ index: 6, vlan: 100, maxTxRate: 500 }] },
          },
        ],
      },
      {
        title: "On a host of its own",
        resources: [
          {
            variable: "vfs",
            type: "VfConfig",
            name: "kvm2-eno49",
            properties: { host: { uri: "qemu+ssh://root@kvm2/system" }, pf: "eno49", numVfs: 7 },
          },
        ],
      },
    ],
    imports: [
      { id: "kvm1/0000:04:00.0", comment: "the host, and the PF by its PCI address" },
      { id: "kvm1/eno49", comment: "or by its netdev" },
    ],
  },
  SriovNetwork: {
    text: "Equivalent to: `virsh net-define`, `virsh net-autostart` and `virsh net-start`; but a pool that VMs take VFs from is never stopped. See https://libvirt.org/formatnetwork.html.",
    examples: [
      {
        title: "A pool of a PF's VFs",
        resources: [
          { variable: "vfs", type: "VfConfig", name: "eno49", properties: { pf: "eno49", numVfs: 7 } },
          {
            variable: "pool",
            type: "SriovNetwork",
            name: "pool-eno49",
            properties: { pf: ref("vfs", "pfName"), portgroups: [{ name: "storage", vlan: 42 }] },
          },
        ],
      },
    ],
    imports: [
      { id: "kvm1/pool-eno49", comment: "the host, and the libvirt network by its name" },
      { id: "kvm1/8e7a0f6c-1c7c-4c1f-9e0b-3b7f4f7f1a11", comment: "or by its UUID" },
    ],
  },
  VmSriovInterface: {
    text: "Equivalent to: `virsh attach-device VM interface.xml --config --live`; but a detach waits until the guest has let go. See https://libvirt.org/formatdomain.html#network-interfaces.",
    examples: [
      {
        title: "A VF of a pool in a VM, in VLAN 42",
        resources: [
          {
            variable: "nic",
            type: "VmSriovInterface",
            name: "web-data",
            properties: { domain: "web", network: "pool-eno49", vlan: 42 },
          },
        ],
      },
    ],
    imports: [
      { id: "kvm1/web/ua-sriov-web-data", comment: "the host, the VM, and the interface by its alias" },
      { id: "kvm1/web/52:54:00:12:34:56", comment: "or by its MAC address; it needs an alias that starts with `ua-`" },
    ],
  },
  HostSetup: {
    text: "Where it says nothing of something, that is left alone.",
    examples: [
      {
        title: "A host with AppArmor",
        resources: [
          { variable: "setup", type: "HostSetup", name: "kvm1", properties: { apparmorVfioRule: true } },
          {
            variable: "pool",
            type: "SriovNetwork",
            name: "pool-eno49",
            properties: { pf: "eno49" },
            dependsOn: ["setup"],
          },
        ],
      },
    ],
    imports: [{ id: "kvm1/setup", comment: "the host" }],
  },
};

export function resourceText(name: ResourceName, description: string): string {
  const { text, examples, imports } = docs[name];
  const shown = examples.map(
    (example) => `{{% example %}}\n### ${example.title}\n\n${exampleText(example)}\n{{% /example %}}`,
  );
  const example = examples.flatMap(({ resources }) => resources).find(({ type }) => type === name);
  const lines = imports.map(
    ({ id, comment }) => `# ${comment}\n$ pulumi import sriov:index:${name} ${example?.name} ${id}`,
  );
  return [
    description,
    text,
    `{{% examples %}}\n## Example Usage\n\n${shown.join("\n\n")}\n{{% /examples %}}`,
    `## Import\n\n\`\`\`sh\n${lines.join("\n\n")}\n\`\`\`\n\nThe part before the first \`/\` is the host as an SSH address: \`kvm1\`, \`root@kvm1\`, \`root@kvm1:2222\`. For the host that the provider is configured for (\`sriov:uri\`) its settings are used.`,
  ].join("\n\n");
}

export const functionText = (description: string): string => description;
