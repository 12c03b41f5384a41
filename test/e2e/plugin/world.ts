// Where the plugin's end-to-end tests work without the lab: the real Pulumi CLI and the plugin out here, and a real libvirtd with
// SR-IOV hardware made of files, behind a real sshd, as the host. What needs a kernel with VFs is with the lab.
import assert from "node:assert/strict";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ran } from "../../../lab/child.js";
import { ensurePulumi } from "../../../lab/pulumi-cli.js";
import { createProject, type ProjectOptions, type PulumiProject } from "../../../lab/pulumi-project.js";
import { ensurePulumiYaml } from "../../../lab/pulumi-yaml.js";
import { configurationKeys } from "../../../provider/plugin/configuration-keys.js";
import { type LibvirtdFixture, defineDomain, fakePfs, mustRun, startLibvirtd } from "../../integration/libvirtd.js";
import { type PeerSshd, startSshdIn } from "../../integration/sshd-inside.js";

export const checkout = join(__dirname, "..", "..", "..");

export type World = {
  fixture: LibvirtdFixture;
  sshd: PeerSshd;
  /** A YAML program that takes the plugin from this checkout. */
  yaml(resources: string, rest?: string): { yaml: string };
  /** The same in TypeScript. */
  typescript(text: string): { text: string; settings: Record<string, unknown> };
  /** Settings of the plugin for the host: `sriov:uri` and so on. */
  settings: Readonly<Record<string, string>>;
  /** The same as environment variables: `SRIOV_URI` and so on. */
  environment: Readonly<Record<string, string>>;
  /** The text of the private key that logs in. */
  privateKey: string;
  virsh(command: string): Promise<string>;
  /** From then on no network starts, until `letNetworksStart`. */
  holdNetworks(): Promise<void>;
  /** Resolves when that network's start waits. libvirt answers no question about it meanwhile. */
  untilHeld(network: string, seconds?: number): Promise<void>;
  letNetworksStart(): Promise<void>;
  /** From then on a network that starts fails to, also one that waits now. */
  refuseNetworks(): Promise<void>;
  /** A project of its own, with the host configured; forgotten at the end. */
  project(name: string, program: ProjectOptions["program"], env?: NodeJS.ProcessEnv): Promise<PulumiProject>;
  close(): Promise<void>;
};

/** libvirt runs it before a network starts, and waits. */
const hook = (held: string) => `#!/bin/sh
[ "$2" = start ] || exit 0
[ ! -e ${held} ] || touch ${held}/$1
while [ -e ${held} ]; do sleep 0.1; done
[ ! -e ${held}-refused ]
`;

