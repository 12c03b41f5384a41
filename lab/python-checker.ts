// mypy and Pulumi's SDK for Python, to check the types of Python programs with: from PyPI, kept in our cache.
import { join } from "node:path";
import { SriovError } from "../provider/base/errors.js";
import { type BuiltOnceOptions, builtOnce } from "./built-once.js";
import { lastWords, runChild } from "./child.js";
import { versions } from "./versions.js";
import { whileReporting } from "./while-reporting.js";

const packages = [`pulumi==${versions.pulumi.cli}`, `mypy==${versions.python.mypy}`];

/** The folder for PYTHONPATH: then `python3 -m mypy` checks programs that import pulumi. */
export const ensurePythonChecker = (options: BuiltOnceOptions = {}): Promise<string> =>
  pythonVersion().then(async (python) => {
    const ingredients = [...packages, python];
    const version = versions.python.mypy;
    return join(await builtOnce({ name: "python-checker", version, ingredients, build }, options), "site");
  });

/** Compiled parts are of one Python's kind. */
async function pythonVersion(): Promise<string> {
  const ran = await runChild("python3", ["-c", "import sys; print(sys.version_info[:2])"]);
  if (ran.exitCode !== 0) throw new SriovError("not-found", `There is no python3: ${lastWords(ran)}`);
  return ran.stdout.trim();
}

async function build(root: string, report: (text: string) => void, env: NodeJS.ProcessEnv): Promise<void> {
  const args = ["-m", "pip", "install", "--quiet", "--no-cache-dir", "--target", join(root, "site"), ...packages];
  const doing = `Fetching ${packages.join(" and ")} from PyPI`;
  const ran = await whileReporting(report, doing, () => runChild("python3", args, { env, timeoutMs: 300_000 }));
  if (ran.exitCode !== 0) throw new SriovError("remote-failure", `\`python3 ${args.join(" ")}\`: ${lastWords(ran)}`);
}
