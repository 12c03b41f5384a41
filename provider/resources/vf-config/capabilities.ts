// What each PF driver can do with its VFs, as data: checks at preview, the order of steps and docs/vf-config.md are made of
// it. Read in Linux 6.12 (the file is named with each driver); what the lab showed is said so. A driver that is not in here
// is asked to do everything.
import type { VfAttribute } from "./model.js";

/**
 * When the eswitch mode can change. `without-vfs`: only while there are none. `unbound-vfs`: after the VFs are made, while
 * none has a driver. `after-vfs`: with VFs as they are; it goes back to legacy when they go.
 */
export type EswitchOrder = "without-vfs" | "unbound-vfs" | "after-vfs";

/** One thing that a driver does not do, or does in its own way. */
export type Limit = {
  attribute: VfAttribute;
  /** `refused` cannot work, and is a failure at preview. `caution` works, with an effect that a person should know. */
  kind: "refused" | "caution";
  reason: string;
  /** Only these values; without it all. `above`: only numbers above it. */
  values?: readonly (string | boolean)[];
  above?: number;
  below?: number;
  /** Only these PCI devices, or all but these. */
  devices?: readonly string[];
  exceptDevices?: readonly string[];
  mode?: "switchdev";
};

export type Driver = {
  /** For people. */
  cards: string;
  source: string;
  eswitch?: EswitchOrder;
  /** No VFs are made while the PF is down, although the write succeeds. */
  needsPfUp?: boolean;
  /** A rate above the link's speed is refused, and any rate without link. */
  limitsRateToSpeed?: boolean;
  /** Turns spoof checking on in hardware whenever the PF comes up or changes its MTU, and still says off. */
  forgetsSpoofchkOff?: boolean;
  /** VFs that are made anew have the attributes that VFs of that index had before. */
  keepsAttributes?: boolean;
  /** What it never reports, and so cannot be read back. */
  unreported?: readonly VfAttribute[];
  /** What makes the VF reset, under whoever uses it. */
  resetsVf?: readonly VfAttribute[];
  /** What changing the number of VFs does to the PF's own link. */
  flaps?: boolean;
  limits: readonly Limit[];
};

const no8021ad: Limit = {
  attribute: "vlanProto",
  kind: "refused",
  values: ["802.1ad"],
  reason: "it takes 802.1Q only (EPROTONOSUPPORT)",
};
const noMinTxRate: Limit = {
  attribute: "minTxRate",
  kind: "refused",
  above: 0,
  reason: "it takes no min_tx_rate (EINVAL)",
};
const noQueryRss: Limit = { attribute: "queryRss", kind: "refused", reason: "it takes no query_rss (EOPNOTSUPP)" };

/** PCI device ids with the 82576's MAC (drivers/net/ethernet/intel/igb/e1000_hw.h). */
const igb82576 = ["0x10c9", "0x150a", "0x10e6", "0x10e7", "0x10e8", "0x150d", "0x1526", "0x1518"];
/** 82599 and X540 (drivers/net/ethernet/intel/ixgbe/ixgbe_type.h). */
const ixgbe82599 = [
  ...["0x10f7", "0x10f8", "0x10f9", "0x10fb", "0x10fc", "0x10d8", "0x1507", "0x1508", "0x1514", "0x1517"],
  ...["0x151c", "0x1529", "0x152a", "0x154a", "0x154d", "0x154f", "0x1557", "0x1558"],
];
const ixgbeX540 = ["0x1528", "0x1560"];

