// The two halves that VmFailoverPair makes, as Pulumi's engine gets to see them.
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { VmFailoverPair } from "../../../sdk/nodejs/vm-failover-pair.js";

type Seen = { type: string; name: string; inputs: Record<string, unknown> };

describe("VmFailoverPair", () => {
  const seen: Seen[] = [];

  before(async () => {
    await pulumi.runtime.setMocks({
      newResource: ({ type, name, inputs }) => {
        const values = inputs as Record<string, unknown>;
        seen.push({ type, name, inputs: values });
        // What check fills in.
        const made = { mac: values["mac"] ?? "52:54:00:00:00:01", alias: values["alias"] ?? `ua-sriov-${name}` };
        return { id: name, state: { ...values, ...made } };
      },
      call: () => ({}),
    });
  });

  it("is a virtio NIC that stays and a VF of the same MAC address that names it", async () => {
    const pair = new VmFailoverPair("web", {
      host: { uri: "qemu:///system" },
      domain: "web",
      primary: { network: "pool", vlan: 42 },
      standby: { network: "lan" },
    });
    const mac = await new Promise((resolve) => pulumi.all([pair.mac, pair.primary.mac]).apply(resolve));
    assert.deepEqual(mac, ["52:54:00:00:00:01", "52:54:00:00:00:01"]);
    const [standby, primary] = seen.filter(({ type }) => type.endsWith("VmSriovInterface"));
    assert.deepEqual([standby?.name, primary?.name], ["web-standby", "web-primary"]);
    assert.deepEqual(standby?.inputs["teaming"], { type: "persistent" });
    assert.deepEqual([standby?.inputs["network"], standby?.inputs["vlan"]], ["lan", undefined]);
    assert.deepEqual(primary?.inputs["teaming"], { type: "transient", persistent: "ua-sriov-web-standby" });
    assert.deepEqual([primary?.inputs["network"], primary?.inputs["vlan"]], ["pool", 42]);
    assert.equal(primary?.inputs["mac"], "52:54:00:00:00:01");
  });
});
