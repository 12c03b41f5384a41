// Counts round trips: what is asked before any of it is answered is one. Over a connection that pipelines, that is the time
// that a reader takes.
import type { LibvirtClient } from "../../provider/libvirt/client.js";
import type { Context } from "../../provider/resources/lifecycle.js";
import type { Session } from "../../provider/resources/session.js";

export type Counted = { context: Context; libvirt: number; shell: number };

/** The same context; every call to libvirt waits until all that can be asked now is asked. */
export function counting(context: Context): Counted {
  const counted: Counted = { context, libvirt: 0, shell: 0 };
  let waiting: (() => void)[] = [];
  const turn = () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length > 1) return;
      setTimeout(() => {
        const answered = waiting;
        waiting = [];
        counted.libvirt += 1;
        for (const answer of answered) answer();
      }, 5);
    });
  const slow = (client: LibvirtClient): LibvirtClient =>
    new Proxy(client, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]) => {
          await turn();
          return (value as (...args: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  const wrap = (session: Session): Session => ({
    hostName: session.hostName,
    machineId: session.machineId,
    shell: {
      ...session.shell,
      run: (...args) => {
        counted.shell += 1;
        return session.shell.run(...args);
      },
    },
    libvirt: async () => slow(await session.libvirt()),
  });
  counted.context = {
    ...context,
    connect: async (host) => wrap(await context.connect(host)),
    whileAlive: (host, work) => context.whileAlive(host, (session) => work(wrap(session))),
  };
  return counted;
}
