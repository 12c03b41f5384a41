// A host without findings: one PF with two VFs, its pool, a VM that has one of them and one that is shut off.
import type { HostInventory } from "../../provider/findings/inventory.js";
import type { PciAddress } from "../../provider/base/pci-address.js";
import type { MacAddress } from "../../provider/base/mac.js";

const vf = (index: number) => ({
  index,
  pciAddress: `0000:01:10.${index * 2}` as PciAddress,
  driver: index === 0 ? "vfio-pci" : "igbvf",
  iommuGroup: 90 + index,
  vlan: 0,
  qos: 0,
  maxTxRate: 0,
  minTxRate: 0,
  uppers: [],
  vfioHolders: index === 0 ? [{ path: "/dev/vfio/90", pid: 4711, guest: "web", process: "qemu-system-x86" }] : [],
});

const domain = (name: string) => ({
  name,
  uuid: name,
  type: "kvm",
  hasOsBoot: false,
  securityLabels: [],
  bootOrders: [],
  freeRootPorts: 2,
  memoryKiB: 4_194_304,
  interfaces: [
    { element: "interface" as const, type: "network", network: "pool", managed: false, xml: "<interface/>" },
  ],
});

export const healthyInventory = (): HostInventory => ({
  host: {
    cpuVendor: "GenuineIntel",
    cmdline: "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet intel_iommu=on iommu=pt",
    iommuGroups: 93,
    iommuUnits: ["dmar0"],
    acpiTables: ["DMAR"],
    remappedInterrupt: "IR-PCI-MSI",
    allowsUnsafeInterrupts: false,
    vfioPci: "loaded",
    modulesDisabled: false,
    groupMembers: [],
    nics: [{ pciAddress: "0000:01:00.0", driver: "igb", id: "8086:10c9", netdev: "eno49", totalVfs: 7, isVf: false }],
    qemuConf: [],
    services: [
      { unit: "libvirtd.service", loaded: true, active: "active", enabled: "enabled" },
      { unit: "libvirtd.socket", loaded: true, active: "active", enabled: "enabled" },
      { unit: "virtqemud.socket", loaded: false, active: "inactive", enabled: "" },
    ],
    user: { name: "root", uid: 0, groups: ["root"] },
    selinux: "absent",
    denials: [],
    qemuErrors: [],
    vfioNodes: [],
  },
  apparmor: {
    apparmor: "enabled",
    ruleFile: "/etc/apparmor.d/local/abstractions/libvirt-qemu",
    ruleFileText: "/dev/vfio/[0-9]* rw,\n",
    hasRule: true,
  },
  pfs: [
    {
      pciAddress: "0000:01:00.0" as PciAddress,
      netdev: "eno49",
      altnames: ["enp1s0"],
      driver: "igb",
      totalVfs: 7,
      numVfs: 2,
      isUp: true,
      hasCarrier: true,
      vfs: [vf(0), vf(1)],
    },
  ] as unknown as HostInventory["pfs"],
  libvirt: {
    answers: true,
    version: 9_000_000,
    securityModels: ["apparmor", "dac"],
    networks: [
      {
        name: "pool",
        isActive: true,
        inactive: network({ pf: "eno49" }),
        live: network({ addresses: ["0000:01:10.0" as PciAddress, "0000:01:10.2" as PciAddress] }),
        ports: [
          {
            uuid: "port",
            owner: { name: "web", uuid: "web" },
            mac: "52:54:00:00:00:01" as MacAddress,
            plug: "hostdev-pci",
            address: "0000:01:10.0" as PciAddress,
          },
        ],
      },
      { name: "default", isActive: true, inactive: { ...network({}), name: "default", mode: "nat" }, ports: [] },
    ],
    domains: [
      {
        name: "web",
        isActive: true,
        inactive: domain("web"),
        live: {
          ...domain("web"),
          interfaces: [
            {
              element: "interface",
              type: "hostdev",
              sourceAddress: "0000:01:10.0" as PciAddress,
              managed: true,
              xml: "<interface/>",
            },
          ],
        },
      },
      { name: "db", isActive: false, inactive: domain("db") },
    ],
  },
});

function network(more: { pf?: string; addresses?: PciAddress[] }) {
  return {
    name: "pool",
    mode: "hostdev",
    managed: true,
    addresses: [],
    netdevs: [],
    portgroups: [],
    connections: 0,
    metadata: [],
    ...more,
  };
}
