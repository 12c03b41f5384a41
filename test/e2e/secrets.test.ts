// A private key given inline is a secret wherever Pulumi keeps or prints it, and still serves refresh and destroy.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { newProject, onHost, sharedLab } from "./stage.js";

describe("a private key in the program", function () {
  this.timeout(300_000);

  it("is encrypted in the state and absent from all output, through up, refresh and destroy", async () => {
    const lab = await sharedLab();
    const key = readFileSync(lab.identityFile, "utf8");
    const project = await newProject("secrets", {
      text: `
import { readFileSync } from "node:fs";
import * as sriov from "pulumi-sriov";
const host = {
  uri: ${JSON.stringify(lab.bareUri)},
  ssh: { privateKey: readFileSync(${JSON.stringify(lab.identityFile)}, "utf8"), knownHosts: ${JSON.stringify(lab.knownHostsFile)}, configFile: "none" },
};
export const address = new sriov.VfConfig("eno50", { host, pf: "eno50", numVfs: 2 }).pfPciAddress;
`,
    });
    const line = key.split("\n")[2] ?? "";
    assert.ok(line.length > 40, "the key has a line to look for");

    for (const [what, run] of [
      ["up", () => project.up({ args: ["--skip-preview"] })],
      ["refresh", () => project.refresh({ args: ["--skip-preview"] })],
      ["preview", () => project.preview({ refresh: true, diff: true })],
    ] as const) {
      const { exitCode, stdout, stderr } = await run();
      assert.equal(exitCode, 0, `${what}: ${stdout}${stderr}`);
      assert.ok(!(stdout + stderr).includes(line), `${what} prints the key`);
      const state = (await project.mustRun(["stack", "export", "--stack", "test"])).stdout;
      assert.ok(!state.includes(line) && !state.includes(JSON.stringify(line)), `${what} leaves the key in the state`);
    }
    const destroy = await project.destroy({ args: ["--skip-preview"] });
    assert.equal(destroy.exitCode, 0, destroy.stdout + destroy.stderr);
    assert.equal(await onHost("cat /sys/class/net/eno50/device/sriov_numvfs"), "0");
  });
});
