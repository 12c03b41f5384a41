// One builder of one thing at a time, across processes. The lock is an abstract unix socket: the kernel gives it back
// when its holder ends, however that ends, so there is no stale lock to judge.
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const RETRY_MS = 1000;

/** Runs `work` while no other process runs any under the same name; `onWait` is told every second that one does. */
export async function withBuildLock<T>(name: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  // An abstract name holds 107 bytes at most, and any user may listen on it: hence the hash, and the user in it.
  const hash = createHash("sha256")
    .update(`${process.getuid?.() ?? ""} ${name}`)
    .digest("hex");
  const address = `\0pulumi-sriov-${hash.slice(0, 32)}`;
  let lock = await tryListen(address);
  while (lock === undefined) {
    onWait();
    await sleep(RETRY_MS);
    lock = await tryListen(address);
  }
  try {
    return await work();
  } finally {
    await new Promise((resolve) => lock.close(resolve));
  }
}

function tryListen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(server));
  });
}
