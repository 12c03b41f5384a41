// What the VM, the host and the rest of the program say to the inputs of a VmSriovInterface. Pure: index.ts asks the host.
import type { DomainInterface } from "../../libvirt/xml/interface.js";
import type { Failure } from "../lifecycle.js";
import { listed } from "../model-failures.js";
import type { DeclaredInterface } from "../program.js";
import { type Current, halvesOf } from "./current.js";
import type { VmSriovInterfaceInputs } from "./model.js";
import { mayRestart, plan, targetsOf } from "./plan.js";

/** What was found out about the network, the VF and the host's AppArmor; undefined where nothing is to be said. */
export type Surroundings = {
  hostName: string;
  /** The pool; `declared`: this program makes it, so libvirt need not have it yet. */
  pool?: {
    isDeclared: boolean;
    found?: { mode: string | undefined; portgroups: string[]; isActive: boolean };
    /** libvirt's forward mode, of the host's network or of this program's. */
    mode?: string | undefined;
    /** The names of the portgroups that it has or will have; undefined when that is not known. */
    portgroups: readonly string[] | undefined;
    /** The portgroup or the network gives the interface a trunk of VLANs. */
    isTrunk: boolean;
    others: string[];
    /** How many VFs it hands out; undefined when that is not known yet. */
    size: number | undefined;
    /** Who has one: `VM web (52:54:00:...)`. Without this interface. */
    users: string[];
  };
  vf?: {
    isVf: boolean;
    isPromised: boolean;
    user: string | undefined;
    /** Active networks that hand it out too. */
    pools: readonly string[];
  };
  /** AppArmor would keep the VM from a VF of a pool. */
  isBlockedByAppArmor: boolean;
  /** This program's other interfaces on the host. */
  declared: readonly DeclaredInterface[];
  /** Networks of this program that list the VF. */
  declaredPools: readonly string[];
};

/** Failures, and what is only worth a warning. */
export function checkOnHost(
  inputs: VmSriovInterfaceInputs,
  current: Current,
  around: Surroundings,
): { failures: Failure[]; warnings: string[] } {
  const failures: Failure[] = [];
  const warnings: string[] = [];
  const name = current.domain.name;
  const halves = halvesOf(current, inputs.alias);
  const targets = targetsOf(inputs.apply, current);
  const attachesLive = targets.live && !halves.live;

  if (inputs.apply === "live" && !current.isActive) {
    failures.push({ property: "apply", reason: `expected a running VM for "live", and VM "${name}" is shut off` });
  }
  const double = [...current.inactive.interfaces, ...(current.live?.interfaces ?? [])].find(
    (other) => other.mac === inputs.mac && other.alias !== inputs.alias && !isPartner(inputs, other),
  );
  if (current.isPersistent && double === undefined && inputs.bootOrder !== undefined)
    failures.push(...wrongBootOrder(inputs, current));
  if (!current.isPersistent && inputs.apply === "config") {
    const reason = `VM "${name}" is transient, and has no definition: expected apply "auto" or "live"`;
    failures.push({ property: "apply", reason });
  }
  if (double)
    failures.push({ property: "mac", reason: `another interface of VM "${name}" has the MAC address ${inputs.mac}` });
  const steps = plan(inputs, current);
  const plugs = steps.some((step) => step.do === "attach" && step.live);
  const others = around.declared.filter(
    (other) =>
      other.plugs && other.domain === name && !current.live?.interfaces.some(({ alias }) => alias === other.alias),
  );
  const ports = current.live?.freeRootPorts;
  const isFull = attachesLive && ports !== undefined && ports <= others.length;
  if (steps.some((step) => step.do === "restart") || (isFull && mayRestart(inputs, current))) {
    warnings.push(`VM "${name}" will be shut down and started again: it has no free PCIe root port to plug a VF into`);
  } else if (plugs && isFull) {
    failures.push({
      property: "domain",
      reason: `VM "${name}" runs and has no free PCIe root port to plug a VF into${
        others.length > 0
          ? ` (${listed(
              others.map(({ alias }) => alias),
              "and",
            )} of this program takes the last)`
          : ""
      }. Add pcie-root-port controllers to its definition, set restartDomain: "ifNeeded", or set apply: "config" and restart it`,
    });
  }
  failures.push(...checkPool(inputs, around, attachesLive, warnings), ...checkVf(inputs, around, warnings));
  failures.push(...checkTeam(inputs, current, around));
  return { failures, warnings };
}

