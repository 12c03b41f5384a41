import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { events, procedures } from "../../../../provider/libvirt/rpc/procedures.js";

/** `connectListAllNetworks` is REMOTE_PROC_CONNECT_LIST_ALL_NETWORKS. */
const cName = (name: string) => `REMOTE_PROC_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}`;

const stored = new Map(
  readFileSync(join(__dirname, "procedure-numbers.txt"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(" ") as [string, string])
    .map(([number, name]) => [name, Number(number)]),
);

describe("the table of procedures", () => {
  for (const [name, { number }] of Object.entries(procedures)) {
    it(`has the number of ${cName(name)}`, () => assert.equal(number, stored.get(cName(name))));
  }

  const eventNames: { [N in keyof typeof events]: string } = {
    domainLifecycle: "REMOTE_PROC_DOMAIN_EVENT_CALLBACK_LIFECYCLE",
    domainDeviceRemoved: "REMOTE_PROC_DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED",
    domainDeviceAdded: "REMOTE_PROC_DOMAIN_EVENT_CALLBACK_DEVICE_ADDED",
    domainDeviceRemovalFailed: "REMOTE_PROC_DOMAIN_EVENT_CALLBACK_DEVICE_REMOVAL_FAILED",
    networkLifecycle: "REMOTE_PROC_NETWORK_EVENT_LIFECYCLE",
    nodeDeviceLifecycle: "REMOTE_PROC_NODE_DEVICE_EVENT_LIFECYCLE",
    nodeDeviceUpdate: "REMOTE_PROC_NODE_DEVICE_EVENT_UPDATE",
  };
  for (const [name, { number }] of Object.entries(events)) {
    const event = eventNames[name as keyof typeof events];
    it(`has the number of ${event}`, () => assert.equal(number, stored.get(event)));
  }

  it("uses each number once", () => {
    const numbers = [...Object.values(procedures), ...Object.values(events)].map(({ number }) => number);
    assert.equal(new Set(numbers).size, numbers.length);
  });
});
