// examples/: the policy pack and the drift gate, with the real CLI over a real libvirtd.
import assert from "node:assert/strict";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import * as sriov from "pulumi-sriov";
import { parse, stringify } from "yaml";
import { runChild } from "../../../lab/child.js";
import { ensureLanguageHost } from "../../../lab/language-host.js";
import { ensurePulumi } from "../../../lab/pulumi-cli.js";
import type { PulumiProject } from "../../../lab/pulumi-project.js";
import schema from "../../../provider/plugin/schema.gen.json";
import { noTrust, spoofchkOn, vlanRequired } from "../../../examples/policy/rules.js";
import { mustRun } from "../../integration/libvirtd.js";
import { type World, checkout, failed, planned, startWorld, succeeded } from "./world.js";

const program = (nic: string) => `
pool:
  type: sriov:SriovNetwork
  properties: { name: pool, pf: ens1f0 }
nic:
  type: sriov:VmSriovInterface
  properties: { domain: web, network: "\${pool.name}", apply: config, ${nic} }`;

describe("examples", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => void (world = await startWorld()));
  after(() => world?.close());

  describe("policy", () => {
    const refused = (said: string) => {
      assert.match(said, /interface of VM web has neither a VLAN nor a portgroup/);
      assert.match(said, /VF 2 is trusted/);
      assert.match(said, /VF 2 has spoof checking off/);
    };
    const plugin = (nic: string, vf: string) =>
      world.yaml(`${program(nic)}
vfs:
  type: sriov:VfConfig
  properties: { pf: ens1f1, numVfs: 7, persistence: none, vfs: [{ index: 2, ${vf} }] }`);

    it("refuses the plugin's resources without a VLAN or with a trusted VF, and passes them as they should be", async () => {
      const project = await world.project("policy", plugin("", "trust: true, spoofchk: false"));
      const pack = { args: ["--policy-pack", join(checkout, "examples/policy")], path: [await ensureLanguageHost()] };
      refused(failed(await project.preview(pack)));
      await project.writeYaml(plugin("vlan: 42", "trust: false").yaml);
      succeeded(await project.preview(pack));
    });

    // Of the hosts that there are here one runs programs, the other policy packs: so the program runs in this process.
    it("does the same with dynamic resources", async () => {
      const project = await world.project("policy-dynamic", world.typescript(""));
      const host = world.sshd.host() as sriov.HostArgs;
      let stated: { nic: { vlan?: number }; vf: { trust?: boolean; spoofchk?: boolean } };
      const program = async () => {
        const { name: network } = new sriov.SriovNetwork("pool", { host, name: "pool", pf: "ens1f0" });
        const nic = { host, domain: "web", network, apply: "config", ...stated.nic } as const;
        new sriov.VmSriovInterface("nic", nic);
        new sriov.VfConfig("vfs", {
          host,
          pf: "ens1f1",
          numVfs: 7,
          persistence: "none",
          vfs: [{ index: 2, ...stated.vf }],
        });
        return {};
      };
      // The Automation API puts the CLI's own folder first on PATH: this one has the host for policy packs beside it.
      const root = join(project.dir, "cli");
      await mkdir(join(root, "bin"), { recursive: true });
      await symlink((await ensurePulumi()).pulumi, join(root, "bin", "pulumi"));
      const languageHost = "pulumi-language-nodejs";
      await symlink(join(await ensureLanguageHost(), languageHost), join(root, "bin", languageHost));
      const envVars = project.environment() as Record<string, string>;
      const stack = await LocalWorkspace.createStack(
        { projectName: "policy-inline", stackName: "test", program },
        { envVars, pulumiCommand: await PulumiCommand.get({ root }) },
      );
      const preview = () => stack.preview({ policyPacks: [join(checkout, "examples/policy")] });
      stated = { nic: {}, vf: { trust: true, spoofchk: false } };
      await assert.rejects(preview(), ({ message }: Error) => (refused(message), true));
      stated = { nic: { vlan: 42 }, vf: { trust: false } };
      await preview();
    });

    for (const type of ["sriov:index:", "pulumi-nodejs:dynamic/sriov:"]) {
      it(`knows the resources as ${type}*`, () => {
        const vfs = [{ index: 0 }, { index: 3, trust: true }, { index: 5, spoofchk: false }];
        const is = (resource: string, props: Record<string, unknown>) =>
          [noTrust, spoofchkOn, vlanRequired].flatMap((rule) => rule(`${type}${resource}`, props));
        assert.deepEqual(
          is("VfConfig", { vfs }).map((text) => text.split(":")[0]),
          ["VF 3 is trusted", "VF 5 has spoof checking off"],
        );
        assert.equal(is("VmSriovInterface", { domain: "web" }).length, 1);
        assert.deepEqual(is("VmSriovInterface", { domain: "web", portgroup: "tenants" }), []);
        assert.deepEqual(is("SriovNetwork", { vlan: 7 }), []);
      });
    }
  });

  describe("fleet", () => {
    it("makes VFs, a pool for each PF and the setup of each host of an inventory, and takes it back", async () => {
      const { uri, ssh } = world.sshd.host();
      const port = new URL(uri).port;
      const project = await world.project("fleet", { dir: join(checkout, "examples/fleet") });
      const [inventory, knownHosts] = [join(project.dir, "inventory.yaml"), join(project.dir, "known_hosts")];
      await writeFile(knownHosts, `[127.0.0.1]:${port} ${String(ssh?.hostKey)}\n`);
      await mustRun(world.fixture, "echo 'dynamic_ownership = 0' >> /etc/libvirt/qemu.conf");
      const reached = `${uri}?keyfile=${ssh?.privateKeyPath}&known_hosts=${knownHosts}`;
      const host = (pf: string) => ({ uri: reached, pfs: { [pf]: { numVfs: 7, persistence: "none" } } });
      const hosts = { kvm1: { ...host("ens1f0"), setup: { dynamicOwnership: true } }, kvm2: host("ens1f1") };
      await writeFile(inventory, stringify({ hosts }));
      await project.setConfig("inventory", inventory);
      assert.deepEqual((await planned(project)).map(({ op, name }) => `${op} ${name}`).sort(), [
        "create kvm1",
        "create kvm1",
        "create kvm1-ens1f0",
        "create kvm1-ens1f0",
        "create kvm2",
        "create kvm2-ens1f1",
        "create kvm2-ens1f1",
      ]);
      succeeded(await project.up({ args: ["--skip-preview"] }));
      assert.deepEqual(await project.outputs(), { networks: { kvm1: ["pool-ens1f0"], kvm2: ["pool-ens1f1"] } });
      assert.deepEqual((await world.virsh("net-list --name")).split("\n").sort(), ["pool-ens1f0", "pool-ens1f1"]);
      const ownership = () => mustRun(world.fixture, "grep ^dynamic_ownership /etc/libvirt/qemu.conf");
      assert.equal(await ownership(), "dynamic_ownership = 1\n");
      succeeded(await project.preview({ args: ["--refresh", "--expect-no-changes"] }));
      succeeded(await project.destroy({ args: ["--skip-preview"] }));
      assert.equal(await world.virsh("net-list --all --name"), "");
      assert.equal(await ownership(), "dynamic_ownership = 0\n");
    });
  });

  describe("fleet-operator", () => {
    it("makes the hosts of one rack, with the VLANs that the stack of the site says", async () => {
      const { uri, ssh } = world.sshd.host();
      const port = new URL(uri).port;
      const example = join(checkout, "examples/fleet-operator");
      const site = await world.project("sriov-site", { dir: join(example, "site") });
      await site.setConfig("vlans", JSON.stringify({ tenants: 7 }));
      succeeded(await site.up({ args: ["--skip-preview"] }));
      // One backend for both, as a site and its racks have.
      const env = { PULUMI_BACKEND_URL: `file://${join(site.dir, "state")}` };
      const rack = await world.project("sriov-rack", { dir: join(example, "rack") }, env);
      const [racks, knownHosts] = [join(rack.dir, "racks.yaml"), join(rack.dir, "known_hosts")];
      await writeFile(knownHosts, `[127.0.0.1]:${port} ${String(ssh?.hostKey)}\n`);
      const reached = `${uri}?keyfile=${ssh?.privateKeyPath}&known_hosts=${knownHosts}`;
      const host = (pf: string) => ({ uri: reached, pfs: { [pf]: { numVfs: 7, persistence: "none" } } });
      await writeFile(racks, stringify({ "rack-1": { kvm1: host("ens1f0") }, "rack-2": { kvm2: host("ens1f1") } }));
      const config = { racks, rack: "rack-1", site: "organization/sriov-site/test" };
      for (const [key, value] of Object.entries(config)) await rack.setConfig(key, value);
      succeeded(await rack.up({ args: ["--skip-preview"] }));
      assert.deepEqual(await rack.outputs(), { networks: { kvm1: ["pool-ens1f0"] } });
      assert.equal(await world.virsh("net-list --name"), "pool-ens1f0");
      assert.match(
        await world.virsh("net-dumpxml pool-ens1f0"),
        /<portgroup name='tenants'>\s*<vlan>\s*<tag id='7'\/>/,
      );
      await rack.setConfig("rack", "rack-3");
      assert.match(failed(await rack.preview()), /expected a rack of .*racks\.yaml, got "rack-3"/);
      succeeded(await rack.destroy({ args: ["--skip-preview"] }));
    });
  });

  describe("fleet-operator without a cluster", () => {
    it("runs each rack by a process of its own, and once more the rack whose process is killed in the middle", async () => {
      const { uri, ssh } = world.sshd.host();
      const port = new URL(uri).port;
      const project = await world.project("sriov-racks", world.yaml(""));
      // A copy: the Automation API writes stack settings beside the programs.
      const fleet = join(project.dir, "fleet");
      await cp(join(checkout, "examples/fleet-operator"), fleet, { recursive: true });
      await symlink(join(checkout, "node_modules"), join(fleet, "node_modules"));
      const [racks, knownHosts] = [join(project.dir, "racks.yaml"), join(project.dir, "known_hosts")];
      await writeFile(knownHosts, `[127.0.0.1]:${port} ${String(ssh?.hostKey)}\n`);
      const reached = `${uri}?keyfile=${ssh?.privateKeyPath}&known_hosts=${knownHosts}`;
      const host = (pf: string) => ({ uri: reached, pfs: { [pf]: { numVfs: 7, persistence: "none" } } });
      await writeFile(racks, stringify({ "rack-1": { kvm1: host("ens1f0") }, "rack-2": { kvm2: host("ens1f1") } }));
      const run = (...args: string[]) =>
        runChild("tsx", [join(fleet, "run.ts"), ...args, "--racks", racks], { env: project.environment() });

      await world.holdNetworks();
      // While one network's start is held up, libvirt answers nobody about any: one rack at a time.
      const running = run("up", "--at-once", "1");
      // Two programs and the VFs come first.
      await Promise.race([
        world.untilHeld("pool-ens1f0", 120),
        running.then((ran) => assert.fail(JSON.stringify(ran))),
      ]);
      const killed = await runChild("pkill", ["-KILL", "-f", "pulumi up .*--stack rack-1"]);
      assert.equal(killed.exitCode, 0, killed.stderr);
      await world.letNetworksStart();
      const { exitCode, stdout, stderr } = await running;
      assert.equal(exitCode, 0, stdout + stderr);
      assert.match(stdout, /rack-1: its process was killed; once more/);
      assert.match(stdout, /2 of 2 racks done/);
      assert.deepEqual((await world.virsh("net-list --name")).split("\n").sort(), ["pool-ens1f0", "pool-ens1f1"]);

      const destroyed = await run("destroy");
      assert.equal(destroyed.exitCode, 0, destroyed.stdout + destroyed.stderr);
      assert.equal(await world.virsh("net-list --all --name"), "");
    });
  });

  describe("the package's documentation", () => {
    it("has examples in YAML of which each can be previewed", async () => {
      const { uri } = world.sshd.host();
      const pool = "<network><name>pool-eno49</name><forward mode='hostdev'><pf dev='ens1f0'/></forward></network>";
      const project = await world.project("documented", world.yaml(""));
      const here = `127.0.0.1:${new URL(uri).port}`;
      for (const [resource, { description }] of Object.entries(schema.resources)) {
        const isNic = resource.endsWith(":VmSriovInterface");
        if (isNic) await mustRun(world.fixture, `echo "${pool}" > /run/pool.xml; virsh net-define /run/pool.xml`);
        for (const [, text = ""] of description.matchAll(/```yaml\n([^]*?)\n```/g)) {
          const program = text.replaceAll("kvm2", here).replaceAll('pf: "eno49"', 'pf: "ens1f0"');
          await project.writeYaml(`${world.yaml("").yaml}\n${program}`);
          const steps = await planned(project);
          assert.equal(steps.length, (text.match(/type: sriov:/g) ?? []).length, JSON.stringify(steps));
        }
        if (isNic) await world.virsh("net-undefine pool-eno49");
      }
    });
  });

  describe("failover-pair", () => {
    it("gives a VM a virtio NIC and a VF that have one MAC address and name each other, and nothing more the next time", async () => {
      const { uri, ssh } = world.sshd.host();
      const project = await world.project("failover", { dir: join(checkout, "examples/failover-pair") });
      const knownHosts = join(project.dir, "known_hosts");
      await writeFile(knownHosts, `[127.0.0.1]:${new URL(uri).port} ${String(ssh?.hostKey)}\n`);
      await project.setConfig("uri", `${uri}?keyfile=${ssh?.privateKeyPath}&known_hosts=${knownHosts}`);
      await project.setConfig("pf", "ens1f0");
      await project.setConfig("vlan", "42");
      succeeded(await project.up({ args: ["--skip-preview"] }));
      const xml = await world.virsh("dumpxml web --inactive");
      assert.match(xml, /<source network='ens1f0-lan'\/>[^]*?<teaming type='persistent'\/>/);
      const [, alias = ""] = /<teaming type='persistent'\/>[^]*?<alias name='(ua-[^']*)'/.exec(xml) ?? [];
      assert.ok(xml.includes(`<teaming type='transient' persistent='${alias}'/>`), xml);
      const macs = [...xml.matchAll(/<mac address='([^']*)'/g)].map(([, mac]) => mac);
      assert.equal(macs.length, 2);
      assert.equal(new Set(macs).size, 1);
      succeeded(await project.preview({ args: ["--refresh", "--expect-no-changes"] }));
      succeeded(await project.destroy({ args: ["--skip-preview"] }));
      assert.doesNotMatch(await world.virsh("dumpxml web --inactive"), /<interface/);
    });
  });

  describe("ci/drift.yml", () => {
    let project: PulumiProject;
    /** The gate's own command, as CI would run it. */
    async function gate() {
      const workflow = parse(await readFile(join(checkout, "examples/ci/drift.yml"), "utf8")) as {
        jobs: { drift: { steps: { name?: string; run?: string }[] } };
      };
      const command = workflow.jobs.drift.steps.find(({ name }) => name === "Drift")?.run ?? "";
      const [pulumi, ...words] = command.replace('"$PULUMI_STACK"', "test").split(" ");
      assert.equal(pulumi, "pulumi");
      return project.run(words.filter((word) => word !== "--non-interactive"));
    }

    it("passes while the host is as the program says, fails after a change by hand, and touches nothing", async () => {
      project = await world.project("gate", world.yaml(program("vlan: 42")));
      succeeded(await project.up({ args: ["--skip-preview"] }));
      succeeded(await gate());
      await world.virsh("net-autostart pool --disable");
      const said = failed(await gate());
      assert.match(said, /autostart/);
      assert.match(said, /no changes were expected/);
      assert.match(await world.virsh("net-info pool"), /Autostart: +no/);
    });
  });
});
