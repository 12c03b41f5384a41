// What a lifecycle is called with: a Linux host of files and a libvirtd in memory that agree about the VFs.
import { joinPciAddress } from "../../provider/base/pci-address.js";
import type { Context } from "../../provider/resources/lifecycle.js";
import type { Session } from "../../provider/resources/session.js";
import { fakeContext } from "./fake-context.js";
import { FakeHost, pfTree } from "./fake-host.js";
import { FakeLibvirt } from "./fake-libvirt.js";

/** The two PFs of the host: eno49 at 0000:01:00.0 and eno50 at 0000:02:00.0. */
const buses: { [netdev: string]: number } = { eno49: 1, eno50: 2 };

export class FakeKvm {
  readonly host = new FakeHost({ ...pfTree("0000:01:00.0", "eno49"), ...pfTree("0000:02:00.0", "eno50") });
  readonly libvirt = new FakeLibvirt({});
  readonly warnings: string[] = [];
  /** What was said while it was done. */
  readonly steps: string[] = [];
  machineId = "0123456789abcdef0123456789abcdef";
  /** What connecting rejects with. */
  connectError: Error | undefined;
  readonly context: Context;

  constructor() {
    const session = (): Session => ({
      hostName: "kvm1",
      machineId: this.machineId,
      shell: this.host.shell,
      libvirt: async () => this.libvirt,
    });
    this.context = fakeContext(
      async () => {
        if (this.connectError) throw this.connectError;
        return session();
      },
      {
        debug: (message) => void this.steps.push(message),
        warn: (message) => void this.warnings.push(message),
      },
    );
  }

  /** Equivalent to: `echo 0 > sriov_numvfs`, `echo $count > sriov_numvfs` */
  async setNumVfs(netdev: string, count: number): Promise<void> {
    const bus = buses[netdev] ?? 0;
    const file = `$SRIOV_ROOT/sys/bus/pci/devices/0000:0${bus}:00.0/sriov_numvfs`;
    // From one number to another it has to pass 0.
    for (const number of this.libvirt.networks.pfs[netdev]?.length ? [0, count] : [count]) {
      const { exitCode, stderr } = await this.host.shell.run(`tee "${file}"`, { input: String(number) });
      if (exitCode !== 0) throw new Error(stderr);
    }
    this.libvirt.networks.pfs[netdev] = Array.from({ length: count }, (_, i) =>
      joinPciAddress({ pciDomain: 0, bus, slot: 16 + Math.floor(i / 4), function: (i % 4) * 2 }),
    );
  }

  dispose(): void {
    this.host.dispose();
  }
}
