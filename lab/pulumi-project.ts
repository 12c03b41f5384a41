// A throw-away Pulumi project with a stack of its own: runs the real CLI on a program as a user would, and touches
// nothing of the user's (no login, no ~/.pulumi). For the demo and the end-to-end tests.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { parse, stringify } from "yaml";
import { SriovError } from "../provider/base/errors.js";
import { runChild, type Ran } from "./child.js";
import type { PulumiCli } from "./pulumi-cli.js";
import { ensureSelfLink } from "./self-link.js";

export type ProjectOptions = {
  /** Also the name in every URN. */
  name: string;
  /** A folder with a program (and a Pulumi.yaml, if it has settings); the text of an index.ts; or that of a YAML program. */
  program: { dir: string } | { text: string; settings?: Record<string, unknown> } | { yaml: string };
  pulumi: Pick<PulumiCli, "pulumi" | "path">;
  /** On top of this process's environment. */
  env?: NodeJS.ProcessEnv;
  /** Each line of the CLI's output, as it comes. */
  onLine?: (line: string) => void;
};

export type RunOptions = {
  /** More flags, such as --target or --expect-no-changes. */
  args?: readonly string[];
  /** Aborting it is a Ctrl-C. */
  signal?: AbortSignal;
  /** Of this run alone: PATH goes behind the CLI's own folders. */
  env?: NodeJS.ProcessEnv;
  /** Folders to look for executables in before all others. */
  path?: readonly string[];
  /** Of this run, instead of the project's. */
  onLine?: (line: string) => void;
};

/** A resource as the stack's state holds it: what the tests look at, of all the fields there are. */
export type StateResource = {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  initErrors?: string[];
};

const checkout = join(__dirname, "..");
const STACK = "test";

export async function createProject(options: ProjectOptions): Promise<PulumiProject> {
  await ensureSelfLink();
  // Not below node_modules: TypeScript is not compiled there, neither by ts-node nor by Node itself.
  const dir = await mkdtemp(join(tmpdir(), `pulumi-sriov-${options.name}-`));
  const project = new PulumiProject(dir, options);
  try {
    await symlink(join(checkout, "node_modules"), join(dir, "node_modules"));
    await mkdir(join(dir, "state"));
    // With a package.json of its own the program's entry point is sought here, and not in the checkout's.
    await writeFile(join(dir, "package.json"), JSON.stringify({ name: options.name, private: true, main: "index.ts" }));
    await writeFile(join(dir, "Pulumi.yaml"), stringify(await projectSettings(options)));
    if ("text" in options.program) await project.write(options.program.text);
    await project.mustRun(["stack", "init", STACK]);
  } catch (error) {
    await project.dispose();
    throw error;
  }
  return project;
}

/** The program's own Pulumi.yaml, told where the program is: so the settings of the stack are not written beside it. */
async function projectSettings({ name, program }: ProjectOptions): Promise<Record<string, unknown>> {
  if ("text" in program) return { name, runtime: "nodejs", ...program.settings };
  if ("yaml" in program) return yamlSettings(name, program.yaml);
  const dir = resolve(program.dir);
  const text = await readFile(join(dir, "Pulumi.yaml"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "runtime: nodejs";
    throw error;
  });
  const own = parse(text) as { main?: string } & Record<string, unknown>;
  // A folder as `main` means the nearest package.json's entry point: for an example that has none of its own, that would
  // be the checkout's, so our package would run as the program.
  const entry = existsSync(join(dir, "package.json")) ? "." : "index.ts";
  return { ...own, name, main: resolve(dir, own.main ?? entry) };
}

const yamlSettings = (name: string, text: string): Record<string, unknown> => ({
  name,
  runtime: "yaml",
  ...(parse(text) as Record<string, unknown>),
});

export class PulumiProject {
  /** Where Pulumi.yaml, the state and (for a program given as text) index.ts are. */
  readonly dir: string;
  readonly #options: ProjectOptions;

  constructor(dir: string, options: ProjectOptions) {
    this.dir = dir;
    this.#options = options;
  }

  /** Replaces the text of the program, as a user edits it between two runs. */
  write(text: string): Promise<void> {
    return writeFile(join(this.dir, "index.ts"), text);
  }

