// Two stacks, each by a real CLI of its own, change one host at the same time, over a real sshd and a real libvirtd.
import assert from "node:assert/strict";
import { ensurePulumi } from "../../../lab/pulumi-cli.js";
import { type PulumiProject, createProject } from "../../../lab/pulumi-project.js";
import type { KvmHost } from "../host33/kvm-host.js";
import { domains, pools, program, shown, succeeded } from "./kills.js";

const args = ["--skip-preview"];
const nothing = { interfaces: 0, networks: 0, distinct: 0 };

async function withProjects(texts: string[], use: (projects: PulumiProject[]) => Promise<void>): Promise<void> {
  const pulumi = await ensurePulumi();
  const projects: PulumiProject[] = [];
  try {
    // A name of its own for each: it is by project, stack and name that the provider knows what is whose.
    for (const [i, text] of texts.entries()) {
      projects.push(await createProject({ name: `bench-two-${i + 1}`, program: { text }, pulumi }));
    }
    await use(projects);
  } finally {
    for (const project of projects) await project.dispose();
  }
}

/** Each stack has a pool of its own; every VM gets an interface from both. */
export async function sameVms(host: KvmHost): Promise<void> {
  const texts = pools.map((pool) => program(host.uri(), [pool]));
  await withProjects(texts, async (projects) => {
    for (const ran of await Promise.all(projects.map((project) => project.up({ args })))) succeeded("up", ran);
    const wanted = pools.length * domains.length;
    assert.deepEqual(await shown(host), { interfaces: wanted, networks: pools.length, distinct: wanted });
    for (const project of projects) {
      succeeded("one more up", await project.up({ args: [...args, "--expect-no-changes"] }));
    }
    for (const ran of await Promise.all(projects.map((project) => project.destroy({ args }))))
      succeeded("destroy", ran);
    assert.deepEqual(await shown(host), nothing);
  });
}

/** Both want the same pool: one gets it, and the other is told so; its destroy takes nothing of the first one's. */
export async function samePool(host: KvmHost): Promise<void> {
  const text = program(host.uri(), pools.slice(0, 1));
  await withProjects([text, text], async (projects) => {
    const runs = await Promise.all(projects.map((project) => project.up({ args })));
    const said = runs.map(({ stdout, stderr }) => stdout + stderr);
    const winner = runs.findIndex(({ exitCode }) => exitCode === 0);
    assert.equal(runs.filter(({ exitCode }) => exitCode === 0).length, 1, said.join("\n"));
    const whose = `bench-two-${winner + 1}/[^/]+/pool-${pools[0]}`;
    assert.match(said[1 - winner] ?? "", new RegExp(`it belongs to the resource "${whose}"`));
    const wanted = { interfaces: domains.length, networks: 1, distinct: domains.length };
    assert.deepEqual(await shown(host), wanted, said.join("\n"));
    const [first, second] = [projects[winner]!, projects[1 - winner]!];
    succeeded("the destroy of the one without", await second.destroy({ args }));
    assert.deepEqual(await shown(host), wanted);
    succeeded("one more up", await first.up({ args: [...args, "--expect-no-changes"] }));
    succeeded("destroy", await first.destroy({ args }));
    assert.deepEqual(await shown(host), nothing);
  });
}
