// The host of the benchmark: a real libvirtd with four PFs of seven VFs and seven VMs that are off, behind a real sshd.
import {
  type FakePf,
  type LibvirtdFixture,
  type LibvirtdOptions,
  defineDomain,
  startLibvirtd,
} from "../../integration/libvirtd.js";
import { type Sshd, startSshd } from "../../integration/sshd.js";

const slots = ["10.0", "10.2", "10.4", "10.6", "11.0", "11.2", "11.4"];

export const pfs: FakePf[] = ["01", "02", "03", "04"].map((bus, i) => ({
  netdev: `eno${49 + i}`,
  bus,
  slot: "00.0",
  vfs: slots,
}));

export const vms = [1, 2, 3, 4, 5, 6, 7].map((n) => `z-k8s-n-${n}`);

export type KvmHost = {
  libvirtd: LibvirtdFixture;
  sshd: Sshd;
  /** By way of a proxy's port, if one is given. */
  uri(port?: number): string;
  stop(): Promise<void>;
};

export async function startKvmHost(options: LibvirtdOptions = {}): Promise<KvmHost> {
  const libvirtd = await startLibvirtd(pfs, options);
  try {
    for (const vm of vms) await defineDomain(libvirtd, vm);
    // Commands run where libvirtd sees its hardware; its socket is reached from outside as well.
    const sshd = await startSshd({
      config: [`ForceCommand ${libvirtd.enter.join(" ")} sh -c "$SSH_ORIGINAL_COMMAND"`],
    });
    const uri = (port = sshd.port) => {
      const parameters = new URLSearchParams({
        socket: libvirtd.socket,
        keyfile: sshd.identityFile,
        // Known by name and port, and a proxy has another port.
        no_verify: port === sshd.port ? "0" : "1",
        known_hosts: sshd.knownHostsFile,
      });
      return `qemu+ssh://${sshd.user}@127.0.0.1:${port}/system?${parameters.toString()}`;
    };
    const stop = async () => {
      await sshd.stop();
      await libvirtd.stop();
    };
    return { libvirtd, sshd, uri, stop };
  } catch (error) {
    await libvirtd.stop();
    throw error;
  }
}
