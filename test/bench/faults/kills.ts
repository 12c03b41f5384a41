// Somebody's process is killed (kill -9) in the middle of an `up` or a `destroy` of the real CLI, over a real sshd and a real libvirtd:
// the provider's, the CLI's own with its children left as they are, or libvirtd. Then what a user does next.
//
// When: not by the clock, but as soon as the host has so many interfaces. So a point is found again.
import assert from "node:assert/strict";
import { readFile, readdir, rm } from "node:fs/promises";
import type { Ran } from "../../../lab/child.js";
import { ensurePulumi } from "../../../lab/pulumi-cli.js";
import { type PulumiProject, createProject } from "../../../lab/pulumi-project.js";
import { ensurePulumiYaml } from "../../../lab/pulumi-yaml.js";
import { makePluginFolder, pluginFrom } from "../../e2e/plugin/world.js";
import { mustRun } from "../../integration/libvirtd.js";
import { startDelayProxy } from "../delay-proxy.js";
import { type KvmHost, pfs, vms } from "../host33/kvm-host.js";

/** `provider`: of the dynamic resources of a TypeScript program; `plugin`: of the same ones in YAML. */
export type Victim = "provider" | "plugin" | "cli" | "libvirtd";
/** `at`: the number of interfaces at which it dies. */
export type Kill = { victim: Victim; during: "up" | "destroy"; at: number };

export const pools = pfs.slice(0, 2).map(({ netdev }) => netdev);
export const domains = vms.slice(0, 3);
const wanted = pools.length * domains.length;

export const kills: Kill[] = (["provider", "plugin", "cli", "libvirtd"] as const).flatMap((victim) =>
  (["up", "destroy"] as const).flatMap((during) => [1, 3, 5].map((at) => ({ victim, during, at }))),
);

export const program = (uri: string, ofPools: readonly string[] = pools): string => `
import * as sriov from "pulumi-sriov";
const host = { uri: ${JSON.stringify(uri)} };
const pfs = ${JSON.stringify(ofPools)};
const pools = pfs.map((pf) => new sriov.SriovNetwork(\`pool-\${pf}\`, { host, name: \`pool-\${pf}\`, pf }));
${JSON.stringify(domains)}.forEach((domain) =>
  pools.forEach(({ name }, nic) =>
    new sriov.VmSriovInterface(\`\${domain}-\${pfs[nic]}\`, { host, domain, network: name, vlan: 100 + nic })));
`;

/** The same by the plugin, from that folder. */
const yamlProgram = (uri: string, pluginFolder: string): string => {
  const host = `host: { uri: ${JSON.stringify(uri)} }`;
  const ofPools = pools.map(
    (pf) => `  pool-${pf}:\n    type: sriov:SriovNetwork\n    properties: { ${host}, name: pool-${pf}, pf: ${pf} }\n`,
  );
  const interfaces = domains.flatMap((domain) =>
    pools.map(
      (pf, nic) =>
        `  ${domain}-${pf}:\n    type: sriov:VmSriovInterface\n    properties: { ${host}, domain: ${domain}, network: "\${pool-${pf}.name}", vlan: ${100 + nic} }\n`,
    ),
  );
  return `${pluginFrom(pluginFolder)}resources:\n${[...ofPools, ...interfaces].join("")}`;
};

async function projectFor(uri: string, pluginFolder: string | undefined): Promise<PulumiProject> {
  const pulumi = await ensurePulumi();
  const name = "bench-kill";
  if (pluginFolder === undefined) return createProject({ name, program: { text: program(uri) }, pulumi });
  const path = [...pulumi.path, await ensurePulumiYaml()];
  return createProject({ name, program: { yaml: yamlProgram(uri, pluginFolder) }, pulumi: { ...pulumi, path } });
}

