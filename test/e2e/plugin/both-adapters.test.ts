// The scenario through both adapters: as dynamic resources in TypeScript, and in YAML through the plugin.
import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { ensureLanguageHost } from "../../../lab/language-host.js";
import { ensurePulumi } from "../../../lab/pulumi-cli.js";
import { type PulumiProject, createProject } from "../../../lab/pulumi-project.js";
import { ensurePulumiYaml } from "../../../lab/pulumi-yaml.js";
import { onHost, programText, sharedLab } from "../stage.js";
import { type Declared, type Input, pf, scenario } from "./scenario.js";
import { makePluginFolder, makeSdk, planned, succeeded } from "./world.js";

type Adapter = {
  title: string;
  /** Flags with which it sees drift. */
  seeing: string[];
  program(resources: readonly Declared[]): Promise<{ text: string } | { yaml: string }>;
};

let pluginFolder: string;
const plugins = () => ({ plugins: { providers: [{ name: "sriov", path: pluginFolder }] } });

const isReference = (value: Input): value is { of: string } =>
  typeof value === "object" && !Array.isArray(value) && "of" in value;

const adapters: Adapter[] = [
  {
    title: "dynamic resources in TypeScript",
    seeing: ["--refresh"],
    program: async (resources) => {
      const text = (value: Input): string =>
        isReference(value)
          ? value.of
          : Array.isArray(value)
            ? `[${value.map(text).join()}]`
            : typeof value === "object"
              ? `{${Object.entries(value)
                  .map(([key, item]) => `${key}: ${text(item)}`)
                  .join()}}`
              : JSON.stringify(value);
      const lines = resources.map(
        ({ type, name, inputs }) => `const ${name} = new sriov.${type}("${name}", { host, ...${text(inputs)} });`,
      );
      return { text: await programText(lines.join("\n")) };
    },
  },
  {
    title: "the plugin in YAML",
    seeing: [],
    program: async (resources) => {
      const plain = (value: Input): unknown =>
        isReference(value)
          ? `\${${value.of}}`
          : Array.isArray(value)
            ? value.map(plain)
            : typeof value === "object"
              ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
              : value;
      const declared = resources.map(({ type, name, inputs }) => [
        name,
        { type: `sriov:${type}`, properties: plain(inputs) },
      ]);
      return { yaml: stringify({ ...plugins(), resources: Object.fromEntries(declared) as object }) };
    },
  },
];

before(async () => void (pluginFolder = await makePluginFolder()));
after(() => rm(pluginFolder, { recursive: true, force: true }));

async function projectFor(
  name: string,
  program: { text: string; settings?: Record<string, unknown> } | { yaml: string },
) {
  const [pulumi, yaml, { uri }] = await Promise.all([ensurePulumi(), ensurePulumiYaml(), sharedLab()]);
  const project = await createProject({ name, program, pulumi: { ...pulumi, path: [...pulumi.path, yaml] } });
  await project.mustRun(["config", "set-all", "--stack", "test", "--plaintext", `sriov:uri=${uri}`]);
  return project;
}

const view = () =>
  onHost(
    `cat /sys/class/net/${pf}/device/sriov_numvfs; virsh -q net-list --all --name; ls /etc/pulumi-sriov 2>/dev/null; virsh domiflist --inactive z-k8s-n-1`,
  );

for (const adapter of adapters) {
  describe(`the scenario as ${adapter.title}`, function () {
    this.timeout(300_000);
    this.bail(true);
    let project: PulumiProject;
    let found: string;

    before(async () => {
      found = await view();
      project = await projectFor(`scenario-${adapters.indexOf(adapter)}`, await adapter.program([]));
    });
    after(async () => {
      succeeded(await project.destroy({ args: ["--skip-preview"] }));
      assert.equal(await view(), found);
      await project.dispose();
    });

    for (const { title, resources, byHand, planned: expected, host } of scenario) {
      it(title, async () => {
        const program = await adapter.program(resources);
        await ("text" in program ? project.write(program.text) : project.writeYaml(program.yaml));
        if (byHand !== undefined) await onHost(byHand);
        const steps = await planned(project, adapter.seeing);
        assert.deepEqual(steps.map(({ op, name }) => `${op} ${name}`).sort(), expected);
        succeeded(await project.up({ args: ["--skip-preview", ...adapter.seeing] }));
        for (const [command, says] of host) assert.match(await onHost(command), says);
      });
    }

    if (adapter.title.includes("plugin")) {
      it("is imported as VfConfig by its PCI address; the program that the CLI writes for it changes nothing", async () => {
        const id = (await project.stackExport()).find(({ type }) => type === "sriov:index:VfConfig")?.id ?? "";
        assert.match(id, /\/0000:[0-9a-f]{2}:00\.0$/);
        const other = await projectFor("import-vfconfig", { text: "", settings: plugins() });
        const languageHost = await ensureLanguageHost();
        const made = join(other.dir, "made.ts");
        const importing = ["import", "--yes", "--stack", "test", "--out", made, "sriov:index:VfConfig", "it", id];
        succeeded(await other.run(importing, { path: [languageHost] }));
        await makeSdk(other, languageHost);
        await other.write((await readFile(made, "utf8")).replace('"@pulumi/sriov"', '"./sdk/nodejs"'));
        assert.deepEqual(await planned(other), []);
        await other.dispose();
      });
    }
  });
}
