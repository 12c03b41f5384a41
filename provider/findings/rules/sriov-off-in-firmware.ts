// A network card whose like can have VFs, and this one says that it cannot.
import type { Rule } from "../finding.js";

/** Drivers all of whose cards have SR-IOV; of igb those two that do (82576, I350). */
const drivers = ["ixgbe", "i40e", "ice", "bnxt_en", "mlx5_core", "qede", "sfc"];
const igbIds = /^8086:(10c9|10e6|10e7|10e8|1518|1526|150a|150d|1521|1522|1523|1524)$/;

export const sriovOffInFirmware: Rule = {
  id: "sriov-off-in-firmware",
  find({ host }) {
    const off = (host?.nics ?? []).filter(
      ({ driver, id, totalVfs, isVf }) =>
        !isVf && (totalVfs ?? 0) === 0 && (drivers.includes(driver ?? "") || (driver === "igb" && igbIds.test(id))),
    );
    return off.map(({ pciAddress, netdev, driver, id, totalVfs }) => ({
      severity: "info" as const,
      about: `PF ${netdev ?? pciAddress}`,
      seen: [
        totalVfs === undefined
          ? `/sys/bus/pci/devices/${pciAddress} has no sriov_totalvfs`
          : `/sys/bus/pci/devices/${pciAddress}/sriov_totalvfs: ${totalVfs}`,
        `driver ${driver}, PCI id ${id}`,
      ],
      why: "Cards of this kind can have VFs, and the kernel sees no SR-IOV capability on this one, or room for 0 VFs.",
      remedy:
        "Enable SR-IOV in the BIOS setup (globally and for the slot) and in the card's own settings (Mellanox: mlxconfig set SRIOV_EN=1 NUM_OF_VFS=N), then boot again. Some slots and cards have none.",
    }));
  },
};