  /** The same for a YAML program, or to go on with one. */
  writeYaml(text: string): Promise<void> {
    return writeFile(join(this.dir, "Pulumi.yaml"), stringify(yamlSettings(this.#options.name, text)));
  }

  up(options: RunOptions = {}): Promise<Ran> {
    return this.run(["up", "--yes", "--stack", STACK], options);
  }

  preview({ refresh = false, diff = false, ...options }: RunOptions & { refresh?: boolean; diff?: boolean } = {}) {
    const flags = [...(refresh ? ["--refresh"] : []), ...(diff ? ["--diff"] : [])];
    return this.run(["preview", "--stack", STACK, ...flags], options);
  }

  refresh(options: RunOptions = {}): Promise<Ran> {
    return this.run(["refresh", "--yes", "--stack", STACK], options);
  }

  destroy(options: RunOptions = {}): Promise<Ran> {
    return this.run(["destroy", "--yes", "--stack", STACK], options);
  }

  async setConfig(key: string, value: string, { secret = false } = {}): Promise<void> {
    await this.mustRun(["config", "set", "--stack", STACK, secret ? "--secret" : "--plaintext", key, value]);
  }

  async outputs(): Promise<Record<string, unknown>> {
    const { stdout } = await this.mustRun(["stack", "output", "--stack", STACK, "--json", "--show-secrets"]);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** The resources in the stack's state, the stack itself included. */
  async stackExport(): Promise<StateResource[]> {
    const { stdout } = await this.mustRun(["stack", "export", "--stack", STACK]);
    const { deployment } = JSON.parse(stdout) as { deployment: { resources?: StateResource[] } };
    return deployment.resources ?? [];
  }

  /** Any command of the CLI; its exit code is for the caller to judge. */
  run(command: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.#run(command, options, options.onLine ?? this.#options.onLine);
  }

  async #run(
    command: readonly string[],
    { args = [], signal, env, path }: RunOptions,
    onLine: ((line: string) => void) | undefined,
  ): Promise<Ran> {
    const { pulumi } = this.#options;
    const ran = await runChild(pulumi.pulumi, [...command, "--non-interactive", "--color", "never", ...args], {
      cwd: this.dir,
      env: this.environment(env, path),
      ...(onLine && { onLine: (line: string) => onLine(stripVTControlCharacters(line)) }),
      ...(signal && { signal }),
    });
    // The SDK colours the stack traces of a program whatever --color says.
    return {
      exitCode: ran.exitCode,
      stdout: stripVTControlCharacters(ran.stdout),
      stderr: stripVTControlCharacters(ran.stderr),
    };
  }

  /** For commands that only fail when something is wrong with this file or with the CLI, and that nobody watches. */
  async mustRun(command: readonly string[]): Promise<Ran> {
    const ran = await this.#run(command, {}, undefined);
    if (ran.exitCode === 0) return ran;
    throw new SriovError("remote-failure", `\`pulumi ${command.join(" ")}\` failed: ${ran.stderr || ran.stdout}`);
  }

  /** Forgets the project and its state; what its resources made stays: `destroy` first. */
  async dispose(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }

  /** What its commands are run with. */
  environment(more: NodeJS.ProcessEnv = {}, path: readonly string[] = []): NodeJS.ProcessEnv {
    const { pulumi } = this.#options;
    const env = { ...this.#options.env, ...more };
    const { PATH = "", ...inherited } = process.env;
    const { PATH: ownPath = PATH, ...ownVariables } = env;
    // The user's own Pulumi (access token, backend, passphrase file, stack) has no part in this.
    const neutral = Object.entries(inherited).filter(([name]) => !name.startsWith("PULUMI_"));
    return {
      ...Object.fromEntries(neutral),
      // node_modules/.bin before the rest: it has the Node that the programs and the dynamic resources run on.
      PATH: [...path, ...pulumi.path, join(checkout, "node_modules", ".bin"), ownPath].join(delimiter),
      PULUMI_BACKEND_URL: `file://${join(this.dir, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "not a secret: this state is thrown away",
      PULUMI_HOME: join(this.dir, "home"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      ...ownVariables,
    };
  }
}
