// What SriovHost makes of one description, as Pulumi's engine gets to see it.
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { SriovHost } from "../../../sdk/nodejs/sriov-host.js";

type Seen = { type: string; name: string; inputs: Record<string, unknown> };

describe("SriovHost", () => {
  const seen: Seen[] = [];
  const host = { uri: "qemu:///system" };
  const of = (type: string) => seen.filter((resource) => resource.type === `pulumi-nodejs:dynamic/sriov:${type}`);

  beforeEach(async () => {
    seen.length = 0;
    await pulumi.runtime.setMocks({
      newResource: ({ type, name, inputs }) => {
        const values = inputs as Record<string, unknown>;
        seen.push({ type, name, inputs: values });
        return { id: name, state: { ...values, pfName: values["pf"] } };
      },
      call: () => ({}),
    });
  });

  const names = (made: SriovHost): Promise<string[]> =>
    new Promise((resolve) => pulumi.all(Object.values(made.pools).map(({ name }) => name)).apply(resolve));

  it("is VFs and a pool a PF, and the host's setup, named after the host and the PF", async () => {
    const made = new SriovHost("kvm1", {
      host,
      setup: { apparmorVfioRule: true },
      pfs: { eno49: { numVfs: 7 }, eno50: { numVfs: 4, mtu: 9000, pool: { name: "storage", vlan: 100 } } },
    });
    assert.deepEqual(await names(made), ["pool-eno49", "storage"]);
    assert.deepEqual(
      of("VfConfig").map(({ name, inputs }) => [name, inputs["pf"], inputs["numVfs"], inputs["mtu"]]),
      [
        ["kvm1-eno49", "eno49", 7, undefined],
        ["kvm1-eno50", "eno50", 4, 9000],
      ],
    );
    assert.deepEqual(
      of("SriovNetwork").map(({ name, inputs }) => [name, inputs["pf"], inputs["vlan"]]),
      [
        ["kvm1-eno49", "eno49", undefined],
        ["kvm1-eno50", "eno50", 100],
      ],
    );
    assert.equal(of("HostSetup")[0]?.inputs["apparmorVfioRule"], true);
    assert.ok(seen.every(({ type, inputs }) => type.startsWith("sriov:") || inputs["host"] !== undefined));
  });

  it("leaves out what is not asked for: the setup, a pool, and the PF of a pool that says its VFs", async () => {
    const made = new SriovHost("kvm1", {
      host,
      pfs: {
        first: { pf: "0000:01:00.0", numVfs: 2, pool: false },
        second: { pf: { mac: "52:54:00:00:00:01" }, numVfs: 2, pool: { vfs: ["0000:02:10.0"] } },
      },
    });
    assert.deepEqual(await names(made), ["pool-second"]);
    assert.deepEqual(of("HostSetup"), []);
    assert.equal(made.setup, undefined);
    assert.equal(of("VfConfig")[0]?.inputs["pf"], "0000:01:00.0");
    const [pool] = of("SriovNetwork");
    assert.deepEqual([pool?.inputs["pf"], pool?.inputs["vfs"]], [undefined, ["0000:02:10.0"]]);
  });
});
