// What a lifecycle is called with, over the real libvirtd and its fake SR-IOV hardware.
import { shellOver } from "../../../provider/host/shell-over-connection.js";
import type { LibvirtClient } from "../../../provider/libvirt/client.js";
import type { Context } from "../../../provider/resources/lifecycle.js";
import type { Session } from "../../../provider/resources/session.js";
import { fakeContext } from "../../fakes/fake-context.js";
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
    context: fakeContext(async () => session, { warn: (message) => void warnings.push(message) }),
    close: async () => {
      await client.close();
      await fixture.stop();
    },
  };
}
