// What this Pulumi program declares, collected by `check` as the resources pass by: a pool on a PF whose VFs the same
// program is about to make is fine, although the host does not show them yet. One object a process.

export type DeclaredVfs = { pfPciAddress: string; pfName: string; numVfs: number | undefined };
export type DeclaredNetwork = {
  /** The Pulumi name of its resource. */
  resource: string;
  name: string;
  numVfs: number | undefined;
  /** libvirt's forward mode: `hostdev`, `passthrough`, ... */
  mode?: string;
  active?: boolean;
  /** What it takes its VFs from, as far as it is known. */
  source?: { mode: string; pf?: string; vfs: readonly string[]; netdevs: readonly string[] };
  /** Undefined: the program leaves those of the host alone, or does not know them yet. */
  portgroups?: readonly string[];
};
export type DeclaredInterface = {
  /** The Pulumi name of its resource. */
  resource: string;
  /** The VM's name, where the host could be asked. */
  domain: string;
  alias: string;
  mac: string;
  network: string | undefined;
  vf: string | undefined;
  /** Of two interfaces with one MAC address: the virtio one, or the VF. */
  teaming?: "persistent" | "transient" | undefined;
  /** It will be plugged into the running VM, and takes a slot of it. */
  plugs?: boolean;
};

/**
 * By host (`hostKey`), then by the thing's own identity and the resource, so that a second check of the same resource replaces
 * the first, and two resources for one thing are both seen. What one host's check looks through does not grow with the fleet.
 */
class Declared<T> {
  readonly #byHost = new Map<string, Map<string, T>>();

  set(host: string, key: string, value: T): void {
    const own = this.#byHost.get(host) ?? new Map<string, T>();
    this.#byHost.set(host, own.set(key, value));
  }
  of(host: string): T[] {
    return [...(this.#byHost.get(host)?.values() ?? [])];
  }
}

export class Program {
  readonly #vfs = new Declared<DeclaredVfs>();
  readonly #networks = new Declared<DeclaredNetwork>();
  readonly #interfaces = new Declared<DeclaredInterface>();
  readonly #vfioRules = new Set<string>();

  declareVfs(host: string, vfs: DeclaredVfs): void {
    this.#vfs.set(host, vfs.pfPciAddress, vfs);
  }
  declareNetwork(host: string, network: DeclaredNetwork): void {
    this.#networks.set(host, `${network.name} ${network.resource}`, network);
  }
  declareInterface(host: string, declared: DeclaredInterface): void {
    this.#interfaces.set(host, `${declared.domain} ${declared.alias} ${declared.resource}`, declared);
  }

  /** A HostSetup of this program lets VMs open VFIO devices on the host. */
  declareVfioRule(host: string): void {
    this.#vfioRules.add(host);
  }

  /** Waits a moment: Pulumi checks resources that do not depend on each other in any order. */
  async declaresVfioRule(host: string, waitMs: number): Promise<boolean> {
    const end = Date.now() + waitMs;
    while (!this.#vfioRules.has(host) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
    return this.#vfioRules.has(host);
  }

  /** By netdev name or PCI address. */
  vfsOf(host: string, pf: string): DeclaredVfs | undefined {
    return this.#vfs.of(host).find((vfs) => vfs.pfPciAddress === pf || vfs.pfName === pf);
  }
  /** Whether this program makes VFs on the host: then not all of its VFs need to be there yet. */
  hasVfs(host: string): boolean {
    return this.#vfs.of(host).some((vfs) => vfs.numVfs !== 0);
  }
  network(host: string, name: string): DeclaredNetwork | undefined {
    return this.networks(host).find((network) => network.name === name);
  }
  networks(host: string): DeclaredNetwork[] {
    return this.#networks.of(host);
  }
  interfaces(host: string): DeclaredInterface[] {
    return this.#interfaces.of(host);
  }
}
