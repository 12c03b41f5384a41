// Bad input, through the real CLI: one clear error each, and nothing written on the host.
import assert from "node:assert/strict";
import { hostView } from "../../lab/demo/host-view.js";
import type { PulumiProject } from "../../lab/pulumi-project.js";
import { newProject, programText, sharedLab } from "./stage.js";

type Case = { claim: string; program: string; says: RegExp[] };

const cases: Case[] = [
  {
    claim: "a PF that does not exist is refused, with the PFs that do",
    program: 'new sriov.VfConfig("x", { host, pf: "eno99", numVfs: 2 });',
    says: [/property pf\b/, /eno99/, /eno49/, /eno50/],
  },
  {
    claim: "more VFs than sriov_totalvfs are refused, with the limit",
    program: 'new sriov.VfConfig("x", { host, pf: "eno49", numVfs: 64 });',
    says: [/property numVfs\b/, /64/, /\b7\b/],
  },
  {
    claim: "two VFs with one MAC are refused, both named",
    program: `new sriov.VfConfig("x", { host, pf: "eno49", numVfs: 4, vfs: [
      { index: 1, mac: "52:54:00:00:00:01" }, { index: 3, mac: "52:54:00:00:00:01" }] });`,
    says: [/property vfs\[1\]\.mac\b/, /vfs\[0\]/, /52:54:00:00:00:01/],
  },
  {
    claim: "a VLAN of 5000 is refused, with the range",
    program: 'new sriov.VfConfig("x", { host, pf: "eno49", numVfs: 4, vfs: [{ index: 1, vlan: 5000 }] });',
    says: [/property vfs\[0\]\.vlan\b/, /4094/, /5000/],
  },
  {
    claim: "a pool on a PF without VFs is refused, and says what makes VFs",
    program: 'new sriov.SriovNetwork("x", { host, pf: "eno50" });',
    says: [/property pf\b/, /eno50/, /no VFs/, /VfConfig/],
  },
  {
    claim: "a VM that does not exist is refused, with the VMs that do",
    program: `new sriov.VmSriovInterface("x", { host, domain: "z-k8s-n-9", vf: "0000:01:10.0" });`,
    says: [/property domain\b/, /z-k8s-n-9/, /z-k8s-n-1/],
  },
  {
    claim: "a property of the wrong type is refused, with what was got",
    program: 'new sriov.VfConfig("x", { host, pf: "eno49", numVfs: "seven" as unknown as number });',
    says: [/property numVfs\b/, /"seven"/],
  },
  {
    claim: "all problems of one resource are said at once",
    program: `new sriov.VfConfig("x", { host, pf: "eno49", numVfs: 8, pfUp: "yes" as unknown as boolean,
      vfs: [{ index: 1, vlan: 5000, mac: "ff:ff:ff:ff:ff:ff", trusted: true } as never] });`,
    says: [/numVfs/, /pfUp/, /vfs\[0\]\.vlan/, /vfs\[0\]\.mac/, /trusted/],
  },
  {
    claim: "a host whose SSH host key is unknown is refused, with its fingerprint",
    program: `new sriov.VfConfig("x", { host: { uri: host.uri.replace(/known_hosts=[^&]*/, "known_hosts=/dev/null") }, pf: "eno49", numVfs: 2 });`,
    says: [/host key/, /SHA256:/, /known_hosts/],
  },
];

describe("bad input", function () {
  this.timeout(120_000);
  let project: PulumiProject;
  let found: string;

  const view = async () => hostView({ lab: await sharedLab() } as never);

  before(async () => {
    project = await newProject("bad-input", { text: "" });
    found = await view();
  });

  for (const { claim, program, says } of cases) {
    it(claim, async () => {
      await project.write(await programText(program));
      const ran = await project.up({ args: ["--skip-preview"] });
      const said = ran.stdout + ran.stderr;
      assert.notEqual(ran.exitCode, 0, said);
      for (const expected of says) assert.match(said, expected);
      assert.doesNotMatch(said, /^\s+at .*\.(js|ts):\d+/m, "a stack trace is no message for a user");
    });
  }

  it("an unreachable host is a warning at preview and an error at up, naming the address", async () => {
    await project.write(
      'import * as sriov from "pulumi-sriov";\nnew sriov.VfConfig("x", { host: { uri: "qemu+ssh://root@127.0.0.1:1/system" }, pf: "eno49", numVfs: 2 });',
    );
    const preview = await project.preview();
    assert.equal(preview.exitCode, 0, preview.stdout + preview.stderr);
    assert.match(preview.stdout + preview.stderr, /127\.0\.0\.1:1/);
    const up = await project.up({ args: ["--skip-preview"] });
    assert.notEqual(up.exitCode, 0);
    assert.match(up.stdout + up.stderr, /127\.0\.0\.1:1/);
  });

  it("writes nothing on the host", async () => {
    assert.equal(await view(), found);
  });
});
