// What the engine relies on, for every resource and through whichever adapter it is called: what a preview promises is what an update
// makes, looking changes nothing, deleting twice is deleting once, and what is not known yet is neither wrong nor another value.
import assert from "node:assert/strict";
import { type Lifecycle, type Values, unknown } from "../../../provider/resources/lifecycle.js";
import { type ResourceName, registry } from "../../../provider/resources/registry.js";
import { FakeKvm } from "../../fakes/fake-libvirt-context.js";

const host = { uri: "qemu+ssh://root@kvm1/system" };
type AnyLifecycle = Lifecycle<object, object>;

const cases: { type: ResourceName; news: Values; importId: string; changed: Values }[] = [
  {
    type: "VfConfig",
    news: { pf: "eno50", numVfs: 3, vfs: [{ index: 1, vlan: 42, trust: true }] },
    importId: "kvm1/0000:02:00.0",
    changed: { numVfs: 2 },
  },
  {
    type: "SriovNetwork",
    news: { name: "mine", vfs: ["0000:01:10.0"], portgroups: [{ name: "blue", vlan: 7 }] },
    importId: "kvm1/mine",
    changed: { vlan: 42 },
  },
  {
    type: "VmSriovInterface",
    news: { domain: "web", network: "pool", vlan: 42, mac: "52:54:00:00:00:42", alias: "ua-nic" },
    importId: "kvm1/web/ua-nic",
    changed: { vlan: 43 },
  },
  { type: "HostSetup", news: { apparmorVfioRule: true }, importId: "kvm1/setup", changed: { dynamicOwnership: true } },
];

for (const { type, news, importId, changed } of cases) {
  describe(`the contract of ${type}`, () => {
    const lifecycle = registry[type] as unknown as AnyLifecycle;
    let kvm: FakeKvm;
    beforeEach(async () => {
      kvm = new FakeKvm();
      kvm.host.put("sys/module/apparmor/parameters/enabled", "Y");
      kvm.host.put("etc/apparmor.d/abstractions/libvirt-qemu", "include if exists <local/abstractions/libvirt-qemu>");
      await kvm.setNumVfs("eno49", 3);
      kvm.libvirt.networks.start(
        kvm.libvirt.networks.define(
          "<network><name>pool</name><forward mode='hostdev' managed='yes'><address type='pci' domain='0' bus='1' slot='0x10' function='2'/></forward></network>",
        ),
      );
      kvm.libvirt.domains.add("web");
    });
    afterEach(() => kvm.dispose());

    const plain = (value: object) => JSON.parse(JSON.stringify(value)) as Values;
    const check = async (asked: Values, olds?: object) => {
      const { inputs, failures } = await lifecycle.check(kvm.context, { host, ...asked }, olds as Values, "it", "a/b");
      assert.deepEqual(failures, []);
      return inputs;
    };
    const make = async () => {
      const inputs = await check(news);
      const made = await lifecycle.create(kvm.context, inputs);
      assert.deepEqual(made.done ? [] : made.reasons, []);
      return { ...made, inputs };
    };
    const changesOf = (state: object, inputs: object) => lifecycle.diff("", state, inputs).changes;

    it("a second check, beside what the first one answered, answers the same", async () => {
      const once = await check(news);
      assert.deepEqual(plain(await check(news, once)), plain(once));
    });

    it("what was made is as the program says, and the next up has nothing to do", async () => {
      const { state, inputs } = await make();
      assert.deepEqual(changesOf(state, await check(news, inputs)), []);
    });

    it("a refresh of what nobody changed is a fixed point", async () => {
      const { id, state, inputs } = await make();
      const seen = await lifecycle.read(kvm.context, id, state);
      assert.ok(seen.here);
      assert.deepEqual([seen.id, plain(seen.state), plain(seen.inputs)], [id, plain(state), plain(inputs)]);
      const again = await lifecycle.read(kvm.context, id, seen.state);
      assert.deepEqual(again, seen);
    });

    it("a preview's difference is what an update changes, and nothing is left of it", async () => {
      const { id, state, inputs } = await make();
      const next = await check({ ...news, ...changed }, inputs);
      const [change, ...others] = changesOf(state, next);
      assert.ok(change !== undefined && Object.keys(changed).includes(change.property), JSON.stringify(change));
      assert.deepEqual([change.kind, others], ["update", []]);
      const updated = await lifecycle.update(kvm.context, id, state, next);
      assert.deepEqual(updated.done ? [] : updated.reasons, []);
      assert.deepEqual(changesOf(updated.state, await check({ ...news, ...changed }, next)), []);
    });

    it("an import of it shows no difference", async () => {
      const { inputs } = await make();
      const seen = await lifecycle.read(kvm.context, importId, { host });
      assert.ok(seen.here);
      assert.deepEqual(changesOf(seen.state, await check(news, inputs)), []);
    });

    it("deleted twice is deleted, and a look at it says that it is gone", async () => {
      const { id, state } = await make();
      await lifecycle.delete(kvm.context, id, state);
      await lifecycle.delete(kvm.context, id, state);
      // PFs and hosts do not go; what was made of them does.
      const seen = await lifecycle.read(kvm.context, id, state);
      if (seen.here) assert.notDeepEqual(changesOf(seen.state, await check(news, state)), []);
    });

    for (const property of ["host", ...Object.keys(news)]) {
      it(`an unknown \`${property}\` is neither wrong nor what it was`, async () => {
        const ask = async (olds?: object) => {
          const asked = { host, ...news, [property]: unknown };
          const checked = await lifecycle.check(kvm.context, asked, olds as Values, "it", "a/b");
          assert.deepEqual(checked.failures, []);
          assert.equal((checked.inputs as Values)[property], unknown);
          return checked.inputs;
        };
        await ask();
        const { state, inputs } = await make();
        const changes = changesOf(state, await ask(inputs)).map((change) => change.property);
        assert.ok(changes.includes(property), `${JSON.stringify(changes)} has ${property}`);
      });
    }
  });
}
