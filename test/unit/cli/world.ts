// The command line over a host of files and a libvirtd in memory: what it writes, and its exit code.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../../provider/cli/program.js";
import type { Context } from "../../../provider/resources/lifecycle.js";

export const uri = "qemu+ssh://root@kvm1/system";

export type Run = { code: number; stdout: string; stderr: string };

export class CliWorld {
  readonly folder = mkdtempSync(join(tmpdir(), "test-cli-"));
  constructor(readonly context: Context) {}

  async run(
    args: string[],
    { isTTY = false, env = {} }: { isTTY?: boolean; env?: NodeJS.ProcessEnv } = {},
  ): Promise<Run> {
    const written = { stdout: "", stderr: "" };
    const to = (name: keyof typeof written) => ({ isTTY, write: (text: string) => (written[name] += text) });
    const context = () => this.context;
    const code = await runCli(args, { stdout: to("stdout"), stderr: to("stderr"), env, cwd: this.folder, context });
    return { code, ...written };
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
