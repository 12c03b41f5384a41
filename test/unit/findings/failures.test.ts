// What libvirt and QEMU say when a VM does not get its VF, word by word, and the finding that explains it on a host made so.
import assert from "node:assert/strict";
import type { HostInventory } from "../../../provider/findings/inventory.js";
import { explainFailure, isKnownFailure } from "../../../provider/findings/registry.js";
import { foresee } from "../../../provider/resources/forecast.js";
import { healthyInventory } from "../../fakes/healthy-inventory.js";

type Row = { cause: string; message: string; make: (inventory: HostInventory) => void; finding: string | undefined };

const denied =
  "internal error: qemu unexpectedly closed the monitor: 2026-11-23T03:00:00Z qemu-system-x86_64: -device vfio-pci,host=0000:01:10.0: vfio 0000:01:10.0: failed to open /dev/vfio/9: Permission denied";
const db = (inventory: HostInventory) => {
  if (!inventory.libvirt.answers) throw new Error("no libvirt");
  const domain = inventory.libvirt.domains.find(({ name }) => name === "db");
  if (!domain) throw new Error("no db");
  return domain;
};
const host = (inventory: HostInventory) => {
  if (!inventory.host) throw new Error("no host");
  return inventory.host;
};

const rows: Row[] = [
  {
    cause: "AppArmor",
    message: denied,
    make: (inventory) => void (inventory.apparmor!.hasRule = false),
    finding: "apparmor-no-vfio-rule",
  },
  {
    cause: "DAC, dynamic_ownership",
    message: denied,
    make: (inventory) => void (host(inventory).qemuConf = [{ line: 1, text: "dynamic_ownership = 0" }]),
    finding: "dynamic-ownership-off",
  },
  {
    cause: "SELinux",
    message: denied,
    make: (inventory) => {
      host(inventory).selinux = "enforcing";
      host(inventory).denials = ['avc:  denied  { open } for comm="qemu-kvm" path="/dev/vfio/9"'];
    },
    finding: "selinux-denied",
  },
  { cause: "nothing that is seen", message: denied, make: () => undefined, finding: undefined },
  {
    cause: "cgroup device ACL",
    message:
      "internal error: process exited while connecting to monitor: Could not access KVM kernel module: /dev/kvm: Operation not permitted",
    make: (inventory) => void (host(inventory).qemuConf = [{ line: 1, text: 'cgroup_device_acl = [ "/dev/null" ]' }]),
    finding: "cgroup-device-acl",
  },
  {
    cause: "memlock, QEMU 7.2",
    message: "internal error: qemu unexpectedly closed the monitor: VFIO_MAP_DMA failed: Cannot allocate memory",
    make: (inventory) => void (db(inventory).inactive.hardLimitKiB = 1_000_000),
    finding: "memlock-too-low",
  },
  {
    cause: "memlock, QEMU 10.0",
    message:
      "vfio 0000:01:10.0: failed to setup container for group 9: memory listener initialization failed: Region pc.ram: vfio_dma_map(0x1, 0x0, 0x80000000, 0x2) = -12 (Cannot allocate memory)",
    make: (inventory) => void (db(inventory).inactive.hardLimitKiB = 1_000_000),
    finding: "memlock-too-low",
  },
  {
    cause: "no IOMMU",
    message: "unsupported configuration: host doesn't support passthrough of host PCI devices",
    make: (inventory) => void (host(inventory).iommuGroups = 0),
    finding: "iommu-off",
  },
  {
    cause: "no IOMMU, the other words, and none in the firmware",
    message: "unsupported configuration: host doesn't support VFIO PCI passthrough",
    make: (inventory) => Object.assign(host(inventory), { iommuGroups: 0, acpiTables: [] }),
    finding: "iommu-firmware-off",
  },
  {
    cause: "group not viable",
    message:
      "vfio 0000:01:10.2: group 91 is not viable. Please ensure all devices within the iommu_group are bound to their vfio bus driver.",
    make: (inventory) =>
      void (host(inventory).groupMembers = [
        { group: 91, pciAddress: "0000:01:10.2", driver: "vfio-pci", pciClass: "0x020000" },
        { group: 91, pciAddress: "0000:02:00.0", driver: "nvme", pciClass: "0x010802" },
      ]),
    finding: "iommu-group-not-viable",
  },
  {
    cause: "ACS",
    message: "unsupported configuration: Device 0000:01:10.0 is behind a switch lacking ACS and cannot be assigned",
    make: () => undefined,
    finding: "no-acs",
  },
  {
    cause: "VF in use",
    message: "Requested operation is not valid: PCI device 0000:01:10.0 is in use by driver QEMU, domain web",
    make: (inventory) =>
      void (db(inventory).inactive.interfaces = [
        { element: "interface", type: "hostdev", sourceAddress: "0000:01:10.0" as never, managed: true, xml: "" },
      ]),
    finding: "vf-held",
  },
  {
    cause: "migration",
    message: "Requested operation is not valid: cannot migrate a domain with <hostdev mode='subsystem' type='pci'>",
    make: () => undefined,
    finding: "hostdev-blocks-migration",
  },
  {
    cause: "PF down",
    message:
      "internal error: Unable to configure VF 0 of PF 'eno49' because the PF is not online. Please change host network config to put the PF online.",
    make: (inventory) => void (inventory.pfs[0]!.isUp = false),
    finding: "pf-down",
  },
  {
    cause: "pool stopped",
    message: "Requested operation is not valid: network 'pool' is not active",
    make: (inventory) => {
      if (inventory.libvirt.answers) inventory.libvirt.networks[0]!.isActive = false;
    },
    finding: "pool-inactive",
  },
];

