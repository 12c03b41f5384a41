// libvirtd's side of the protocol over a libvirt in memory that behaves: every argument is decoded and every answer encoded, so
// the client's whole way is walked. Events are not served: the VMs of a simulated host are off.
import type { Duplex } from "node:stream";
import { explain } from "../../../provider/base/errors.js";
import type { LibvirtClient } from "../../../provider/libvirt/client.js";
import { LibvirtError, virErr } from "../../../provider/libvirt/errors.js";
import {
  PacketReader,
  formatPacket,
  messageStatus,
  messageType,
  program,
} from "../../../provider/libvirt/rpc/packet.js";
import { type Args, type ProcedureName, type Ret, procedures } from "../../../provider/libvirt/rpc/procedures.js";
import { type Codec, XdrReader, encode } from "../../../provider/libvirt/rpc/xdr.js";
import { libvirtError } from "../../fakes/fake-libvirt-xml.js";
import { wire } from "../../unit/libvirt/rpc/naive-writer.js";

type Answers = { [N in ProcedureName]?: (libvirt: LibvirtClient, ...args: Args<N>) => Promise<Ret<N>> };

const inactive = 1; // VIR_NETWORK_XML_INACTIVE
const inactiveDomain = 2; // VIR_DOMAIN_XML_INACTIVE
const affect = (flags: number) => ({ live: (flags & 1) !== 0, config: (flags & 2) !== 0 });
const all = <T>(items: T[]) => ({ items, count: items.length });

async function found<T>(code: number, what: string, lookUp: Promise<T | undefined>): Promise<T> {
  const one = await lookUp;
  if (one === undefined) throw libvirtError(code, `${what} not found`);
  return one;
}

const answers: Answers = {
  authList: async () => [0],
  connectOpen: async () => undefined,
  connectClose: async () => undefined,
  connectGetCapabilities: (libvirt) => libvirt.capabilities(),
  connectGetLibVersion: async (libvirt) => BigInt(await libvirt.libVersion()),

  connectListAllNetworks: async (libvirt) => all(await libvirt.listNetworks()),
  networkLookupByName: (libvirt, name) => found(virErr.noNetwork, `Network "${name}"`, libvirt.findNetwork(name)),
  networkLookupByUuid: (libvirt, uuid) => found(virErr.noNetwork, `Network ${uuid}`, libvirt.findNetwork(uuid)),
  networkDefineXml: (libvirt, xml) => libvirt.defineNetwork(xml),
  networkCreate: async (libvirt, network) => void (await libvirt.startNetwork(network)),
  networkDestroy: async (libvirt, network) => void (await libvirt.stopNetwork(network)),
  networkUndefine: async (libvirt, network) => void (await libvirt.undefineNetwork(network)),
  networkGetXmlDesc: (libvirt, network, flags) => libvirt.networkXml(network, { inactive: (flags & inactive) !== 0 }),
  networkIsActive: (libvirt, network) => libvirt.isNetworkActive(network),
  networkIsPersistent: (libvirt, network) => libvirt.isNetworkPersistent(network),
  networkGetAutostart: (libvirt, network) => libvirt.networkAutostart(network),
  networkSetAutostart: async (libvirt, network, on) => void (await libvirt.setNetworkAutostart(network, on)),
  networkListAllPorts: async (libvirt, network) => all([...(await libvirt.listNetworkPorts(network))]),
  networkPortGetXmlDesc: (libvirt, port) => libvirt.networkPortXml(port),

  connectListAllDomains: async (libvirt) => all(await libvirt.listDomains()),
  domainLookupByName: (libvirt, name) => found(virErr.noDomain, `Domain "${name}"`, libvirt.findDomain(name)),
  domainLookupByUuid: (libvirt, uuid) => found(virErr.noDomain, `Domain ${uuid}`, libvirt.findDomain(uuid)),
  domainGetXmlDesc: (libvirt, domain, flags) => libvirt.domainXml(domain, { inactive: (flags & inactiveDomain) !== 0 }),
  domainIsActive: (libvirt, domain) => libvirt.isDomainActive(domain),
  domainIsPersistent: (libvirt, domain) => libvirt.isDomainPersistent(domain),
  domainAttachDeviceFlags: async (libvirt, domain, xml, flags) =>
    void (await libvirt.attachDevice(domain, xml, affect(flags))),
  domainDetachDeviceFlags: async (libvirt, domain, xml, flags) =>
    void (await libvirt.detachDevice(domain, xml, affect(flags))),
  domainUpdateDeviceFlags: async (libvirt, domain, xml, flags) =>
    void (await libvirt.updateDevice(domain, xml, affect(flags))),
};

const nameByNumber = new Map(
  Object.entries(procedures).map(([name, { number }]) => [number as number, name as ProcedureName]),
);

/** Answers the calls that come over a stream until it ends; `called` is told each of them. */
export function serveLibvirt(stream: Duplex, libvirt: LibvirtClient, called: (name: string) => void): void {
  const reader = new PacketReader();
  stream.on("data", (chunk: Buffer) => {
    for (const { payload, ...header } of reader.push(chunk)) {
      if (header.type !== messageType.call) continue;
      const name = nameByNumber.get(header.procedure);
      called(name ?? `procedure ${header.procedure}`);
      void answer(libvirt, name, payload).then(({ status, body }) => {
        if (stream.writable)
          stream.write(formatPacket({ ...header, program: program.remote, type: messageType.reply, status }, body));
      });
    }
  });
  // A channel is closed when both of its ends are.
  stream.on("end", () => stream.end());
}

type Reply = { status: number; body: Buffer };

async function answer(libvirt: LibvirtClient, name: ProcedureName | undefined, payload: Buffer): Promise<Reply> {
  try {
    const act =
      name && (answers[name] as ((libvirt: LibvirtClient, ...args: unknown[]) => Promise<unknown>) | undefined);
    if (name === undefined || act === undefined) {
      throw libvirtError(virErr.noSupport, `this function is not supported by the simulated host: ${name ?? "?"}`);
    }
    const reader = new XdrReader(payload);
    const args = procedures[name].args.map((codec: Codec<unknown>) => codec.read(reader));
    if (reader.remaining !== 0) throw libvirtError(virErr.rpc, `bytes left over after the arguments of ${name}`);
    return {
      status: messageStatus.ok,
      body: encode(procedures[name].ret as Codec<unknown>, await act(libvirt, ...args)),
    };
  } catch (error) {
    const code = error instanceof LibvirtError ? error.remote.code : virErr.internal;
    return { status: messageStatus.error, body: wire().error(code, explain(error)).buffer() };
  }
}
