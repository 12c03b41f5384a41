// What a lifecycle is called with, over a fake host: the session, a libvirt with running VMs, and what was logged.
import { SriovError } from "../../provider/base/errors.js";
import type { LibvirtClient } from "../../provider/libvirt/client.js";
import type { Context } from "../../provider/resources/lifecycle.js";
import type { Shell } from "../../provider/host/shell.js";
import type { Session } from "../../provider/resources/session.js";
import { fakeContext } from "./fake-context.js";
import type { FakeHost } from "./fake-host.js";

export type FakeWorld = {
  context: Context;
  /** Running VMs by name, with their live XML; undefined is a host without libvirt. */
  domains: { [name: string]: string } | undefined;
  /** VMs that are shut off, with their inactive XML. */
  shutOff: { [name: string]: string };
  warnings: string[];
  /** What the session runs commands with; the host's own, unless a test puts another one there. */
  shell: Shell;
  /** What connecting rejects with, and what libvirt does. */
  connectError: Error | undefined;
  libvirtError: Error | undefined;
  machineId: string;
};

export function fakeWorld(host: FakeHost): FakeWorld {
  const libvirt = async (): Promise<LibvirtClient> => {
    if (world.libvirtError) throw world.libvirtError;
    const { domains } = world;
    if (!domains) throw new SriovError("not-found", "no libvirt socket");
    const client: Partial<LibvirtClient> = {
      listDomains: async () => [
        ...Object.keys(domains).map((name, i) => ({ name, uuid: name, id: i + 1 })),
        ...Object.keys(world.shutOff).map((name) => ({ name, uuid: name, id: -1 })),
      ],
      domainXml: async ({ name }) => domains[name] ?? world.shutOff[name] ?? "<domain/>",
    };
    return client as LibvirtClient;
  };
  const session = (): Session => ({ hostName: "kvm1", machineId: world.machineId, shell: world.shell, libvirt });
  const world: FakeWorld = {
    domains: {},
    shutOff: {},
    shell: host.shell,
    warnings: [],
    connectError: undefined,
    libvirtError: undefined,
    machineId: "0123456789abcdef0123456789abcdef",
    context: fakeContext(
      async () => {
        if (world.connectError) throw world.connectError;
        return session();
      },
      { warn: (message) => void world.warnings.push(message) },
    ),
  };
  return world;
}

/** The live XML of a VM that has the VF, as libvirt prints an interface from a pool. */
export function domainHolding(slot: string, fn: string, kind: "interface" | "hostdev" = "interface"): string {
  const source = `<source><address type='pci' domain='0x0000' bus='0x01' slot='0x${slot}' function='0x${fn}'/></source>`;
  const device =
    kind === "interface"
      ? `<interface type='hostdev' managed='yes'><mac address='52:54:00:aa:bb:cc'/>${source}<address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></interface>`
      : `<hostdev mode='subsystem' type='pci' managed='yes'>${source}</hostdev>`;
  return `<domain type='kvm' id='1'><name>web</name><devices>${device}</devices></domain>`;
}

/** The VF as a VM has it: on vfio-pci, its netdev gone, its group open in QEMU. */
export function giveToVm(host: FakeHost, vf: string, group: number, guest: string): void {
  host.put(`sys/bus/pci/devices/${vf}/driver`, "-> ../../drivers/vfio-pci");
  host.remove(`sys/bus/pci/devices/${vf}/net`);
  host.put("proc/4711/comm", "qemu-system-x86");
  host.put("proc/4711/cmdline", `qemu-system-x86_64\0-name\0guest=${guest},debug-threads=on\0-S\0`);
  host.put("proc/4711/fd/33", `-> /dev/vfio/${group}`);
}