/** Throws when anything is not as it should be afterwards. */
export async function killAndGoOn(host: KvmHost, { victim, during, at }: Kill): Promise<void> {
  // One after the other, and each takes three round trips: so there is time to see how many there are.
  const proxy = await startDelayProxy(host.sshd.port, 100);
  const pluginFolder = victim === "plugin" ? await makePluginFolder() : undefined;
  const project = await projectFor(host.uri(proxy.port), pluginFolder);
  const slowly = { args: ["--skip-preview", "--parallel", "1"] };
  try {
    if (during === "destroy") succeeded("the first up", await project.up({ args: ["--skip-preview"] }));
    const cut = during === "up" ? project.up(slowly) : project.destroy(slowly);
    await untilInterfaces(host, during === "up" ? "-ge" : "-le", at);
    await kill(host, project, victim);
    // A killed CLI's children hold its pipes: what comes next does not wait for them.
    const ended = victim === "cli" ? undefined : await cut;
    const said = ended ? ended.stdout + ended.stderr : "";
    // A libvirtd that is back soon enough is not even noticed.
    if (victim === "provider" || victim === "plugin") assert.notEqual(ended?.exitCode, 0, `it did not fail: ${said}`);
    if (victim === "cli") await unlock(project);
    if (during === "up") {
      succeeded("the next up", await project.up({ args: ["--skip-preview"] }));
      assert.deepEqual(await shown(host), { interfaces: wanted, networks: pools.length, distinct: wanted }, said);
      succeeded("one more up", await project.up({ args: ["--skip-preview", "--expect-no-changes"] }));
      const ofOurs = (await project.stackExport()).filter(({ type }) => /SriovNetwork|VmSriovInterface/.test(type));
      assert.equal(ofOurs.length, wanted + pools.length, "the state's resources");
    }
    succeeded("the destroy", await project.destroy({ args: ["--skip-preview"] }));
    assert.deepEqual(await shown(host), { interfaces: 0, networks: 0, distinct: 0 }, said);
    await cut;
  } finally {
    await project.dispose();
    if (pluginFolder !== undefined) await rm(pluginFolder, { recursive: true });
    await proxy.stop();
  }
}

/** What a user meets after a killed CLI: the state is locked, until `pulumi cancel`. */
async function unlock(project: PulumiProject): Promise<void> {
  const locked = await project.up({ args: ["--skip-preview"] });
  assert.notEqual(locked.exitCode, 0, "the state was not locked");
  assert.match(locked.stdout + locked.stderr, /pulumi cancel/);
  succeeded("pulumi cancel", await project.run(["cancel", "--yes", "--stack", "test"]));
}

export function succeeded(what: string, { exitCode, stdout, stderr }: Ran): void {
  assert.equal(exitCode, 0, `${what}: ${stdout}${stderr}`);
}

const definitions = "cat /etc/libvirt/qemu/*.xml";

/** Looked at in the host: one question a look would be too slow for what is waited for. */
async function untilInterfaces({ libvirtd }: KvmHost, compare: "-ge" | "-le", count: number): Promise<void> {
  const reached = `[ "$(${definitions} | grep -c '<interface')" ${compare} ${count} ]`;
  await mustRun(libvirtd, `n=0; until ${reached}; do n=$((n + 1)); [ $n -lt 3000 ] || exit 1; sleep 0.01; done`);
}

export async function shown({
  libvirtd,
}: KvmHost): Promise<{ interfaces: number; networks: number; distinct: number }> {
  const list = async (command: string) => (await mustRun(libvirtd, command)).split("\n").filter((line) => line !== "");
  const macs = await list(
    `for vm in ${domains.join(" ")}; do virsh -q domiflist $vm --inactive; done | awk '{ print $5 }'`,
  );
  const networks = await list("virsh -q net-list --all --name");
  return { interfaces: macs.length, networks: networks.length, distinct: new Set(macs).size };
}

async function kill({ libvirtd }: KvmHost, project: PulumiProject, victim: Victim): Promise<void> {
  if (victim === "libvirtd") {
    await mustRun(libvirtd, "pkill -KILL -x libvirtd");
    return;
  }
  const isVictim = victim === "cli" ? isCli : isProvider;
  const pids = (await processesOf(project)).filter(({ command }) => isVictim(command)).map(({ pid }) => pid);
  assert.ok(pids.length > 0, `no process of the ${victim}`);
  for (const pid of pids) process.kill(pid, "SIGKILL");
}

const isCli = ([file = ""]: string[]): boolean => /(^|\/)pulumi$/.test(file);
/** Of either kind: a project has one of them. */
const isProvider = (command: string[]): boolean =>
  command.some((word) => /dynamic-provider|pulumi-resource-(sriov|pulumi-nodejs)/.test(word));

/** Each process that was started for the project, known by its environment. */
async function processesOf({ dir }: PulumiProject): Promise<{ pid: number; command: string[] }[]> {
  const found: { pid: number; command: string[] }[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const read = async (file: string) => (await readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")).split("\0");
    if ((await read("environ")).includes(`PULUMI_HOME=${dir}/home`)) {
      found.push({ pid: Number(pid), command: await read("cmdline") });
    }
  }
  return found;
}
