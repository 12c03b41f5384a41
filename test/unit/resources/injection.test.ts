// Text that would be a command in a shell or an element in XML, in every property that takes text: it is refused, or it stays text.
import assert from "node:assert/strict";
import type { Values } from "../../../provider/resources/lifecycle.js";
import { models } from "../../../provider/resources/models.js";
import { Program } from "../../../provider/resources/program.js";
import { type ResourceName, registry } from "../../../provider/resources/registry.js";
import { type Schema, schemaOf } from "../../../sdk/generate/schema.js";
import { FakeKvm } from "../../fakes/fake-libvirt-context.js";

const canary = "pwned";
const touch = `touch $SRIOV_ROOT/${canary}`;
/** Some with a space or a line end, which a name may not have, and some without. */
const hostile = [
  `x'; ${touch}; "; ${touch}; $(${touch}) \`${touch}\` #`,
  `$(touch\${IFS}$SRIOV_ROOT/${canary})`,
  `';touch\${IFS}$SRIOV_ROOT/${canary};'`,
  `x\nPULUMI_SRIOV_END\n${touch}\n`,
  `x'"/></name>]]>--><${canary}/>&${canary};<y`,
  `x'><${canary}/><y`,
];

type Path = (string | number)[];

/** Programs that have, between them, every property that takes text. */
const programs: { [Name in ResourceName]: Values[] } = {
  HostSetup: [],
  VfConfig: [
    { pf: "eno49", numVfs: 2, vfs: [{ index: 0, mac: "52:54:00:00:00:10" }] },
    { pf: { mac: "52:54:00:00:49:01" }, numVfs: 2 },
  ],
  SriovNetwork: [
    {
      ...{ name: "made", pf: "eno50", title: "title", description: "text", driver: { model: "mlx5_vfio_pci" } },
      metadata: [{ uri: "urn:example:rack", xml: "<r:rack xmlns:r='urn:example:rack' row='7'/>" }],
      portgroups: [{ name: "red", vlan: 7 }],
    },
    {
      ...{ name: "made", netdevs: ["eno50"], mode: "vepa" },
      virtualport: { type: "802.1Qbg", managerId: 1, typeId: 2, typeIdVersion: 3, instanceId: "09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f" }, // prettier-ignore
      portgroups: [{ name: "red", virtualport: { type: "802.1Qbg", managerId: 1, typeId: 2, typeIdVersion: 3, instanceId: "09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f" } }], // prettier-ignore
    },
    {
      ...{ name: "made", vfs: ["0000:02:10.0"], virtualport: { type: "802.1Qbh", profileId: "finance" } },
      portgroups: [{ name: "red", virtualport: { type: "802.1Qbh", profileId: "finance" } }],
    },
  ],
  VmSriovInterface: [
    {
      ...{ domain: "web", network: "pool", portgroup: "red", mac: "52:54:00:00:00:11", model: "virtio" },
      ...{ alias: "ua-nic", address: "0000:05:00.0" },
      teaming: { type: "transient", persistent: "ua-virtio" },
    },
    { domain: "web", vf: "0000:01:10.0", driver: { model: "mlx5_vfio_pci" }, virtualport: { type: "802.1Qbg", managerId: 1, typeId: 2, typeIdVersion: 3, instanceId: "09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f" } }, // prettier-ignore
    { domain: "web", vf: { pf: "eno49", index: 0 }, virtualport: { type: "802.1Qbh", profileId: "finance" } },
  ],
};

/** Where a program has text. */
function places(value: unknown, path: Path = []): Path[] {
  if (typeof value === "string") return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    places(one, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** What the model calls text, as `vfs[].mac`; a choice of words is none. */
function texts(schema: Schema | undefined, path = ""): string[] {
  if (!schema || schema.enum) return [];
  const parts = [...(schema.anyOf ?? [])].flatMap((one) => texts(one, path));
  const own = schema.type === "string" && schema.const === undefined ? [path] : [];
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, one]) => texts(one, path === "" ? name : `${path}.${name}`)); // prettier-ignore
  return [...own, ...parts, ...below, ...texts(schema.items, `${path}[]`)];
}

