// `pulumi do ... list`, `pulumi import` and `get` through the plugin: what is there already, by an id that a person types; in TypeScript, with the SDK that the
// CLI makes of the plugin.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureLanguageHost } from "../../../lab/language-host.js";
import type { PulumiProject } from "../../../lab/pulumi-project.js";
import { mustRun } from "../../integration/libvirtd.js";
import { type World, checkout, failed, makeSdk, planned, startWorld, succeeded } from "./world.js";

describe("what somebody made by hand", function () {
  this.timeout(120_000);
  let world: World;
  let languageHost: string;

  before(async () => {
    world = await startWorld();
    languageHost = await ensureLanguageHost();
    const pool = `<network><name>pool</name><forward mode='hostdev' managed='yes'><pf dev='ens1f0'/></forward></network>`;
    const nic = (mac: string, alias: string) =>
      `<interface type='network'><mac address='${mac}'/><source network='pool'/><vlan><tag id='42'/></vlan>${alias}</interface>`;
    const [first, second] = [nic("52:54:00:00:00:07", "<alias name='ua-data'/>"), nic("52:54:00:00:00:08", "")];
    await mustRun(
      world.fixture,
      [
        ...[`echo "${pool}" > /run/pool.xml`, "virsh net-define /run/pool.xml", "virsh net-start pool"],
        ...[`echo "${first}" > /run/nic.xml`, "virsh attach-device web /run/nic.xml --config"],
        ...[`echo "${second}" > /run/nic.xml`, "virsh attach-device web /run/nic.xml --config"],
        "echo 'dynamic_ownership = 0' >> /etc/libvirt/qemu.conf",
      ].join("\n"),
    );
    // Of a host's setup only what is ours is taken over: another stack has made it.
    const setup = "setup:\n  type: sriov:HostSetup\n  properties: { dynamicOwnership: true }";
    succeeded(await (await world.project("other", world.yaml(setup))).up({ args: ["--skip-preview"] }));
  });
  after(() => world?.close());

  /** The CLI's own SDK in the project's folder, and the program with its import turned to it. */
  async function writeProgram(project: PulumiProject, text: string): Promise<void> {
    await makeSdk(project, languageHost);
    await project.write(text.replace('"@pulumi/sriov"', '"./sdk/nodejs"'));
  }

  const importInto = (project: PulumiProject, type: string, id: string, made: string) =>
    project.run(["import", "--yes", "--stack", "test", "--out", made, `sriov:index:${type}`, type, id], {
      path: [languageHost],
    });

  it("is listed by `pulumi do TYPE list` with the ids that an import takes", async () => {
    const project = await world.project("list", world.yaml(""));
    const ids = async (type: string, ...args: string[]) => {
      const from = ["--package", join(checkout, "pulumi-resource-sriov")];
      const ran = await project.run(["do", ...from, `sriov:index:${type}`, "list", ...args], {
        env: world.environment,
      });
      assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
      return (JSON.parse(ran.stdout) as { id: string }[]).map(({ id }) => id);
    };
    assert.deepEqual(await ids("VfConfig"), ["127.0.0.1/0000:03:00.0", "127.0.0.1/0000:03:00.1"]);
    assert.deepEqual(await ids("SriovNetwork"), [`127.0.0.1/${await world.virsh("net-uuid pool")}`]);
    assert.deepEqual(await ids("VmSriovInterface", "--domain", "web"), ["127.0.0.1/web/ua-data"]);
    assert.deepEqual(await ids("HostSetup"), ["127.0.0.1/setup"]);
  });

  let project: PulumiProject;
  const programs: string[] = [];
  before(async () => void (project = await world.project("import", world.typescript(""))));

  for (const [type, id] of [
    ["VmSriovInterface", "127.0.0.1/web/ua-data"],
    ["SriovNetwork", "127.0.0.1/pool"],
    ["VfConfig", "127.0.0.1/0000:03:00.1"],
    ["HostSetup", "127.0.0.1/setup"],
  ] as const) {
    it(`is imported as ${type} by ${id}`, async () => {
      const made = join(project.dir, "made.ts");
      succeeded(await importInto(project, type, id, made));
      const text = await readFile(made, "utf8");
      assert.match(text, new RegExp(`new sriov.${type}\\("${type}"`));
      programs.push(text);
    });
  }

  it("is as the programs say that the CLI writes for it: they change nothing", async () => {
    const withoutImport = (text: string) => text.replace(/^import .*\n/gm, "");
    const [first = "", ...others] = programs;
    await writeProgram(project, [first, ...others.map(withoutImport)].join("\n"));
    assert.deepEqual(await planned(project), []);
  });

  it("is not imported where it could not be found again, and the way to do it is said", async () => {
    const project = await world.project("import-refused", world.typescript(""));
    const ran = await importInto(project, "VmSriovInterface", "127.0.0.1/web/52:54:00:00:00:08", "made.ts");
    assert.match(failed(ran), /has no alias of its own, and so is not found again: add <alias name='ua-...'\/>/);
    assert.match(failed(await importInto(project, "SriovNetwork", "127.0.0.1/lan", "made.ts")), /does not exist/);
  });

  it("is looked up by `get` in a TypeScript program, and stays whoever's it is", async () => {
    const project = await world.project("get", world.typescript(""));
    await writeProgram(
      project,
      `import * as sriov from "@pulumi/sriov";
       export const uuid = sriov.SriovNetwork.get("known", "127.0.0.1/pool").uuid;
       export const holders = sriov.getDomainInterfacesOutput({ domain: "web" }).interfaces.apply((all) => all.length);`,
    );
    succeeded(await project.up({ args: ["--skip-preview"] }));
    assert.deepEqual(await project.outputs(), { uuid: await world.virsh("net-uuid pool"), holders: 2 });
    succeeded(await project.destroy({ args: ["--skip-preview"] }));
    assert.match(await world.virsh("net-list --name"), /pool/);
  });
});