export async function startWorld(): Promise<World> {
  const pulumi = await ensurePulumi();
  const path = [...pulumi.path, await ensurePulumiYaml()];
  const pluginFolder = await makePluginFolder();
  const fixture = await startLibvirtd(fakePfs, {
    prepare: async (folder) => {
      await mkdir(join(folder, "hooks"));
      await writeFile(join(folder, "hooks", "network"), hook(join(folder, "held")));
      await chmod(join(folder, "hooks", "network"), 0o755);
    },
  });
  let server: Server | undefined;
  const projects: PulumiProject[] = [];
  const close = async () => {
    for (const project of projects) await project.dispose();
    server?.close();
    await fixture.stop();
    await rm(pluginFolder, { recursive: true });
  };
  try {
    const started = await startSshdIn(fixture, { lines: ["SetEnv PATH=/usr/sbin:/usr/bin:/sbin:/bin SHLVL=1"] });
    server = started.server;
    const { uri, ssh } = started.sshd.host();
    await defineDomain(fixture, "web");
    const settings: Record<string, string> = {
      "sriov:uri": uri,
      "sriov:sshPrivateKeyPath": ssh?.privateKeyPath ?? "",
      "sriov:sshHostKey": String(ssh?.hostKey),
      "sriov:sshConfigFile": "none",
    };
    return {
      fixture,
      sshd: started.sshd,
      yaml: (resources, rest = "") => ({
        yaml: `${pluginFrom(pluginFolder)}${resources === "" ? "" : "resources:\n"}${indented(resources)}${rest}\n`,
      }),
      settings,
      environment: Object.fromEntries(
        configurationKeys
          .filter(({ name }) => settings[`sriov:${name}`] !== undefined)
          .map(({ name, environment }) => [environment, settings[`sriov:${name}`] ?? ""]),
      ),
      privateKey: await readFile(ssh?.privateKeyPath ?? "", "utf8"),
      typescript: (text) => ({ text, settings: { plugins: { providers: [{ name: "sriov", path: pluginFolder }] } } }),
      virsh: async (command) => (await mustRun(fixture, `virsh -q ${command}`)).trim(),
      holdNetworks: async () => void (await mustRun(fixture, `mkdir ${fixture.folder}/held`)),
      untilHeld: (network, seconds) =>
        until(
          `the start of ${network} waits`,
          async () => {
            const { exitCode } = await fixture.run(`test -e ${fixture.folder}/held/${network}`);
            return exitCode === 0;
          },
          seconds,
        ),
      letNetworksStart: async () => void (await mustRun(fixture, `rm -rf ${fixture.folder}/held*`)),
      refuseNetworks: async () =>
        void (await mustRun(fixture, `touch ${fixture.folder}/held-refused && rm -rf ${fixture.folder}/held`)),
      project: async (name, program, env = {}) => {
        const project = await createProject({ name, program, pulumi: { ...pulumi, path }, env });
        projects.push(project);
        const pairs = Object.entries(settings).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
        await project.mustRun(["config", "set-all", "--stack", "test", ...pairs]);
        return project;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * The checkout's plugin in a folder without node_modules: the CLI measures how large a plugin's folder is, and walks in circles
 * where it links to itself, as a checkout does for its own examples.
 */
export async function makePluginFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "test-plugin-"));
  await copyFile(join(checkout, "PulumiPlugin.yaml"), join(folder, "PulumiPlugin.yaml"));
  await symlink(join(checkout, "pulumi-resource-sriov"), join(folder, "pulumi-resource-sriov"));
  return folder;
}

/** As in Pulumi.yaml. */
export const pluginFrom = (folder: string): string =>
  `plugins:\n  providers:\n    - { name: sriov, path: ${folder} }\n`;

const indented = (text: string): string =>
  text
    .split("\n")
    .map((line) => (line.trim() === "" ? "" : `  ${line}\n`))
    .join("");

/** Puts the SDK that the CLI makes of our schema into the project's folder, as ./sdk/nodejs. */
export async function makeSdk(project: PulumiProject, languageHost: string): Promise<void> {
  const making = ["package", "gen-sdk", join(checkout, "provider/plugin/schema.gen.json"), "--language", "nodejs"];
  succeeded(await project.run(making, { path: [languageHost] }));
}

export function succeeded(ran: Ran): string {
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  return ran.stdout + ran.stderr;
}

export function failed(ran: Ran): string {
  assert.notEqual(ran.exitCode, 0, ran.stdout);
  return ran.stdout + ran.stderr;
}

/** Waits for a state of the world; says what never came. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean, seconds = 30): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(100);
  }
}

/** What an update would do, apart from looking at what is there. */
export async function planned(project: PulumiProject, args: readonly string[] = []): Promise<Planned[]> {
  const ran = await project.run(["preview", "--stack", "test", "--json"], { args });
  succeeded(ran);
  const { steps } = JSON.parse(ran.stdout.slice(ran.stdout.indexOf("{"))) as { steps: RawStep[] };
  return steps
    .filter(({ op, urn }) => op !== "refresh" && !urn.includes("::pulumi:"))
    .map(({ op, urn, detailedDiff }) => ({ op, name: urn.split("::").at(-1) ?? "", detailedDiff: detailedDiff ?? {} }));
}

export type Planned = {
  op: string;
  name: string;
  detailedDiff: Record<string, { kind: string; inputDiff: boolean }>;
};
type RawStep = { op: string; urn: string; detailedDiff?: Planned["detailedDiff"] | null };
