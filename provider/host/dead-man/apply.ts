// A change that may cut us off, under a dead-man timer: first the host gets what it needs to put back what was before, and a
// transient systemd timer that does so; then the applier runs. Whoever comes back in time takes the timer away (settle.ts).
import { randomBytes } from "node:crypto";
import { SriovError } from "../../base/errors.js";
import { type LineResult, parseResults } from "../applier/run.js";
import { applierScript } from "../applier/script.js";
import { needRoot, runScript, scriptHead, withText } from "../script.js";
import type { Shell } from "../shell.js";
import { deadManDir, deadManRoot, deadManUnit } from "./paths.js";

export type DeadMan = { pf: string; token: string; seconds: number };

/** Longer than the applier's own bounds. */
const timeoutMs = 9 * 60_000;

export const newDeadMan = (pf: string, seconds: number): DeadMan => ({
  pf,
  seconds,
  token: randomBytes(4).toString("hex"),
});

/**
 * Arms the timer and runs the plan: one round trip. Nothing is changed when the timer cannot be had (`unsupported`), or when
 * another one is armed for the PF (`conflict`). Rejects with `unreachable` when the connection breaks: then settleDeadMan has
 * the results.
 * Equivalent to: `systemd-run --on-active=$seconds apply-vf-plan prior.plan`, then `apply-vf-plan forward.plan`.
 */
export async function applyUnderDeadMan(
  shell: Shell,
  { pf, token, seconds }: DeadMan,
  lines: readonly string[],
  priorLines: readonly string[],
): Promise<LineResult[]> {
  const output = await runScript(shell, `set up PF ${pf}`, armAndApply({ pf, token, seconds }, lines, priorLines), {
    timeoutMs,
  });
  if (output.startsWith("armed-already")) {
    throw new SriovError(
      "conflict",
      `Refused to set up PF ${pf} on ${shell.name}: another change of it runs under a dead-man timer`,
      { remedy: "Wait until it has ended; the timer restores the PF if nobody comes back to it." },
    );
  }
  if (output.startsWith("no-timer")) {
    throw new SriovError(
      "unsupported",
      `Refused to set up PF ${pf} on ${shell.name}: no dead-man timer can be set there: ${output.split("\t")[1]?.trim() ?? ""}`,
      { remedy: "It needs systemd-run of systemd. Nothing was changed." },
    );
  }
  return parseResults(output, pf, shell.name);
}

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

function armAndApply({ pf, token, seconds }: DeadMan, lines: readonly string[], priorLines: readonly string[]): string {
  const unit = deadManUnit(pf, token);
  return `${scriptHead}${needRoot}
# The connection may break at any line from here on: what was begun is finished.
trap '' PIPE HUP
dir=$R${deadManDir(pf)}
mkdir -p "\${dir%/*}" || exit 1
mkdir "$dir" 2>/dev/null || { echo armed-already; exit 0; }
chmod 700 "$dir"
# Held for as long as this goes on, by the applier too.
exec 8> "$dir/running"
flock 8
clear_away() {
  rm -rf "$dir"
  rmdir "\${dir%/*}" "$R${deadManRoot}" 2>/dev/null
}
# Half of a plan would be another plan.
write() { cat > "$dir/$1" || { clear_away; exit 1; }; }
${withText("write applier", applierScript)}
${withText("write forward.plan", text(lines))}
${withText("write prior.plan", text(priorLines))}
${withText("write token", `${token}\n`)}
${withText("write restore", restoreScript)}
give_up() {
  clear_away
  printf 'no-timer\\t%s\\n' "$1"
  exit 0
}
[ -d "$R/run/systemd/system" ] || give_up "systemd does not run"
said=$(systemd-run --quiet --unit="${unit}" --description="Puts back SR-IOV PF ${pf}, unless pulumi-sriov comes back" \\
  --on-active=${seconds}s --timer-property=AccuracySec=1s /bin/sh "$dir/restore" "$dir" 2>&1) || give_up "$said"
# Into a file first: when the connection is gone, settleDeadMan reads it.
sh "$dir/applier" "$dir/forward.plan" < /dev/null > "$dir/results" 2>&1
: > "$dir/ended"
cat "$dir/results"
echo end
`;
}

/**
 * What the timer runs. Whoever makes the link `claimed` first decides: the timer, or the one that came back; the link says
 * who it was from the moment on that it is there. It waits for a change that is still going on.
 */
const restoreScript = `#!/bin/sh
dir=$1
exec 8> "$dir/restoring"
flock 8
ln -s fired "$dir/claimed" 2>/dev/null || exit 0
date -u '+%Y-%m-%d %H:%M:%S UTC' > "$dir/fired"
SRIOV_LOCK_WAIT=\${SRIOV_LOCK_WAIT-600} sh "$dir/applier" "$dir/prior.plan" > "$dir/restored.new" 2>&1
mv "$dir/restored.new" "$dir/restored"
`;