const nameOf = (path: Path) =>
  path.reduce<string>((text, part) => (typeof part === "number" ? `${text}[]` : text === "" ? part : `${text}.${part}`), ""); // prettier-ignore

function withText(value: unknown, [first, ...rest]: Path, text: string): unknown {
  if (first === undefined) return text;
  if (Array.isArray(value)) return value.map((one, i) => (i === first ? withText(one, rest, text) : (one as unknown)));
  const object = value as { [key: string]: unknown };
  return { ...object, [first]: withText(object[first], rest, text) };
}

describe("text that is a command in a shell, or an element in XML", () => {
  const host = { uri: "qemu+ssh://root@kvm1/system" };

  for (const name of Object.keys(programs) as ResourceName[]) {
    it(`is refused by ${name}, or stays text: in every property that takes any`, async function () {
      this.timeout(240_000);
      const tried = new Set<string>();
      for (const program of programs[name]) {
        // As it is it is accepted: what is refused below is refused for its text.
        assert.equal(await stays(name, program, "as it is"), "");
        for (const path of places(program)) {
          tried.add(nameOf(path));
          for (const text of hostile)
            await stays(name, withText(program, path, text) as Values, `${nameOf(path)} = ${text}`);
        }
      }
      const known = texts(schemaOf(models[name].inputs)).filter((path) => !path.startsWith("host."));
      assert.deepEqual(
        known.filter((path) => !tried.has(path)),
        [],
      );
    });
  }

  let known: FakeKvm | undefined;
  afterEach(() => {
    known?.dispose();
    known = undefined;
  });
  /** A host that was only looked at is as good as a new one. */
  async function aHost(): Promise<FakeKvm> {
    if (known) return known;
    const kvm = (known = new FakeKvm());
    kvm.host.put("sys/bus/pci/devices/0000:01:00.0/net/eno49/address", "52:54:00:00:49:01");
    kvm.libvirt.libVersion = async () => 10_000_000;
    for (const pf of ["eno49", "eno50"]) await kvm.setNumVfs(pf, 2);
    const { networks, domains } = kvm.libvirt;
    networks.start(
      networks.define(
        "<network><name>pool</name><forward mode='hostdev' managed='yes'><pf dev='eno49'/></forward><portgroup name='red'/></network>",
      ),
    );
    domains.add("web");
    const [web] = await kvm.libvirt.listDomains();
    assert.ok(web);
    const partner =
      "<interface type='network'><mac address='52:54:00:00:00:11'/><source network='default'/><teaming type='persistent'/><alias name='ua-virtio'/></interface>";
    await kvm.libvirt.attachDevice(web, partner, { config: true });
    return kvm;
  }

  /** Answers why it was refused; "" when it was not. */
  async function stays(name: ResourceName, program: Values, what: string): Promise<string> {
    const kvm = await aHost();
    const lifecycle = registry[name];
    const context = { ...kvm.context, program: new Program() };
    const { inputs, failures } = await lifecycle.check(context, { host, ...program }, undefined, "made");
    // A create that fails is as good an answer as a refusal, but for what it did on the way.
    if (failures.length === 0) {
      known = undefined;
      await lifecycle.create(context, inputs).catch(() => undefined);
    }
    assert.equal(kvm.host.text(canary), undefined, what);
    const { libvirt } = kvm;
    for (const network of await libvirt.listNetworks()) onlyText(await libvirt.networkXml(network), what);
    for (const domain of await libvirt.listDomains()) onlyText(await libvirt.domainXml(domain), what);
    if (failures.length === 0) kvm.dispose();
    return failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
  }

  const onlyText = (xml: string, what: string) => assert.doesNotMatch(xml, new RegExp(`<${canary}|&${canary};`), what);
});
