// SriovNetwork and VmSriovInterface over a libvirtd in memory that speaks the real protocol (test/fakes/fake-libvirt-wire.ts), with
// running VMs and guests that let go of a device: what a libvirtd without KVM and VFIO cannot do.
import assert from "node:assert/strict";
import type { Values } from "../../../provider/resources/lifecycle.js";
import type { ResourceName } from "../../../provider/resources/registry.js";
import { FakeKvm } from "../../fakes/fake-libvirt-context.js";
import { openFakeLibvirt } from "../../fakes/fake-libvirt-wire.js";
import { wayTo } from "./host-scenes.js";
import { before } from "./process.js";
import type { Scene, Stage } from "./scene.js";

type Story = {
  title: string;
  resource: ResourceName;
  before?: Values;
  does: Scene["does"];
  news: Values;
  /** A VM that runs and has a VF of the pool before anything is done. */
  hasVm?: boolean;
};

const neighbour = "52:54:00:00:00:77";
const poolXml = (name: string) =>
  `<network><name>${name}</name><forward mode='hostdev' managed='yes'><pf dev='eno49'/></forward></network>`;
const theirs = `<interface type='network'><mac address='${neighbour}'/><source network='pool'/><alias name='ua-theirs'/></interface>`;

function sceneOf({ title, resource, before: earlier, does, news, hasVm = false }: Story): Scene {
  const begin = async (): Promise<Stage> => {
    const kvm = new FakeKvm();
    await kvm.setNumVfs("eno49", 4);
    const { networks, domains } = kvm.libvirt;
    const web = domains.add("web");
    if (hasVm) {
      networks.start(networks.define(poolXml("pool")));
      web.definition = web.definition.replace("</devices>", `${theirs}</devices>`);
      domains.start(web);
    }
    const way = wayTo(kvm.host, () => openFakeLibvirt(kvm.libvirt));
    const stored = await before(way, resource, earlier);
    const shown = async () =>
      // UUIDs and the MAC address that is made are the run's own.
      [
        ...networks.all.map(({ name, definition, live, autostart, ports }) =>
          [name, definition, live, autostart, ports.map(({ vf }) => vf).sort()].join("\n"),
        ),
        ...domains.all.map(({ name, definition, live }) => [name, definition, live].join("\n")),
      ]
        .join("\n")
        .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID");
    const safe = async () => {
      if (!hasVm) return;
      assert.match(web.live ?? "", new RegExp(neighbour), "the VM's other NIC is gone");
      const ports = networks.all.flatMap((network) => network.ports);
      assert.ok(
        ports.some(({ mac }) => mac === neighbour),
        "the VM's other NIC has no VF any more",
      );
    };
    return { way, stored, shown, safe, end: async () => kvm.dispose() };
  };
  return { title: `${resource} with running VMs: ${title}`, resource, news, does, lanes: 4, begin };
}

const nic = { domain: "web", network: "pool", vlan: 42, mac: "52:54:00:00:00:42", detachTimeout: 10 };
const network = { name: "pool", pf: "eno49", vlan: 7 };
const vm = { resource: "VmSriovInterface", hasVm: true } as const;

const stories: Story[] = [
  { ...vm, title: "attaches a VF", does: "up", news: nic },
  { ...vm, title: "moves to another VLAN", before: nic, does: "up", news: { ...nic, vlan: 43 } },
  { ...vm, title: "reads it", before: nic, does: "refresh", news: nic },
  { ...vm, title: "detaches it", before: nic, does: "destroy", news: nic },
  { title: "defines and starts it", resource: "SriovNetwork", does: "up", news: network },
  {
    title: "restarts it for another VLAN",
    resource: "SriovNetwork",
    before: network,
    does: "up",
    news: { ...network, vlan: 8 },
  },
];

export const fakeScenes = (): Scene[] => stories.map(sceneOf);