function checkPool(
  { network, portgroup, vlan, teaming }: VmSriovInterfaceInputs,
  { hostName, pool, isBlockedByAppArmor }: Surroundings,
  attachesLive: boolean,
  warnings: string[],
): Failure[] {
  if (!pool) return [];
  const failures: Failure[] = [];
  const { found } = pool;
  if (!found && !pool.isDeclared) {
    const others = pool.others.length === 0 ? "It has none" : `It has ${listed(pool.others, "and")}`;
    failures.push({
      property: "network",
      reason: `expected a libvirt network of ${hostName}, got "${network}". ${others}; a SriovNetwork makes one`,
    });
  }
  if (found || pool.mode !== undefined) failures.push(...wrongMode(network ?? "", pool.mode, teaming?.type));
  if (vlan !== undefined && isShared(pool.mode)) {
    const reason = `expected none from network "${network}": its mode "${pool.mode}" has no VLANs`;
    failures.push({ property: "vlan", reason });
  }
  if (pool.isTrunk && vlan === undefined) {
    const what = portgroup === undefined ? `network "${network}"` : `portgroup "${portgroup}" of network "${network}"`;
    const reason = `${what} has a trunk of several VLANs, and a VF has one: libvirt would not start the VM. Expected a vlan here`;
    failures.push({ property: portgroup === undefined ? "network" : "portgroup", reason });
  }
  // libvirt does not check it: an unknown portgroup silently has no VLAN.
  if (pool.portgroups && typeof portgroup === "string" && !pool.portgroups.includes(portgroup)) {
    const groups = pool.portgroups.length === 0 ? "which has none" : `which has ${listed(pool.portgroups, "and")}`;
    failures.push({
      property: "portgroup",
      reason: `expected a portgroup of network "${network}", ${groups}, got "${portgroup}"`,
    });
  }
  if (!isShared(pool.mode) && pool.size !== undefined && pool.users.length >= pool.size) {
    const text = `network "${network}" has ${pool.size} VFs, and all are spoken for: ${listed(pool.users, "and")}`;
    if (attachesLive && found?.isActive) failures.push({ property: "network", reason: text });
    else warnings.push(`${text}. VMs that do not run at the same time can share them`);
  }
  if (isBlockedByAppArmor && (pool.mode === undefined || pool.mode === "hostdev")) {
    failures.push({
      property: "network",
      reason: `AppArmor on ${hostName} would keep the VM from a VF of "${network}" at its next start ("/dev/vfio/N: Permission denied"): its profile is written before libvirt takes a VF from the pool. Declare HostSetup { apparmorVfioRule: true } for this host`,
    });
  }
  return failures;
}

function checkVf({ vf }: VmSriovInterfaceInputs, around: Surroundings, warnings: string[]): Failure[] {
  if (!around.vf) return [];
  if (typeof vf !== "string") {
    if (around.vf.isPromised) return [];
    const text = `VF ${vf?.index} of ${vf?.pf}`;
    return [{ property: "vf", reason: `expected a VF of ${around.hostName}, got ${text}: there is none now` }];
  }
  if (around.vf.pools.length > 0) {
    const pools = listed(
      around.vf.pools.map((pool) => `network "${pool}"`),
      "and",
    );
    warnings.push(`${vf} is also handed out by ${pools}: whoever gets it from there while this VM runs does not start`);
  }
  const failures: Failure[] = [];
  const fail = (reason: string) => failures.push({ property: "vf", reason });
  if (!around.vf.isVf && !around.vf.isPromised) fail(`expected a VF of ${around.hostName}, got "${vf}", which is none`);
  if (around.vf.user !== undefined) fail(`${vf} is held by ${around.vf.user}`);
  const twin = around.declared.find((other) => other.vf === vf);
  if (around.declaredPools.length > 0) {
    fail(
      `${vf} is listed by ${listed(
        around.declaredPools.map((pool) => `network "${pool}"`),
        "and",
      )} of this program: it is for one of them`,
    );
  }
  if (twin) fail(`${vf} is also the VF of ${twin.alias} in VM "${twin.domain}" of this program`);
  return failures;
}

