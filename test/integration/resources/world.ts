// What a lifecycle is called with, over the real libvirtd and its fake SR-IOV hardware.
import { deadlineIn } from "../../../provider/base/deadline.js";
import { shellOver } from "../../../provider/host/shell-over-connection.js";
import type { LibvirtClient } from "../../../provider/libvirt/client.js";
import type { Context } from "../../../provider/resources/lifecycle.js";
import { Program } from "../../../provider/resources/program.js";
import type { Session } from "../../../provider/resources/session.js";
import { connectTo, type LibvirtdFixture, startLibvirtd } from "../libvirtd.js";

export type World = {
  fixture: LibvirtdFixture;
  client: LibvirtClient;
  context: Context;
  warnings: string[];
  close(): Promise<void>;
};

export const host = { uri: "qemu:///system" };

export async function startWorld(): Promise<World> {
  const fixture = await startLibvirtd();
  const client = await connectTo(fixture);
  const session: Session = {
    hostName: "kvm1",
    machineId: "0123456789abcdef0123456789abcdef",
    shell: shellOver(fixture.connection),
    libvirt: async () => client,
  };
  const warnings: string[] = [];
  return {
    fixture,
    client,
    warnings,
    context: {
      connect: async () => session,
      program: new Program(),
      log: { debug() {}, info() {}, warn: (message) => void warnings.push(message) },
      signal: new AbortController().signal,
      deadline: deadlineIn(120_000),
    },
    close: async () => {
      await client.close();
      await fixture.stop();
    },
  };
}
