// What this Pulumi program declares, collected by `check` as the resources pass by: a pool on a PF whose VFs the same
// program is about to make is fine, although the host does not show them yet. One object a process.

export type DeclaredVfs = { pfPciAddress: string; pfName: string; numVfs: number | undefined };
export type DeclaredNetwork = { name: string; numVfs: number | undefined };
export type DeclaredInterface = { domain: string; alias: string; network: string | undefined; vf: string | undefined };

/** Keyed by host (`hostKey`) and then by the thing's own identity, so that a second check of the same resource replaces the first. */
export class Program {
  readonly #vfs = new Map<string, DeclaredVfs>();
  readonly #networks = new Map<string, DeclaredNetwork>();
  readonly #interfaces = new Map<string, DeclaredInterface>();

  declareVfs(host: string, vfs: DeclaredVfs): void {
    this.#vfs.set(`${host} ${vfs.pfPciAddress}`, vfs);
  }
  declareNetwork(host: string, network: DeclaredNetwork): void {
    this.#networks.set(`${host} ${network.name}`, network);
  }
  declareInterface(host: string, declared: DeclaredInterface): void {
    this.#interfaces.set(`${host} ${declared.domain} ${declared.alias}`, declared);
  }

  /** By netdev name or PCI address. */
  vfsOf(host: string, pf: string): DeclaredVfs | undefined {
    return this.#of(this.#vfs, host).find((vfs) => vfs.pfPciAddress === pf || vfs.pfName === pf);
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
