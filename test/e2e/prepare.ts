// Makes what the end-to-end tests need and what takes long the first time: the Pulumi CLI and language hosts, the lab's image, a running lab.
import { explain } from "../../provider/base/errors.js";
import { ensurePulumi } from "../../lab/pulumi-cli.js";
import { ensureLanguageHost } from "../../lab/language-host.js";
import { ensurePythonChecker } from "../../lab/python-checker.js";
import { ensurePulumiYaml } from "../../lab/pulumi-yaml.js";
import { startLab } from "../../lab/lab.js";
import { e2eLab } from "./e2e-lab.js";

let last = "";
/** A line a minute at most for what reports every two seconds: the quick tests print at the same time. */
let shownAt = 0;
function report(text: string): void {
  const subject = text.split(":", 1)[0] ?? text;
  if (subject === last && Date.now() - shownAt < 60_000) return;
  last = subject;
  shownAt = Date.now();
  process.stdout.write(`[prepare] ${text}\n`);
}

async function main(): Promise<void> {
  await startLab({ ...e2eLab, report });
  await ensurePulumi({ report });
  await ensurePulumiYaml({ report });
  await ensureLanguageHost({ report });
  await ensurePythonChecker({ report });
  report("ready");
}

main().catch((error: unknown) => {
  process.stderr.write(`[prepare] ${explain(error)}\n`);
  process.exitCode = 1;
});
