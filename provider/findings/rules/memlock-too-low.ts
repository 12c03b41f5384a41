// A VF needs all of its VM's memory locked, and the VM's own limit forbids it.
import type { Rule } from "../finding.js";
import { domainsOf, poolsForStart, poolsOf } from "../inventory.js";

const GiB = 1024 ** 2;

export const memlockTooLow: Rule = {
  id: "memlock-too-low",
  explains: [/VFIO_MAP_DMA|vfio_dma_map|vfio_container_dma_map/, /RLIMIT_MEMLOCK/],
  find: (inventory) =>
    domainsOf(inventory).flatMap((domain) => {
      const { name, inactive } = domain;
      const { memoryKiB, hardLimitKiB } = inactive;
      const hasVf =
        poolsForStart(domain, poolsOf(inventory)).length > 0 ||
        inactive.interfaces.some(({ type, element }) => type === "hostdev" || element === "hostdev");
      if (!hasVf || memoryKiB === undefined || hardLimitKiB === undefined || hardLimitKiB >= memoryKiB + GiB) return [];
      const failed = (inventory.host?.qemuErrors ?? []).filter(
        (error) => error.domain === name && /MAP_DMA|dma_map|Cannot allocate/.test(error.text),
      );
      const enough = memoryKiB + GiB;
      return [
        {
          severity: hardLimitKiB < memoryKiB || failed.length > 0 ? ("error" as const) : ("warning" as const),
          about: `VM ${name}`,
          seen: [
            `virsh dumpxml --inactive ${name}: <memory> ${memoryKiB} KiB, <memtune><hard_limit> ${hardLimitKiB} KiB`,
            ...failed.map(({ text }) => `/var/log/libvirt/qemu/${name}.log: ${text}`),
          ],
          why: 'A device that writes to a VM\'s memory has all of it locked. libvirt lets QEMU lock its memory and 1 GiB, or what hard_limit says where there is one; beyond it "VFIO_MAP_DMA failed: Cannot allocate memory". hard_limit is the VM\'s cgroup\'s limit too: the kernel may kill QEMU first ("qemu unexpectedly closed the monitor").',
          remedy: `Raise the VM's limit to ${enough} KiB, or remove <hard_limit>, and start it again.`,
          command: `virsh memtune ${name} --hard-limit ${enough} --config`,
        },
      ];
    }),
};
