// The command line of the emulated host's QEMU. Pure: what a machine is made of, and why, without starting it.
import { labArguments } from "./boot-loader.js";

export type Accelerator = "kvm" | "tcg";

export type Machine = {
  accelerator: Accelerator;
  /** SR-IOV capable PFs, 1 to 4. */
  pfs: number;
  sshPort: number;
  /** Leads to port 22 of 10.9.0.15, an address that the host may give to its first PF or to something above it. */
  pfSshPort?: number;
  kernel: string;
  initrd: string;
  disk: { file: string; format: "raw" | "qcow2" };
  serialLog: string;
  /** 32 hex digits: the host's identity, the same after a reset. */
  machineId: string;
  /** What the host's boot loader passes to the kernel, besides what the lab needs itself. */
  kernelArguments: readonly string[];
};

export const MAX_PFS = 4;

/** The n-th PF (from 0), as the host will see it. The image's .link files give the names. */
export function pfOf(index: number): { name: string; pciAddress: string; mac: string } {
  return {
    name: `eno${49 + index}`,
    pciAddress: `0000:0${index + 1}:00.0`,
    mac: `52:54:00:00:${49 + index}:00`,
  };
}

/** What the boot loader adds goes last: of an argument that comes twice the kernel takes the last. */
export const kernelArguments = ({ machineId, kernelArguments: added }: Machine): string =>
  [...labArguments(machineId), ...added].join(" ");

export function qemuArguments(machine: Machine): string[] {
  const { accelerator, disk } = machine;
  return [
    ...(accelerator === "kvm"
      ? // Interrupt remapping of the emulated IOMMU needs the I/O APIC outside the kernel.
        ["-accel", "kvm", "-cpu", "host", "-machine", "q35,kernel-irqchip=split", "-smp", "2"]
      : // One CPU: all of TCG's threads share one of the machine's (see host-process.ts), and once in some 25 boots the second
        // one's timer was silent after a reboot, so that the host hung.
        ["-accel", "tcg,thread=multi", "-cpu", "max", "-machine", "q35", "-smp", "1"]),
    // Not 4G: above 3 GB of RAM the VF mailbox of the emulated igb never answers (QEMU 10.0: 3 of 3 runs).
    ...["-m", "2G"],
    ...["-display", "none", "-monitor", "none", "-nodefaults"],
    ...["-serial", `file:${machine.serialLog}`],
    ...["-kernel", machine.kernel, "-initrd", machine.initrd, "-append", kernelArguments(machine)],
    ...["-device", "intel-iommu,intremap=on,caching-mode=on,device-iotlb=on"],
    // unsafe: a lab that dies is started afresh, so nothing has to reach the platters.
    ...["-drive", `file=${escapeComma(disk.file)},format=${disk.format},if=virtio,cache=unsafe`],
    ...["-netdev", `user,id=mgmt,hostfwd=tcp:127.0.0.1:${machine.sshPort}-:22`],
    ...["-device", "virtio-net-pci,netdev=mgmt,addr=0x3"],
    ...["-device", "virtio-rng-pci,addr=0x2"],
    ...Array.from({ length: machine.pfs }, (_, index) => pfArguments(index, machine.pfSshPort)).flat(),
  ];
}

/** A root port and an igb (Intel 82576: 7 VFs) behind it; the port's number decides the PF's PCI bus. */
function pfArguments(index: number, sshPort: number | undefined): string[] {
  const slot = index + 1;
  // The way in for tests of what happens to a connection when the PF under it goes down.
  const forward = index === 0 && sshPort !== undefined ? `,hostfwd=tcp:127.0.0.1:${sshPort}-10.9.0.15:22` : "";
  return [
    ...[
      "-device",
      `pcie-root-port,id=rp${index},bus=pcie.0,addr=0x${(4 + index).toString(16)},chassis=${slot},slot=${slot}`,
    ],
    ...["-netdev", `user,id=n${index},net=10.9.${index}.0/24${forward}`],
    ...["-device", `igb,bus=rp${index},netdev=n${index},mac=${pfOf(index).mac}`],
  ];
}

/** QEMU's option lists end at a comma; a doubled one stands for itself. */
const escapeComma = (text: string) => text.replaceAll(",", ",,");
