// The commands, their flags and their help. What each does is in its folder.
import { Command, CommanderError, Option } from "commander";
import { explain, isSriovError } from "../base/errors.js";
import { type HostOptions, addHostOptions } from "./host-options.js";
import { type Io, exitCodes } from "./io.js";
import { loadAdopt, loadConnection, loadDoctor, loadHost, loadTopology } from "./load.js";

type Surroundings = Omit<Io, "context"> & Partial<Pick<Io, "context">>;

/** Answers the exit code; rejects only for a bug. */
export async function runCli(args: readonly string[], around: Surroundings): Promise<number> {
  let isConnected = false;
  const connect = () => {
    isConnected = true;
    return realContext(around);
  };
  const io: Io = { ...around, context: around.context ?? connect };
  let code: number = exitCodes.done;
  const program = commands(io, (ended) => (code = ended));
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    // Help and version are no failures; what else commander has to say it has said.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.failed;
    if (!isSriovError(error) || error.kind === "bug") throw error;
    io.stderr.write(`pulumi-sriov: ${explain(error)}\n`);
    return exitCodes.failed;
  } finally {
    if (isConnected) await loadConnection().closeEverything();
  }
}

const timeoutMs = 5 * 60_000;

function realContext({ stderr, env }: Surroundings) {
  const log = {
    debug: (message: string) => void (env["PULUMI_SRIOV_DEBUG"] ? stderr.write(`debug: ${message}\n`) : undefined),
    info: (message: string) => void stderr.write(`${message}\n`),
    warn: (message: string) => void stderr.write(`warning: ${message}\n`),
  };
  return loadConnection().createContext({ log, signal: new AbortController().signal, timeoutMs });
}

function commands(io: Io, end: (code: number) => void): Command {
  const program = new Command("pulumi-sriov")
    .description(
      "Looks at the SR-IOV of a KVM host, and writes Pulumi programs for what it has. Changes nothing there.",
    )
    .exitOverride()
    .configureOutput({ writeOut: (text) => void io.stdout.write(text), writeErr: (text) => void io.stderr.write(text) })
    .showHelpAfterError("(--help shows what is possible)")
    .addHelpText(
      "after",
      examples("doctor qemu+ssh://root@kvm1/system", "topology qemu:///system --svg kvm1.svg") + codes,
    );

  const on = (name: string, summary: string): Command =>
    addHostOptions(program.command(name).description(summary).argument("<uri>", "libvirt URI of the host"));

  on("doctor", "Says what keeps VMs from using VFs on a host, why, and what to do about it.")
    .option("--json", "the findings as JSON")
    .addHelpText("after", examples("doctor qemu+ssh://root@kvm1/system", "doctor qemu:///system --json") + doctorCodes)
    .action(async (uri: string, options: HostOptions & { json?: boolean }) => {
      end(await loadDoctor().doctor(io, loadHost().hostFrom(uri, options, io.cwd), { json: options.json === true }));
    });

  on("topology", "Shows what is made of what: host, PFs, VFs, pools, VMs. As text, or as a picture in a file.")
    .addOption(new Option("--svg <file>", "a picture, as SVG").conflicts("html"))
    .addOption(new Option("--html <file>", "the same as a page for a browser; it loads nothing from anywhere"))
    .addHelpText("after", examples("topology qemu+ssh://root@kvm1/system", "topology qemu:///system --html kvm1.html"))
    .action(async (uri: string, options: HostOptions & { svg?: string; html?: string }) => {
      await loadTopology().topology(io, loadHost().hostFrom(uri, options, io.cwd), options);
    });

  on(
    "adopt",
    "Writes a Pulumi project for what a host has now, and the state with which its first preview changes nothing.",
  )
    .option("--out <folder>", "where to write it; made when it is not there", ".")
    .option("--project <name>", "name of the Pulumi project; default: the host's name")
    .option("--stack <name>", "name of the stack", "dev")
    .option("--force", "overwrite the files that are there")
    .addHelpText("after", examples("adopt qemu+ssh://root@kvm1/system --out kvm1 --stack prod"))
    .action(
      async (uri: string, options: HostOptions & { out: string; project?: string; stack: string; force?: boolean }) => {
        await loadAdopt().adopt(io, loadHost().hostFrom(uri, options, io.cwd), options);
      },
    );
  return program;
}

const examples = (...lines: string[]): string =>
  `\nExample${lines.length === 1 ? "" : "s"}:\n${lines.map((line) => `  pulumi-sriov ${line}\n`).join("")}`;

const codes = `
Exit codes: 0 done; 1 the doctor found what keeps VMs from starting; 2 it could not be done, and why is on standard error.
`;
const doctorCodes = `
Exit codes: 0 nothing worse than a warning; 1 at least one error; 2 the host could not be asked.
`;
