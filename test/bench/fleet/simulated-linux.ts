// The Linux side of the simulated hosts. They have the same hardware, and a script does the same to each of them: so a machine is
// only the state it is in, and each script runs once in each state, with the real `sh` over a copy of that state's file tree. What
// it answered and what it left behind, as the next state, holds for every machine: a thousand hosts cost what one does, and what is
// written is read back.
import { createHash } from "node:crypto";
import { cpSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { type PciAddress, parsePciAddress } from "../../../provider/base/pci-address.js";
import { FakeHost, pfTree } from "../../fakes/fake-host.js";

export type Answer = { exitCode: number; stdout: string; stderr: string };

export const pf = { netdev: "eno49", address: "0000:01:00.0", totalVfs: 7 };

type Ran = { answer: Answer; next: State };
/** A file tree that nobody writes to any more, and what scripts did to copies of it. */
type State = { host: FakeHost; vfs: PciAddress[]; ran: Map<string, Promise<Ran>> };

const device = `sys/bus/pci/devices/${pf.address}`;
/** What the fake notes for tests: no part of the host. */
const notes = new Set(["fake/commands", "fake/writes"]);

/** All states that machines of this process were ever in. */
export class LinuxStates {
  readonly #states = new Map<string, State>();
  /** A machine after its installation: one PF, down and without VFs. */
  readonly first = this.#known(new FakeHost(pfTree(pf.address, pf.netdev, { totalVfs: pf.totalVfs })));

  run(state: State, line: string, input: string): Promise<Ran> {
    // Each command has a mark of its own in its line.
    const command = line.replace(/PULUMI_SRIOV_COMMAND=[0-9a-f-]+/, "PULUMI_SRIOV_COMMAND=x");
    const key = `${command}\0${input}`;
    const ran = state.ran.get(key) ?? this.#run(state, command, input);
    state.ran.set(key, ran);
    return ran;
  }

  async #run(state: State, command: string, input: string): Promise<Ran> {
    // Anything else would look at this machine instead of the tree.
    if (!command.endsWith(" sh -c 'sh -s'")) {
      const stderr = `simulated host: it knows scripts on standard input only, not: ${command}\n`;
      return { answer: { exitCode: 126, stdout: "", stderr }, next: state };
    }
    const host = new FakeHost();
    cpSync(state.host.root, host.root, { recursive: true, verbatimSymlinks: true });
    const { exitCode = 1, stdout, stderr } = await host.shell.run(command, { input });
    const answer = { exitCode, stdout: stdout.replaceAll(host.root, ""), stderr: stderr.replaceAll(host.root, "") };
    return { answer, next: this.#known(host) };
  }

  /** The state with the same files, if there has been one: most scripts only read. */
  #known(host: FakeHost): State {
    const digest = digestOf(host.root);
    const known = this.#states.get(digest);
    if (known) {
      host.dispose();
      return known;
    }
    const state = { host, vfs: vfsOf(host), ran: new Map<string, Promise<Ran>>() };
    this.#states.set(digest, state);
    return state;
  }

  dispose(): void {
    for (const { host } of this.#states.values()) host.dispose();
  }
}

/** One machine: it does one command after the other. */
export class SimulatedLinux {
  readonly #states: LinuxStates;
  #last: Promise<State>;
  /** The VFs it has now. */
  vfs: readonly PciAddress[];

  constructor(states: LinuxStates) {
    this.#states = states;
    this.#last = Promise.resolve(states.first);
    this.vfs = states.first.vfs;
  }

  /** `line` is what came over SSH, `input` its standard input. */
  async run(line: string, input: string): Promise<Answer> {
    const ran = this.#last.then((state) => this.#states.run(state, line, input));
    this.#last = ran.then(({ next }) => {
      this.vfs = next.vfs;
      return next;
    });
    await this.#last;
    return (await ran).answer;
  }
}

const vfsOf = ({ root }: FakeHost): PciAddress[] =>
  readdirSync(join(root, device))
    .filter((name) => name.startsWith("virtfn"))
    .sort()
    .map((name) => parsePciAddress(basename(readlinkSync(join(root, device, name)))));

/** Of every folder's name, every file's text and every link's target. */
function digestOf(root: string): string {
  const hash = createHash("sha256");
  const add = (folder: string) => {
    // Not readdir's `recursive`: it follows links, and in sysfs they lead round and round.
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (notes.has(path)) continue;
      const full = join(root, path);
      const text = entry.isSymbolicLink() ? readlinkSync(full) : entry.isFile() ? readFileSync(full, "utf8") : "";
      hash.update(`${path}\0${text}\0`);
      if (entry.isDirectory()) add(path);
    }
  };
  add("");
  return hash.digest("hex");
}
