// What a step of the demo's story can do: look at the host, run the program, and tell the reader.
import assert from "node:assert/strict";
import type { Ran } from "../child.js";
import type { Lab } from "../lab.js";
import type { PulumiProject } from "../pulumi-project.js";

export type Scene = {
  lab: Lab;
  project: PulumiProject;
  /** One calm line. */
  say(text: string): void;
  /** What a command showed, indented below the line that said why. */
  show(text: string): void;
  /** What earlier steps saw and later ones compare with. */
  seen: { found?: string; made?: string };
};

export type Step = { title: string; tell: (this: void, scene: Scene) => Promise<void> };

/** Runs a command on the host that has to succeed. */
export async function onHost({ lab }: Scene, command: string): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.run(command, { timeoutMs: 180_000 });
  assert.equal(exitCode, 0, `on the host: ${command}\n${stdout}${stderr}`);
  return stdout.trimEnd();
}

/** The CLI's answer, which has to be success. */
export function succeeded(ran: Ran, what: string): string {
  assert.equal(ran.exitCode, 0, `${what} failed:\n${ran.stdout}\n${ran.stderr}`);
  return ran.stdout;
}

/** Asks until the answer is true; for states that come by themselves, such as a guest that boots. */
export async function until(what: string, seconds: number, ask: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await ask())) {
    assert.ok(Date.now() < end, `${what}: still not so after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