/** Modes whose macvtaps share a netdev. */
const isShared = (mode: string | undefined): boolean => mode === "bridge" || mode === "vepa" || mode === "private";

function wrongMode(network: string, mode: string | undefined, team: string | undefined): Failure[] {
  const isVfs = mode === "hostdev";
  if (team === "persistent") {
    if (!isVfs) return [];
    const reason = `expected a network of another kind for teaming type "persistent", got "${network}" (hostdev): a VF cannot stay`;
    return [{ property: "network", reason }];
  }
  if (isVfs || (team === undefined && (mode === "passthrough" || isShared(mode)))) return [];
  const expected = team === undefined ? "a network that hands out VFs" : "a network that hands out VFs (hostdev)";
  return [{ property: "network", reason: `expected ${expected}, got "${network}" (${mode ?? "isolated"})` }];
}

/** Two interfaces of one VM and one MAC address are fine as the halves of a failover pair. */
const isPartner = ({ alias, teaming }: VmSriovInterfaceInputs, other: DomainInterface): boolean =>
  teaming?.type === "transient"
    ? other.alias === teaming.persistent
    : teaming?.type === "persistent" && other.teaming?.type === "transient" && other.teaming.persistent === alias;

function wrongBootOrder({ bootOrder, alias }: VmSriovInterfaceInputs, { domain, inactive }: Current): Failure[] {
  const fail = (reason: string): Failure[] => [{ property: "bootOrder", reason }];
  if (inactive.hasOsBoot) {
    return fail(
      `the definition of VM "${domain.name}" has <os><boot>, and libvirt takes no order of devices beside it: remove that (\`virsh edit\`), and give the disk a <boot order>`,
    );
  }
  const other = inactive.bootOrders.find((one) => one.order === bootOrder && one.alias !== alias);
  return other ? fail(`another device of VM "${domain.name}" has place ${bootOrder}`) : [];
}

function checkTeam(inputs: VmSriovInterfaceInputs, current: Current, { declared }: Surroundings): Failure[] {
  const { teaming, mac } = inputs;
  if (teaming?.type !== "transient" || teaming.persistent === undefined) return [];
  const name = current.domain.name;
  const fail = (property: string, reason: string): Failure[] => [{ property, reason }];
  const coming = declared.find((other) => other.domain === name && other.alias === teaming.persistent);
  const halves = halvesOf(current, teaming.persistent);
  const found = halves.config ?? halves.live;
  if (!found && !coming) {
    return fail(
      "teaming.persistent",
      `expected an interface of VM "${name}", got "${teaming.persistent}": it has none of that alias`,
    );
  }
  const isPersistent = coming ? coming.teaming === "persistent" : found?.teaming?.type === "persistent";
  if (!isPersistent) {
    const got = `"${teaming.persistent}", which is not`;
    return fail("teaming.persistent", `expected an interface with teaming type "persistent", got ${got}`);
  }
  const other = coming?.mac ?? found?.mac;
  if (typeof other !== "string" || typeof mac !== "string" || other === mac) return [];
  return fail(
    "mac",
    `expected the MAC address of ${teaming.persistent}, ${other}, got "${mac}": the guest finds the pair by it`,
  );
}

/** What one program must not say twice. */
export function checkTwins(
  inputs: VmSriovInterfaceInputs,
  domain: string,
  others: readonly DeclaredInterface[],
): Failure[] {
  const failures: Failure[] = [];
  const { alias, mac, teaming } = inputs;
  const twin = others.find((other) => other.domain === domain && other.alias === alias);
  if (twin) {
    const reason = `expected an alias for this interface alone, got "${alias}", which resource "${twin.resource}" has in VM "${domain}" too`;
    failures.push({ property: "alias", reason });
  }
  const isPair = (other: DeclaredInterface) =>
    other.domain === domain && teaming !== undefined && other.teaming !== undefined && teaming.type !== other.teaming;
  const same = others.find((other) => typeof mac === "string" && other.mac === mac && other !== twin && !isPair(other));
  if (same) {
    const reason = `expected a MAC address for this interface alone, got "${mac}", which is that of resource "${same.resource}" (${same.alias} in VM "${same.domain}") too`;
    failures.push({ property: "mac", reason });
  }
  return failures;
}
