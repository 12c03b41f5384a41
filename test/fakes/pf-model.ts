// A PF as its driver and the kernel behave, as far as a plan can tell: for thousands of plans, where the fake host with its
// real shell would take hours. What a driver refuses is an error here.
import { parsePciAddress } from "../../provider/base/pci-address.js";
import type { PfFacts, VfFacts } from "../../provider/host/sysfs/pf.js";
import { driverNamed } from "../../provider/resources/vf-config/capabilities.js";
import type { Current } from "../../provider/resources/vf-config/current.js";
import type { Step } from "../../provider/resources/vf-config/steps.js";

/** A VF that nobody has touched. */
export function newVf(index: number): VfFacts {
  return {
    index,
    pciAddress: parsePciAddress(`0000:01:${(16 + Math.floor(index / 4)).toString(16)}.${(index % 4) * 2}`),
    driver: "igbvf",
    mac: "00:00:00:00:00:00",
    vlan: 0,
    qos: 0,
    vlanProto: "802.1Q",
    spoofchk: true,
    trust: false,
    linkState: "auto",
    maxTxRate: 0,
    minTxRate: 0,
    queryRss: false,
    uppers: [],
    vfioHolders: [],
  };
}

const newVfs = (count: number): VfFacts[] => Array.from({ length: count }, (_, index) => newVf(index));

/** The host after a step. */
export function carriedOut(current: Current, step: Step): Current {
  const { pf } = current;
  const withPf = (change: Partial<PfFacts>): Current => ({ ...current, pf: { ...pf, ...change } });
  switch (step.do) {
    case "set-pf-up":
      return withPf({ isUp: true });
    case "set-pf-down":
      return withPf({ isUp: false });
    case "set-mtu":
      return withPf({ mtu: step.to });
    case "set-drivers-autoprobe":
      return withPf({ driversAutoprobe: step.to });
    case "set-num-vfs":
      return withPf(afterCount(pf, step));
    case "set-eswitch-mode":
      return withPf(afterMode(pf, step));
    case "wait-for-vfs":
      return current;
    case "install-boot-plan":
      return { ...current, persistence: { planLines: [...step.lines], isEnabled: true } };
    case "remove-boot-plan":
      return { ...current, persistence: { isEnabled: false } };
    case "install-boot-file":
    case "remove-boot-file":
      return current;
    case "set-vf-mac":
    case "set-vf-vlan":
    case "set-vf-spoofchk":
    case "set-vf-trust":
    case "set-vf-link-state":
    case "set-vf-query-rss":
    case "set-vf-max-tx-rate":
    case "set-vf-min-tx-rate":
      return withPf({ vfs: pf.vfs.map((vf) => (vf.index === step.vf ? afterAttribute(vf, step) : vf)) });
  }
}

function afterCount(pf: PfFacts, step: Extract<Step, { do: "set-num-vfs" }>): Partial<PfFacts> {
  const driver = driverNamed(pf.driver);
  if (step.from !== pf.numVfs) throw new Error(`the plan takes the PF for one with ${step.from} VFs`);
  if (step.to === pf.numVfs) throw new Error("a number that is there already");
  // bnxt_en says yes and makes none.
  const made = driver?.needsPfUp && !pf.isUp ? 0 : step.to;
  const isLost = driver?.eswitch === "after-vfs" && pf.numVfs > 0;
  // netdevsim remembers its VFs.
  const kept = driver?.keepsAttributes ? pf.vfs : [];
  return {
    numVfs: made,
    vfs: newVfs(made).map((vf) => kept[vf.index] ?? vf),
    ...(isLost && pf.eswitchMode !== undefined ? { eswitchMode: "legacy" } : {}),
  };
}

function afterMode(pf: PfFacts, step: Extract<Step, { do: "set-eswitch-mode" }>): Partial<PfFacts> {
  const order = driverNamed(pf.driver)?.eswitch;
  if (pf.eswitchMode === step.to) throw new Error("the mode that it has: Invalid argument (bnxt_en)");
  if (order === "without-vfs" && pf.numVfs > 0) throw new Error("the mode with VFs: Operation not supported (ice)");
  if (order === "unbound-vfs" && pf.numVfs > 0 && !step.unbind) throw new Error("the mode with VFs bound (mlx5)");
  // mlx5 makes another netdev.
  return { eswitchMode: step.to, ...(step.unbind ? { isUp: false } : {}) };
}

function afterAttribute(vf: VfFacts, step: Extract<Step, { vf: number }>): VfFacts {
  switch (step.do) {
    case "set-vf-mac":
      return { ...vf, mac: step.to };
    case "set-vf-vlan":
      return { ...vf, ...step.to };
    case "set-vf-spoofchk":
      return { ...vf, spoofchk: step.to };
    case "set-vf-trust":
      return { ...vf, trust: step.to };
    case "set-vf-link-state":
      return { ...vf, linkState: step.to };
    case "set-vf-query-rss":
      return { ...vf, queryRss: step.to };
    case "set-vf-max-tx-rate":
      if (step.to !== 0 && step.to < vf.minTxRate) throw new Error("a limit below what is sure: Invalid argument");
      return { ...vf, maxTxRate: step.to };
    case "set-vf-min-tx-rate":
      if (vf.maxTxRate !== 0 && step.to > vf.maxTxRate) throw new Error("more sure than the limit: Invalid argument");
      return { ...vf, minTxRate: step.to };
  }
}
