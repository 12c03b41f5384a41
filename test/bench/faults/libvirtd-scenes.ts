// SriovNetwork and VmSriovInterface over a real libvirtd: its sockets, its protocol, its definitions, with a sysfs of files
// (test/integration/libvirtd.ts). Commands run beside it with the real sh. The VM does not run: that would take KVM and VFIO.
import assert from "node:assert/strict";
import type { LibvirtClient } from "../../../provider/libvirt/client.js";
import type { Values } from "../../../provider/resources/lifecycle.js";
import type { ResourceName } from "../../../provider/resources/registry.js";
import type { Connection } from "../../../provider/transport/connection.js";
import { type LibvirtdFixture, connectTo, defineDomain, mustRun, startLibvirtd } from "../../integration/libvirtd.js";
import { before } from "./process.js";
import type { Scene, Stage } from "./scene.js";

const machineId = "0123456789abcdef0123456789abcdef";

/** One libvirtd for all scenes. */
export class RealLibvirtd {
  #started: Promise<{ fixture: LibvirtdFixture; client: LibvirtClient }> | undefined;

  open(): Promise<{ fixture: LibvirtdFixture; client: LibvirtClient }> {
    return (this.#started ??= this.#start());
  }

  async stop(): Promise<void> {
    const started = await this.#started;
    await started?.client.close();
    await started?.fixture.stop();
  }

  async #start() {
    const fixture = await startLibvirtd();
    const client = await connectTo(fixture);
    await defineDomain(fixture, "web");
    await mustRun(
      fixture,
      `echo "<network><name>base</name><forward mode='hostdev' managed='yes'><pf dev='ens1f1'/></forward></network>" > /run/net.xml
       virsh net-define /run/net.xml && virsh net-start base`,
    );
    return { fixture, client };
  }
}

const wayTo = ({ connection }: LibvirtdFixture): Connection => ({
  ...connection,
  run: (command, options) =>
    command.startsWith("cat /etc/machine-id")
      ? Promise.resolve({ command, exitCode: 0, signal: undefined, stdout: `${machineId}\n`, stderr: "" })
      : connection.run(command, options),
});

type Story = { title: string; resource: ResourceName; before?: Values; does: Scene["does"]; news: Values };

function sceneOf(libvirtd: RealLibvirtd, { title, resource, before: earlier, does, news }: Story): Scene {
  const begin = async (): Promise<Stage> => {
    const { fixture, client } = await libvirtd.open();
    const way = wayTo(fixture);
    const stored = await before(way, resource, earlier);
    return { way, stored, shown: () => shown(client), end: () => clear(client) };
  };
  return { title: `${resource} on a real libvirtd: ${title}`, resource, news, does, lanes: 1, begin };
}

async function shown(client: LibvirtClient): Promise<string> {
  const networks = await client.listNetworks();
  const parts = await Promise.all(
    networks
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(async (network) =>
        [
          await client.networkXml(network, { inactive: true }),
          await client.isNetworkActive(network),
          await client.networkAutostart(network),
        ].join("\n"),
      ),
  );
  const web = await client.findDomain("web");
  assert.ok(web);
  const text = [...parts, await client.domainXml(web, { inactive: true })].join("\n");
  return text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID");
}

/** As it was before the stage, by our own hands. */
async function clear(client: LibvirtClient): Promise<void> {
  for (const network of await client.listNetworks()) {
    if (network.name === "base") continue;
    if (await client.isNetworkActive(network)) await client.stopNetwork(network);
    await client.undefineNetwork(network);
  }
  const web = await client.findDomain("web");
  assert.ok(web);
  const xml = await client.domainXml(web, { inactive: true });
  for (const device of xml.match(/<interface[^]*?<\/interface>/g) ?? [])
    await client.detachDevice(web, device, { config: true });
}

const network = { name: "pool", pf: "ens1f0", vlan: 7 };
const nic = { domain: "web", network: "base", vlan: 42, mac: "52:54:00:00:00:42" };

const stories: Story[] = [
  { title: "defines, starts and autostarts it", resource: "SriovNetwork", does: "up", news: network },
  {
    title: "restarts it for another VLAN",
    resource: "SriovNetwork",
    before: network,
    does: "up",
    news: { ...network, vlan: 8 },
  },
  { title: "reads it", resource: "SriovNetwork", before: network, does: "refresh", news: network },
  { title: "deletes it", resource: "SriovNetwork", before: network, does: "destroy", news: network },
  { title: "attaches it", resource: "VmSriovInterface", does: "up", news: nic },
  { title: "moves to another VLAN", resource: "VmSriovInterface", before: nic, does: "up", news: { ...nic, vlan: 43 } },
  { title: "reads it", resource: "VmSriovInterface", before: nic, does: "refresh", news: nic },
  { title: "detaches it", resource: "VmSriovInterface", before: nic, does: "destroy", news: nic },
];

export const libvirtdScenes = (libvirtd: RealLibvirtd): Scene[] => stories.map((story) => sceneOf(libvirtd, story));
