// What all simulated hosts answer to scripts that only read: the hosts have the same hardware, so each script runs once, with the
// real `sh`, over the fake host's file tree, and every host gives that answer. A script that writes fits none of them: it is refused.
import { FakeHost, pfTree } from "../../fakes/fake-host.js";

export type Answer = { exitCode: number; stdout: string; stderr: string };

export const pf = { netdev: "eno49", address: "0000:01:00.0", vfs: 7 };

export class SimulatedCommands {
  readonly #host = new FakeHost(pfTree(pf.address, pf.netdev, { totalVfs: pf.vfs }));
  readonly #answers = new Map<string, Promise<Answer>>();

  /** Equivalent to: `echo 7 > sriov_numvfs` */
  async makeVfs(): Promise<void> {
    const file = `$SRIOV_ROOT/sys/bus/pci/devices/${pf.address}/sriov_numvfs`;
    const { exitCode, stderr } = await this.#host.shell.run(`tee "${file}"`, { input: String(pf.vfs) });
    if (exitCode !== 0) throw new Error(`no VFs for the simulated hosts: ${stderr}`);
    this.#host.forget();
  }

  /** `line` is what came over SSH, `input` its standard input. */
  run(line: string, input: string): Promise<Answer> {
    // The mark of one command is in its line.
    const command = line.replace(/PULUMI_SRIOV_COMMAND=[0-9a-f-]+/, "PULUMI_SRIOV_COMMAND=x");
    const key = `${command}\0${input}`;
    const known = this.#answers.get(key) ?? this.#ask(command, input);
    this.#answers.set(key, known);
    return known;
  }

  async #ask(command: string, input: string): Promise<Answer> {
    // Anything else would look at this machine instead of the fake's tree.
    if (!command.endsWith(" sh -c 'sh -s'")) return refused(`it knows scripts on standard input only, not: ${command}`);
    const { exitCode, stdout, stderr } = await this.#host.shell.run(command, { input });
    const wrote = [...this.#host.writes, ...this.#host.commands];
    this.#host.forget();
    return wrote.length > 0
      ? refused(`it only reads, and this writes: ${wrote.join(", ")}`)
      : { exitCode: exitCode ?? 1, stdout, stderr };
  }

  dispose(): void {
    this.#host.dispose();
  }
}

const refused = (why: string): Answer => ({ exitCode: 126, stdout: "", stderr: `simulated host: ${why}\n` });
