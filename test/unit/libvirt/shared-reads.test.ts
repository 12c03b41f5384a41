import assert from "node:assert/strict";
import type { LibvirtClient } from "../../../provider/libvirt/client.js";
import { SharedReads } from "../../../provider/libvirt/shared-reads.js";

const web = { name: "web", uuid: "11111111-1111-4111-8111-111111111111", id: 1 };
const db = { name: "db", uuid: "22222222-2222-4222-8222-222222222222", id: -1 };
const pool = { name: "pool", uuid: "33333333-3333-4333-8333-333333333333" };

/** A libvirt that counts, whose answers change with each write, and that answers when it is told to. */
function counting() {
  const asked: string[] = [];
  let version = 0;
  let held: (() => void)[] | undefined;
  const answer = async (what: string): Promise<string> => {
    asked.push(what);
    const seen = version;
    if (held) await new Promise<void>((resolve) => held?.push(resolve));
    return `${what} ${seen}`;
  };
  const client = {
    name: "qemu:///system on kvm1",
    domainXml: (ref: { name: string }, options?: { inactive?: boolean }) =>
      answer(`xml ${ref.name}${options?.inactive ? " inactive" : ""}`),
    networkXml: (ref: { name: string }) => answer(`network ${ref.name}`),
    listNetworkPorts: (ref: { name: string }) => answer(`ports ${ref.name}`),
    listDomains: async () => {
      await answer("domains");
      return [web, db];
    },
    attachDevice: async () => {
      asked.push("attach");
      version += 1;
    },
    startNetwork: async () => {
      asked.push("start");
      version += 1;
      throw new Error("no");
    },
    findDomain: async () => {
      asked.push("find");
      throw new Error("lost");
    },
  } as unknown as LibvirtClient;
  const hold = () => (held = []);
  const release = () => {
    const waiting = held ?? [];
    held = undefined;
    for (const resolve of waiting) resolve();
  };
  return { asked, client, hold, release };
}

describe("reads of libvirt that several resources want", () => {
  it("are one call while it is on its way, also for whoever wants no old answer", async () => {
    const { asked, client, hold, release } = counting();
    const view = new SharedReads(client).view(0);
    hold();
    const both = Promise.all([view.domainXml(web), view.domainXml(web)]);
    release();
    assert.deepEqual(await both, ["xml web 0", "xml web 0"]);
    assert.deepEqual(asked, ["xml web"]);
  });

  it("are asked anew by whoever is about to write, and not by whoever only looks", async () => {
    const { asked, client } = counting();
    const shared = new SharedReads(client);
    await shared.view(10_000).domainXml(web);
    await shared.view(10_000).domainXml(web);
    await shared.view(0).domainXml(web);
    assert.deepEqual(asked, ["xml web", "xml web"]);
  });

  it("differ by what is asked, and of whom", async () => {
    const { asked, client } = counting();
    const view = new SharedReads(client).view(10_000);
    await Promise.all([view.domainXml(web), view.domainXml(web, { inactive: true }), view.domainXml(db)]);
    assert.deepEqual(asked, ["xml web", "xml web inactive", "xml db"]);
  });

  it("are real ones after a write to the same VM, and kept for the others", async () => {
    const { asked, client } = counting();
    const view = new SharedReads(client).view(10_000);
    await Promise.all([view.domainXml(web), view.domainXml(db), view.listNetworkPorts(pool), view.listDomains()]);
    await view.attachDevice(web, "<interface/>", { live: true });
    assert.equal(await view.domainXml(web), "xml web 1");
    await Promise.all([view.domainXml(db), view.listDomains()]);
    assert.deepEqual(asked.slice(4), ["attach", "xml web"]);
  });

  it("are real ones for who is about to write, and may be older than a device in the definition for who looks", async () => {
    const { asked, client } = counting();
    const shared = new SharedReads(client);
    const [writer, looker] = [shared.view(0), shared.view(10_000)];
    await looker.domainXml(web);
    await writer.attachDevice(web, "<interface/>", { config: true });
    assert.equal(await looker.domainXml(web), "xml web 0");
    assert.equal(await writer.domainXml(web), "xml web 1");
    // What somebody has asked for since is there for all.
    assert.equal(await looker.domainXml(web), "xml web 1");
    assert.deepEqual(asked, ["xml web", "attach", "xml web"]);
  });

  it("of pools are real ones after a running VM got a device: it may hold a VF of theirs", async () => {
    const { client } = counting();
    const view = new SharedReads(client).view(10_000);
    await view.listNetworkPorts(pool);
    await view.attachDevice(web, "<interface/>", { live: true });
    assert.equal(await view.listNetworkPorts(pool), "ports pool 1");
  });

  it("that began before a write are no answer after it", async () => {
    for (const [affect, maxAgeMs] of [
      [{ config: true }, 0],
      [{ live: true }, 10_000],
    ] as const) {
      const { client, hold, release } = counting();
      const view = new SharedReads(client).view(maxAgeMs);
      hold();
      const before = view.domainXml(web);
      await view.attachDevice(web, "<interface/>", affect);
      const after = view.domainXml(web);
      release();
      assert.deepEqual(await Promise.all([before, after]), ["xml web 0", "xml web 1"]);
    }
  });

  it("are real ones after a write that failed: it may have done half of it", async () => {
    const { client } = counting();
    const view = new SharedReads(client).view(10_000);
    await view.networkXml(pool);
    await assert.rejects(view.startNetwork(pool));
    assert.equal(await view.networkXml(pool), "network pool 1");
  });

  it("that failed are asked again", async () => {
    const { asked, client } = counting();
    const view = new SharedReads(client).view(10_000);
    await assert.rejects(view.findDomain("none"));
    await assert.rejects(view.findDomain("none"));
    assert.deepEqual(asked, ["domains", "find", "find"]);
  });

  it("by name or UUID are answered from one list, where it may be a little old", async () => {
    const { asked, client } = counting();
    const shared = new SharedReads(client);
    assert.deepEqual(await shared.view(10_000).findDomain("web"), web);
    assert.deepEqual(await shared.view(10_000).findDomain(db.uuid), db);
    assert.deepEqual(asked, ["domains"]);
    await assert.rejects(shared.view(0).findDomain("web"));
    assert.deepEqual(asked, ["domains", "find"]);
  });

  it("leave the rest of the client as it is", () => {
    const { client } = counting();
    assert.equal(new SharedReads(client).view(0).name, "qemu:///system on kvm1");
  });

  it("tell whoever looks at sysfs of a VF that a VM may have now, and of nothing else", async () => {
    const { client } = counting();
    let told = 0;
    const view = new SharedReads(client, () => (told += 1)).view(0);
    await view.attachDevice(web, "<interface/>", { config: true });
    await assert.rejects(view.startNetwork(pool));
    assert.equal(told, 0);
    await view.attachDevice(web, "<interface/>", { live: true });
    assert.equal(told, 2);
  });
});
