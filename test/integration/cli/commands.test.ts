// The commands on a real libvirtd and its fake SR-IOV hardware: what they say is what virsh and sysfs show.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../../provider/findings/finding.js";
import type { Lifecycle, Values } from "../../../provider/resources/lifecycle.js";
import { Program } from "../../../provider/resources/program.js";
import { type ResourceName, registry } from "../../../provider/resources/registry.js";
import { CliWorld } from "../../unit/cli/world.js";
import { allocatePort, defineDomain, fakePfs, mustRun, setNumVfs } from "../libvirtd.js";
import { type World, host, startWorld } from "../resources/world.js";

const pf = fakePfs[0] ?? assert.fail();
const mac = "52:54:00:00:88:01";
const nic = `<interface type='network'><mac address='${mac}'/><source network='pool'/><vlan><tag id='42'/></vlan><alias name='ua-data'/></interface>`;

describe("the commands on a real libvirtd", function () {
  this.timeout(60_000);
  let world: World;
  let cli: CliWorld;

  const run = (...args: string[]) => cli.run([args[0] ?? "", host.uri, ...args.slice(1)]);
  const onHost = (command: string) => mustRun(world.fixture, command);
  const ask = async (): Promise<Finding[]> => {
    const { code, stdout } = await run("doctor", "--json");
    const { healthy, findings } = JSON.parse(stdout) as { healthy: boolean; findings: Finding[] };
    assert.equal(healthy, !findings.some(({ severity }) => severity === "error"));
    assert.equal(code, healthy ? 0 : 1);
    return findings;
  };
  const find = async (id: string, about: string): Promise<Finding | undefined> =>
    (await ask()).find((finding) => finding.id === id && finding.about === about);
  const mend = async (id: string, about: string): Promise<Finding> => {
    const found = await find(id, about);
    assert.ok(found?.command !== undefined, `${id} of ${about}`);
    assert.equal(found.severity, "error");
    await onHost(found.command);
    assert.equal(await find(id, about), undefined);
    return found;
  };

  before(async () => {
    world = await startWorld();
    cli = new CliWorld(world.context);
    await onHost(`cat > /run/pool.xml <<'END'
<network><name>pool</name><forward mode='hostdev' managed='yes'><pf dev='${pf.netdev}'/></forward></network>
END
virsh net-define /run/pool.xml`);
    await defineDomain(world.fixture, "web", nic);
  });
  after(async () => {
    cli?.dispose();
    await world?.close();
  });

  it("doctor finds a pool that a VM needs and that does not run; its command starts it", async () => {
    const { seen } = await mend("pool-inactive", "pool pool");
    assert.deepEqual(seen, ["virsh net-info pool: Active: no", "VM web has an interface from it"]);
    assert.match(await onHost("virsh net-info pool"), /Active: +yes\n.*\nAutostart: +yes/);
  });

  it("doctor finds a pool whose VFs are gone; its command starts the pool anew", async () => {
    await setNumVfs(world.fixture, pf, 3);
    const { seen } = await mend("stale-pool", "pool pool");
    assert.match(seen[0] ?? "", /0000:03:11\.4$/);
    assert.match(seen[1] ?? "", /VFs of PF ens1f0: 0000:03:10\.0 0000:03:10\.2 0000:03:10\.4$/);
    assert.equal((await onHost("virsh net-dumpxml pool")).match(/<address /g)?.length, 3);
  });

  it("doctor finds a PF whose pool has no VFs, and says so to people too", async () => {
    await setNumVfs(world.fixture, pf, 0);
    const { code, stdout } = await run("doctor");
    assert.equal(code, 1);
    assert.match(stdout, /error +no-vfs +PF ens1f0\n +seen +\/sys\/bus\/pci\/devices\/0000:03:00\.0\/sriov_numvfs: 0/);
    await setNumVfs(world.fixture, pf, 7);
    assert.equal(await find("no-vfs", "PF ens1f0"), undefined);
    await onHost("virsh net-destroy pool && virsh net-start pool");
  });

  it("topology shows PFs, VFs, the pool with what it has handed out, and the VM", async () => {
    await allocatePort(world.fixture, { network: "pool", domain: "web", mac });
    const { code, stdout } = await run("topology");
    assert.equal(code, 0);
    assert.match(
      stdout,
      /PF ens1f0 +0000:03:00\.0 +igb +up +7 of 7 VFs\n.*VF 0 +0000:03:10\.0 +group \d+ +pool +free\n/,
    );
    assert.match(stdout, /PF ens1f1 .*\n.*VF 0 +0000:03:10\.1 +group \d+ +no pool +free\n/);
    assert.match(stdout, /PF ens2f0 .* 0 of 7 VFs\n/);
    assert.match(stdout, /pool +active +1 of 7 VFs in use\n/);
    assert.match(stdout, /web\n +└─ 52:54:00:00:88:01 +VLAN 42 +pool pool +not live\n/);
    assert.equal((await run("topology", "--html", "host.html")).code, 0);
    assert.match(readFileSync(join(cli.folder, "host.html"), "utf8"), /<svg[^]*ens1f0[^]*pool[^]*web[^]*<\/svg>/);
  });

  it("adopt writes a program and a state in which nothing differs from what the host shows", async () => {
    const { code, stdout, stderr } = await run("adopt", "--out", "adopted");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^kvm1: 2 VfConfigs, 1 SriovNetwork, 1 VmSriovInterface\. /);
    const text = (name: string) => readFileSync(join(cli.folder, "adopted", name), "utf8");
    const program = text("index.ts");
    assert.match(program, /new sriov\.SriovNetwork\("pool", \{\n +host,\n +name: "pool",\n +pf: ens1f0\.pfName,\n\}/);
    assert.match(program, /domain: "web",\n +network: pool\.name,\n +mac: "52:54:00:00:88:01",\n +vlan: 42,/);
    const state = JSON.parse(text("adopted-state.json")) as {
      deployment: { resources: { urn: string; type: string; id?: string; inputs?: Values; outputs?: Values }[] };
    };
    const own = state.deployment.resources.slice(2);
    assert.deepEqual(own.map(({ type }) => type.split(":").at(-1)).sort(), [
      "SriovNetwork",
      "VfConfig",
      "VfConfig",
      "VmSriovInterface",
    ]);
    const context = { ...world.context, program: new Program() };
    for (const { urn, type, id = "", inputs = {}, outputs = {} } of own) {
      const lifecycle = registry[type.split(":").at(-1) as ResourceName] as unknown as Lifecycle<Values, Values>;
      const { __provider: _text, ...olds } = inputs;
      const { __provider: _, schemaVersion: _version, ...before } = outputs;
      const observed = await lifecycle.read(context, id, before);
      assert.ok(observed.here, urn);
      assert.deepEqual(lifecycle.diff(id, observed.state, olds).changes, [], urn);
    }
  });
});
