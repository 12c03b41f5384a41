// Runs the applier on a host with a plan, and understands its answers.
import { SriovError } from "../../base/errors.js";
import { needRoot, parseFields, runScript, scriptHead, withText } from "../script.js";
import type { Shell } from "../shell.js";
import { applierScript } from "./script.js";

const outcomes = ["same", "done", "failed", "unsupported", "refused", "timeout", "skipped"] as const;

export type LineResult = {
  /** `same`: it was so already. `skipped`: an earlier line kept it from being tried. */
  outcome: (typeof outcomes)[number];
  line: string;
  said: string;
};

/** Longer than the applier's own bounds, so that it ends first and says which line it was. */
const timeoutMs = 9 * 60_000;

/**
 * Each line of the plan with what became of it. One round trip.
 * Equivalent to: `ip link set $pf up`, `tee .../sriov_numvfs`, `ip link set $pf vf $n ...`, as the lines say.
 */
export async function applyPlan(shell: Shell, pf: string, lines: readonly string[]): Promise<LineResult[]> {
  const plan = lines.map((line) => `${line}\n`).join("");
  const script = `${scriptHead}${needRoot}
# The connection may break at any line: what was begun is finished, and cleared away.
trap '' PIPE HUP
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
# Half of a plan would be another plan.
write() { cat > "$dir/$1" || exit 1; }
${withText("write applier", applierScript)}
${withText("write plan", plan)}
sh "$dir/applier" "$dir/plan" < /dev/null
echo end
`;
  // Without the caller's signal: what has begun is finished, or we would not know what became of it.
  const output = await runScript(shell, `set up PF ${pf}`, script, { timeoutMs });
  return parseResults(output, pf, shell.name);
}

/** What the applier printed, and `end` behind it. */
export function parseResults(output: string, pf: string, hostName: string): LineResult[] {
  const records = parseFields(output);
  if (records.at(-1)?.[0] !== "end") {
    throw new SriovError("remote-failure", `Failed to set up PF ${pf} on ${hostName}: the applier ended half-way`);
  }
  return parseLines(records.slice(0, -1));
}

export const parseLines = (records: readonly string[][]): LineResult[] =>
  records.map(([outcome = "", line = "", said = ""]) => ({ outcome: known(outcome), line, said }));

function known(outcome: string): LineResult["outcome"] {
  const found = outcomes.find((one) => one === outcome);
  if (!found) {
    const remedy =
      "Run `pulumi up` again. A login shell that prints something by itself, or a broken connection, can be the cause.";
    throw new SriovError("remote-failure", `Not understood, as the answer of what sets up VFs: "${outcome}"`, {
      remedy,
    });
  }
  return found;
}
