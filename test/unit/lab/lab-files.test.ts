import assert from "node:assert/strict";
import { labCacheFolder, runFolder } from "../../../lab/cache.js";
import { knownHostsLine } from "../../../lab/known-hosts.js";
import { controlPathIn, sshArguments } from "../../../lab/ssh.js";

describe("the files of a lab", () => {
  it("are in the user's cache folder, XDG_CACHE_HOME first", () => {
    assert.equal(labCacheFolder({ XDG_CACHE_HOME: "/c" }), "/c/pulumi-sriov/lab");
    assert.match(labCacheFolder({}), /\/\.cache\/pulumi-sriov\/lab$/);
  });

  for (const name of ["", "..", "a/b", "-x", "Upper", "a".repeat(33)]) {
    it(`are not made for the name "${name}"`, () => assert.throws(() => runFolder(name), /The name of a lab/));
  }

  it("hold a known_hosts line for the port, without the key's comment", () => {
    assert.equal(knownHostsLine(2222, "ssh-ed25519 AAAA sriov-lab\n"), "[127.0.0.1]:2222 ssh-ed25519 AAAA\n");
  });

  it("keep the control socket's path within what a unix socket can hold", () => {
    assert.equal(controlPathIn("/c/run/default"), "/c/run/default/ssh");
    assert.ok(controlPathIn(`/${"long/".repeat(30)}`).length <= 85);
  });

  it("let ssh check the host key strictly and ask nobody", () => {
    const args = sshArguments({ port: 1, user: "root", identityFile: "/i", knownHostsFile: "/k", controlPath: "/c" });
    assert.ok(args.includes("StrictHostKeyChecking=yes"));
    assert.ok(args.includes("BatchMode=yes"));
  });
});
