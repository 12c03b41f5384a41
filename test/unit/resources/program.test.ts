import assert from "node:assert/strict";
import { type DeclaredInterface, Program } from "../../../provider/resources/program.js";

describe("Program", () => {
  const nic = (resource: string, domain: string): DeclaredInterface => ({
    resource,
    domain,
    alias: "ua-data",
    mac: "52:54:00:00:00:01",
    network: "pool",
    vf: undefined,
  });

  it("sees two resources that declare one thing, and one that is checked again once", () => {
    const program = new Program();
    for (const resource of ["a", "b", "a"]) program.declareInterface("root@kvm1", nic(resource, "web"));
    assert.deepEqual(
      program.interfaces("root@kvm1").map(({ resource }) => resource),
      ["a", "b"],
    );
  });

  it("keeps hosts apart, also those whose names begin alike", () => {
    const program = new Program();
    program.declareNetwork("root@kvm1", { resource: "a", name: "pool", numVfs: 7 });
    program.declareVfs("root@kvm1", { pfPciAddress: "0000:01:00.0", pfName: "eno1", numVfs: 7 });
    for (const other of ["root@kvm", "root@kvm11", "root@kvm1:2222"]) {
      assert.deepEqual(program.networks(other), []);
      assert.equal(program.network(other, "pool"), undefined);
      assert.equal(program.hasVfs(other), false);
      assert.equal(program.vfsOf(other, "eno1"), undefined);
    }
    assert.equal(program.network("root@kvm1", "pool")?.numVfs, 7);
    assert.equal(program.vfsOf("root@kvm1", "0000:01:00.0")?.numVfs, 7);
  });
});
