// Builds the Pulumi CLI and its language hosts from the Go module proxy: where Pulumi's own download site is
// out of reach, a module proxy mostly is not, and no other package registry carries the CLI.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { SriovError } from "../provider/base/errors.js";
import { lastWords, runChild } from "./child.js";
import { ensureGo, type Go } from "./go-toolchain.js";
import { whileReporting } from "./while-reporting.js";
import { versions } from "./versions.js";

const CLI = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const LANGUAGE_NODEJS = "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

export type Executable = { name: string; package: string; version: string };

/** What is built: part of the cache's key. */
export const executables: readonly Executable[] = [
  { name: "pulumi", package: CLI, version: versions.pulumi.cli },
  { name: "pulumi-language-nodejs", package: LANGUAGE_NODEJS, version: versions.pulumi.languageNodejs },
];

/** A cache of its own: the CLI is not built again for it. */
export const yamlHost: Executable = {
  name: "pulumi-language-yaml",
  package: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
  version: versions.pulumi.languageYaml,
};

/** Leaves both executables in `root`/bin. Takes some minutes: the whole CLI is compiled. */
export const buildPulumi = (
  root: string,
  report: (text: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> => buildExecutables(executables, root, report, env);

/** Leaves them in `root`/bin. */
export async function buildExecutables(
  wanted: readonly Executable[],
  root: string,
  report: (text: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const work = join(root, "build");
  await mkdir(work, { recursive: true });
  try {
    const go = await ensureGo({ root: work, env, report });
    const goEnv = { ...env, ...buildEnvironment(go, work) };
    for (const executable of wanted) {
      await buildExecutable(go, executable, { work, target: join(root, "bin", executable.name), env: goEnv, report });
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export function buildEnvironment(go: Go, work: string): NodeJS.ProcessEnv {
  return {
    // The user's own flags and workspace are for their modules, not for this one.
    GOFLAGS: "-buildvcs=false",
    GOWORK: "off",
    GO111MODULE: "on",
    GOTOOLCHAIN: "local",
    // No C compiler is asked for, whether there is one or not: the same executables everywhere.
    CGO_ENABLED: "0",
    // The user's caches serve and stay. A machine that had no Go has none, and shall not be left 3 GB of them.
    ...(go.isFetched && {
      GOPATH: join(work, "path"),
      GOCACHE: join(work, "cache"),
      GOENV: "off",
      GOFLAGS: "-buildvcs=false -modcacherw", // else our own removal would fail: Go makes its module cache read-only
    }),
  };
}

async function buildExecutable(
  go: Go,
  executable: Executable,
  options: { work: string; target: string; env: NodeJS.ProcessEnv; report: (text: string) => void },
): Promise<void> {
  const { work, target, env, report } = options;
  const { name, package: package_, version } = executable;
  const cwd = join(work, name);
  await mkdir(cwd, { recursive: true });
  const what = `${name} ${version}`;
  const run = async (doing: string, args: string[]) => {
    const ran = await whileReporting(report, `${doing} (Go ${go.version})`, () =>
      runChild(go.command, args, { cwd, env }),
    );
    if (ran.exitCode === 0) return;
    throw new SriovError(
      "remote-failure",
      `\`go ${args.slice(0, 2).join(" ")}\` for ${what} failed: ${lastWords(ran)}`,
    );
  };
  // `go install PACKAGE@VERSION` refuses modules with replace directives, as these are: so each becomes a tool of a
  // module of ours, which has none.
  await run(`Preparing ${what}`, ["mod", "init", `build.invalid/${name}`]);
  await run(`Downloading the modules of ${what}`, ["get", "-tool", `${package_}@v${version}`]);
  const flags = `-s -w -X ${VERSION_VARIABLE}=v${version}`;
  await run(`Compiling ${what}`, ["build", "-trimpath", "-ldflags", flags, "-o", target, package_]);
}