export const drivers = {
  igb: {
    cards: "Intel 82576, I350",
    source: "drivers/net/ethernet/intel/igb/igb_main.c; the lab",
    limitsRateToSpeed: true,
    forgetsSpoofchkOff: true,
    flaps: true,
    limits: [
      no8021ad,
      noMinTxRate,
      noQueryRss,
      {
        attribute: "maxTxRate",
        kind: "refused",
        above: 0,
        exceptDevices: igb82576,
        reason: "only the 82576 takes it (EOPNOTSUPP)",
      },
      {
        attribute: "linkState",
        kind: "refused",
        values: ["enable", "disable"],
        reason: 'it has no link state of VFs, which is always "auto" (EOPNOTSUPP)',
      },
    ],
  },
  ixgbe: {
    cards: "Intel 82599, X540, X550",
    source: "drivers/net/ethernet/intel/ixgbe/ixgbe_sriov.c",
    limitsRateToSpeed: true,
    resetsVf: ["trust", "linkState"],
    flaps: true,
    limits: [
      no8021ad,
      noMinTxRate,
      {
        ...noQueryRss,
        exceptDevices: [...ixgbe82599, ...ixgbeX540],
        reason: "only 82599 and X540 take it (EOPNOTSUPP)",
      },
      {
        attribute: "linkState",
        kind: "refused",
        values: ["enable"],
        reason: "it says yes and does nothing",
      },
      {
        attribute: "maxTxRate",
        kind: "refused",
        above: 0,
        below: 11,
        reason: "it takes 0, or 11 and more (EINVAL)",
      },
    ],
  },
  i40e: {
    cards: "Intel X710, XL710, XXV710, X722",
    source: "drivers/net/ethernet/intel/i40e/i40e_virtchnl_pf.c",
    limitsRateToSpeed: true,
    resetsVf: ["mac", "vlan", "qos", "trust", "linkState"],
    flaps: true,
    limits: [
      no8021ad,
      noMinTxRate,
      noQueryRss,
      {
        attribute: "maxTxRate",
        kind: "caution",
        above: 0,
        reason: "the hardware limits in steps of 50 Mbit/s, and what is read back is what was asked",
      },
    ],
  },
  ice: {
    cards: "Intel E810, E822, E823, E830",
    source: "drivers/net/ethernet/intel/ice/ice_sriov.c, ice_eswitch.c",
    eswitch: "without-vfs",
    resetsVf: ["mac", "vlan", "qos", "vlanProto", "trust"],
    limits: [
      noQueryRss,
      {
        attribute: "vlanProto",
        kind: "caution",
        values: ["802.1ad"],
        reason: "it takes it only in double VLAN mode, which its firmware has to offer",
      },
      { attribute: "minTxRate", kind: "caution", above: 0, reason: "it does not take it while DCB is on" },
      {
        attribute: "trust",
        kind: "refused",
        mode: "switchdev",
        reason: "in switchdev mode it takes no trust (EOPNOTSUPP)",
      },
    ],
  },
  mlx5_core: {
    cards: "NVIDIA ConnectX-4 and newer",
    source: "drivers/net/ethernet/mellanox/mlx5/core/eswitch.c, eswitch_offloads.c",
    eswitch: "unbound-vfs",
    limits: [
      no8021ad,
      noQueryRss,
      {
        attribute: "vlan",
        kind: "refused",
        above: 0,
        mode: "switchdev",
        reason: "in switchdev mode a VLAN is a rule on the representor (EOPNOTSUPP)",
      },
      {
        attribute: "trust",
        kind: "refused",
        mode: "switchdev",
        reason: "in switchdev mode it takes no trust (EOPNOTSUPP)",
      },
      {
        attribute: "spoofchk",
        kind: "refused",
        mode: "switchdev",
        reason: "in switchdev mode it takes no spoofchk (EOPNOTSUPP)",
      },
      {
        attribute: "mac",
        kind: "caution",
        reason: "a VF that has its driver shows the new address only once the driver is loaded again",
      },
    ],
  },
  bnxt_en: {
    cards: "Broadcom NetXtreme-C/E",
    source: "drivers/net/ethernet/broadcom/bnxt/bnxt_sriov.c, bnxt_vfr.c",
    eswitch: "after-vfs",
    needsPfUp: true,
    limitsRateToSpeed: true,
    unreported: ["vlanProto"],
    limits: [
      noQueryRss,
      {
        attribute: "vlanProto",
        kind: "caution",
        values: ["802.1ad"],
        reason: "its firmware has to know it, and it is not read back",
      },
    ],
  },
  netdevsim: {
    cards: "the kernel's simulated card, for tests",
    source: "drivers/net/netdevsim/netdev.c, bus.c; the lab",
    eswitch: "after-vfs",
    keepsAttributes: true,
    limits: [
      {
        attribute: "maxTxRate",
        kind: "refused",
        mode: "switchdev",
        reason: "in switchdev mode it takes no rates (EOPNOTSUPP)",
      },
      {
        attribute: "minTxRate",
        kind: "refused",
        mode: "switchdev",
        reason: "in switchdev mode it takes no rates (EOPNOTSUPP)",
      },
    ],
  },
} as const satisfies Record<string, Driver>;

/** The driver's row; undefined for one that nobody has read. */
export const driverNamed = (name: string | undefined): Driver | undefined =>
  name !== undefined && Object.hasOwn(drivers, name) ? drivers[name as keyof typeof drivers] : undefined;
