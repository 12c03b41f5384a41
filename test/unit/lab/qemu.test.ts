import assert from "node:assert/strict";
import { kernelArguments, pfOf, qemuArguments, type Machine } from "../../../lab/qemu.js";

const machine: Machine = {
  accelerator: "tcg",
  pfs: 2,
  sshPort: 2222,
  pfSshPort: 2223,
  kernel: "/cache/vmlinuz",
  initrd: "/cache/initrd",
  disk: { file: "/run/a,b/overlay.qcow2", format: "qcow2" },
  serialLog: "/run/serial.log",
  machineId: "0123456789abcdef0123456789abcdef",
  kernelArguments: ["intel_iommu=on", "iommu=pt"],
};

/** The values that follow an option, in order. */
function valuesOf(option: string, args: string[]): string[] {
  return args.flatMap((word, index) => (word === option ? [args[index + 1] ?? ""] : []));
}

const igbs = (args: string[]) => valuesOf("-device", args).filter((device) => device.startsWith("igb,"));

describe("the command line of the emulated host", () => {
  for (const pfs of [1, 2, 3, 4]) {
    it(`has ${pfs} igb, each behind a root port of its own, when ${pfs} PFs are asked for`, () => {
      const args = qemuArguments({ ...machine, pfs });
      const ports = valuesOf("-device", args).filter((device) => device.startsWith("pcie-root-port"));
      assert.equal(igbs(args).length, pfs);
      assert.equal(new Set(ports.map((port) => /addr=(\w+)/.exec(port)?.[1])).size, pfs);
      assert.deepEqual(
        igbs(args).map((igb) => /bus=(\w+)/.exec(igb)?.[1]),
        ports.map((port) => /id=(\w+)/.exec(port)?.[1]),
      );
    });
  }

  it("gives each PF the MAC address that pfOf tells", () => {
    assert.deepEqual(
      igbs(qemuArguments(machine)).map((igb) => /mac=(.*)/.exec(igb)?.[1]),
      [pfOf(0).mac, pfOf(1).mac],
    );
  });

  it("has 2 GB of memory: with 4 GB the VF mailbox of the emulated igb never answers", () => {
    assert.deepEqual(valuesOf("-m", qemuArguments(machine)), ["2G"]);
  });

  it("lets the host reboot", () => {
    assert.ok(!qemuArguments(machine).includes("-no-reboot"));
  });

  it("listens for SSH on the loopback address only", () => {
    assert.ok(valuesOf("-netdev", qemuArguments(machine)).includes("user,id=mgmt,hostfwd=tcp:127.0.0.1:2222-:22"));
  });

  it("leads a port of this machine to the first PF, and to no other", () => {
    const users = valuesOf("-netdev", qemuArguments(machine)).filter((netdev) => netdev.startsWith("user,id=n"));
    assert.deepEqual(users, [
      "user,id=n0,net=10.9.0.0/24,hostfwd=tcp:127.0.0.1:2223-10.9.0.15:22",
      "user,id=n1,net=10.9.1.0/24",
    ]);
  });

  it("doubles a comma in the disk's path, which QEMU would take for the end of it", () => {
    assert.deepEqual(valuesOf("-drive", qemuArguments(machine)), [
      "file=/run/a,,b/overlay.qcow2,format=qcow2,if=virtio,cache=unsafe",
    ]);
  });

  it("uses KVM with the I/O APIC outside the kernel, which interrupt remapping needs", () => {
    const args = qemuArguments({ ...machine, accelerator: "kvm" });
    assert.deepEqual(valuesOf("-accel", args), ["kvm"]);
    assert.deepEqual(valuesOf("-machine", args), ["q35,kernel-irqchip=split"]);
  });

  it("passes on what the boot loader adds, behind its own, and names the machine on the kernel's command line", () => {
    const words = kernelArguments(machine).split(" ");
    assert.deepEqual(words.slice(-2), ["intel_iommu=on", "iommu=pt"]);
    assert.ok(words.includes(`systemd.machine_id=${machine.machineId}`));
  });
});

describe("pfOf", () => {
  it("names the four PFs as a four-port server does", () => {
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => pfOf(index).name),
      ["eno49", "eno50", "eno51", "eno52"],
    );
  });

  it("knows the PCI address that the root ports' order gives", () => {
    assert.equal(pfOf(3).pciAddress, "0000:04:00.0");
  });
});