describe("a failure that libvirt reports", () => {
  for (const { cause, message, make, finding } of rows) {
    it(`is explained by ${finding ?? "no finding"}: ${cause}`, () => {
      const inventory = healthyInventory();
      make(inventory);
      assert.ok(isKnownFailure(message));
      assert.deepEqual(
        explainFailure(inventory, message).map(({ id }) => id),
        finding === undefined ? [] : [finding],
      );
    });
  }

  it("that is about something else is not explained", () => {
    assert.equal(isKnownFailure("Domain not found: no domain with matching name 'web'"), false);
  });
});

describe("a preview of an interface", () => {
  const asked = { domain: "db", network: "pool" };
  const ids = (change: (inventory: HostInventory) => void, wanted = asked as Parameters<typeof foresee>[1]) => {
    const inventory = healthyInventory();
    change(inventory);
    return foresee(inventory, wanted).map(({ id }) => id);
  };

  it("foresees nothing on a healthy host", () => {
    assert.deepEqual(
      ids(() => undefined),
      [],
    );
  });

  it("foresees no IOMMU, a PF that is down, file owners", () => {
    assert.deepEqual(
      ids((inventory) => {
        Object.assign(host(inventory), { iommuGroups: 0, qemuConf: [{ line: 1, text: "dynamic_ownership = 0" }] });
        inventory.pfs[0]!.isUp = false;
      }),
      ["iommu-off", "dynamic-ownership-off", "pf-down"],
    );
  });

  it("foresees too low a limit of this VM, which has no VF yet, and not that of another", () => {
    const low = (inventory: HostInventory) => {
      db(inventory).inactive.hardLimitKiB = 1_000_000;
      db(inventory).inactive.interfaces = [];
    };
    assert.deepEqual(ids(low), ["memlock-too-low"]);
    assert.deepEqual(ids(low, { domain: "web", network: "pool" }), []);
  });

  it("does not care about a PF that the VF is not of", () => {
    assert.deepEqual(
      ids((inventory) => void (inventory.pfs[0]!.isUp = false), { domain: "db", network: "other" }),
      [],
    );
  });
});
