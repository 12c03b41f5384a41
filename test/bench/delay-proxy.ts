// A TCP proxy on loopback that makes the way longer: each byte arrives half a round trip later than it would.
import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

export type DelayProxy = { port: number; stop(): Promise<void> };

export async function startDelayProxy(targetPort: number, roundTripMs: number): Promise<DelayProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(targetPort, "127.0.0.1");
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
    passOn(near, far, roundTripMs / 2);
    passOn(far, near, roundTripMs / 2);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Later, in order, however much is on its way: a delay is no limit of what fits through. */
function passOn(from: Socket, to: Socket, delayMs: number): void {
  from.on("data", (chunk) => setTimeout(() => to.writable && to.write(chunk), delayMs));
  from.on("close", () => setTimeout(() => to.end(), delayMs));
}
