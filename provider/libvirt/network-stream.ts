// libvirtd over the network itself: qemu+tls and qemu+tcp. There is no shell behind these, only libvirt.
import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { SriovError } from "../base/errors.js";
import { openTcp } from "../transport/tcp.js";
import { Pulse } from "../transport/pulse.js";
import { openTls, refusedUs } from "../transport/tls.js";
import { type TlsInputs, readCertificates } from "./certificates.js";
import type { LibvirtUri } from "./uri.js";

const ports = { tls: 16514, tcp: 16509 };
const timeoutMs = 20_000;

/** Equivalent to: `virsh -c qemu+tls://$host/system connect`, up to the first call. */
export async function openLibvirtOverNetwork(
  uri: LibvirtUri,
  tls: TlsInputs = {},
  pulse = new Pulse(),
): Promise<Duplex> {
  const { hostName = "", transport } = uri;
  const isTls = transport === "tls";
  const port = uri.port ?? ports[isTls ? "tls" : "tcp"];
  const doing = `Cannot connect to libvirt on ${hostName}`;
  const timeout = new AbortController();
  const late = new SriovError("unreachable", `${doing} (port ${port}): no answer within ${timeoutMs / 1000} s`, {
    remedy: "Check that the machine is up and that nothing blocks the port.",
  });
  const timer = setTimeout(() => timeout.abort(late), timeoutMs);
  try {
    const server = isTls ? "libvirtd with TLS (libvirtd-tls.socket or virtproxyd-tls.socket)" : "libvirtd with TCP";
    const target = { hostName, port, server };
    pulse.await(doing);
    if (!isTls) return await openTcp(doing, target, timeout.signal);
    const noVerify = tls.noVerify ?? uri.parameters["no_verify"] === "1";
    const credentials = await readCertificates(doing, { ...tls, noVerify }, { pkiPath: uri.parameters["pkipath"] });
    const socket = await openTls(doing, target, credentials, timeout.signal);
    // What follows may take long: libvirtd looks up our name.
    pulse.settle(doing);
    await welcomed(doing, socket, timeout.signal);
    return socket;
  } finally {
    clearTimeout(timer);
    pulse.settle(doing);
  }
}

/** libvirtd checks our certificate and address after the handshake, and says yes with one byte, 1, inside of it. */
async function welcomed(doing: string, socket: TLSSocket, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      const byte = socket.read(1) as Buffer | null;
      if (byte?.[0] === 1) return;
      if (byte !== null) throw new Error(`expected its welcome, the byte 1, got ${byte[0]}`);
      // At the end there is "readable" too, with nothing to read.
      if (socket.readableEnded || socket.destroyed) throw new Error("it closed the connection");
      await once(socket, "readable", { signal });
      if (socket.readableLength === 0) await new Promise(setImmediate);
    }
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw refusedUs(doing, error as Error);
  }
}
