// What this Pulumi program declares, collected by `check` as the resources pass by: a pool on a PF whose VFs the same
// program is about to make is fine, although the host does not show them yet. One object a process.

export type DeclaredVfs = { pfPciAddress: string; pfName: string; numVfs: number | undefined };
export type DeclaredNetwork = { name: string; numVfs: number | undefined };
export type DeclaredInterface = {
  domain: string;
  alias: string;
  mac: string;
  network: string | undefined;
  vf: string | undefined;
};

/** Keyed by host (`hostKey`) and then by the thing's own identity, so that a second check of the same resource replaces the first. */
export class Program {
  readonly #vfs = new Map<string, DeclaredVfs>();
  readonly #networks = new Map<string, DeclaredNetwork>();
  readonly #interfaces = new Map<string, DeclaredInterface>();
  readonly #vfioRules = new Set<string>();

  declareVfs(host: string, vfs: DeclaredVfs): void {
    this.#vfs.set(`${host} ${vfs.pfPciAddress}`, vfs);
  }
  declareNetwork(host: string, network: DeclaredNetwork): void {
    this.#networks.set(`${host} ${network.name}`, network);
  }
  declareInterface(host: string, declared: DeclaredInterface): void {
    this.#interfaces.set(`${host} ${declared.domain} ${declared.alias}`, declared);
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
    return this.#of(this.#vfs, host).find((vfs) => vfs.pfPciAddress === pf || vfs.pfName === pf);
  }
  /** Whether this program makes VFs on the host: then not all of its VFs need to be there yet. */
  hasVfs(host: string): boolean {
    return this.#of(this.#vfs, host).some((vfs) => vfs.numVfs !== 0);
  }
  network(host: string, name: string): DeclaredNetwork | undefined {
    return this.#networks.get(`${host} ${name}`);
  }
  interfaces(host: string): DeclaredInterface[] {
    return this.#of(this.#interfaces, host);
  }

  #of<T>(map: Map<string, T>, host: string): T[] {
    return [...map].filter(([key]) => key.startsWith(`${host} `)).map(([, value]) => value);
  }
}
