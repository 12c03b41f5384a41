// Coming back to a PF that has a dead-man timer: takes the timer away when it has not fired, and tells what it did when it has.
import { SriovError } from "../../base/errors.js";
import { type LineResult, parseLines } from "../applier/run.js";
import { needRoot, parseFields, runScript, scriptHead } from "../script.js";
import type { Shell } from "../shell.js";
import { deadManDir, deadManRoot, deadManUnit } from "./paths.js";

export type Settled =
  /**
   * It was taken away before it fired: what the change did stays. `results` are the applier's, as far as it came; it was
   * killed in the middle when `hasEnded` is false.
   */
  | { was: "confirmed"; results: LineResult[]; hasEnded: boolean }
  /** `at`: when. `restored`: the applier's answers to the prior plan. */
  | { was: "fired"; at: string; restored: LineResult[] }
  /** There is none: the host was rebooted, or somebody else settled it. */
  | { was: "gone" }
  /** The change, or the restoring, is still going on after the wait. */
  | { was: "busy" };

/**
 * Waits until the change has ended before the timer is taken away: what is still to come could cut us off again.
 * Idempotent. `token`: only the timer that we have set; without it any. Equivalent to: `systemctl stop $unit.timer`.
 */
export async function settleDeadMan(
  shell: Shell,
  pf: string,
  { token, waitSeconds = 300 }: { token?: string; waitSeconds?: number } = {},
): Promise<Settled> {
  const script = `${scriptHead}${needRoot}${settle(pf, token ?? "", waitSeconds)}`;
  const output = await runScript(shell, `settle the dead-man timer of PF ${pf}`, script, {
    timeoutMs: (2 * waitSeconds + 30) * 1000,
  });
  const records = parseFields(output);
  const [was, at] = records.at(-1) ?? [];
  const lines = (name: string) => parseLines(records.filter(([first]) => first === name).map(([, ...rest]) => rest));
  switch (was) {
    case "confirmed":
      return { was, results: lines("result"), hasEnded: at === "yes" };
    case "fired":
      return { was, at: at ?? "", restored: lines("restored") };
    case "gone":
    case "busy":
      return { was };
    case undefined:
    default:
      throw new SriovError(
        "remote-failure",
        `Failed to settle the dead-man timer of PF ${pf} on ${shell.name}: ${output}`,
      );
  }
}

const settle = (pf: string, token: string, waitSeconds: number): string => `
dir=$R${deadManDir(pf)}
tab=$(printf '\\t')
token=$(cat "$dir/token" 2>/dev/null)
[ -d "$dir" ] || { echo gone; exit 0; }
[ -z "${token}" ] || [ "$token" = "${token}" ] || { echo gone; exit 0; }
wait_until() { # CONDITION
  left=$((${waitSeconds} * 5))
  until eval "$1"; do
    [ "$left" -gt 0 ] || return 1
    left=$((left - 1))
    sleep 0.2
  done
}
# The change has ended, or was killed in the middle and has let go of the lock.
is_over() { flock -n "$dir/running" true; }
wait_until '[ -e "$dir/ended" ] || [ -h "$dir/claimed" ] || is_over' || { echo busy; exit 0; }
clear_away() {
  rm -rf "$dir"
  rmdir "\${dir%/*}" "$R${deadManRoot}" 2>/dev/null
}
ln -s confirmed "$dir/claimed" 2>/dev/null
# Also where it was confirmed before, by one that was cut off right then.
if [ "$(readlink "$dir/claimed")" = confirmed ]; then
  systemctl stop "${deadManUnit(pf, "$token")}.timer" 2>/dev/null
  ended=
  [ -e "$dir/ended" ] && ended=yes
  [ -e "$dir/results" ] && sed "s/^/result$tab/" "$dir/results"
  clear_away
  printf 'confirmed\\t%s\\n' "$ended"
  exit 0
fi
was_ended() { flock -n "$dir/restoring" true; }
wait_until '[ -e "$dir/restored" ] || was_ended' || { echo busy; exit 0; }
if [ -e "$dir/restored" ]; then
  sed "s/^/restored$tab/" "$dir/restored"
else
  printf 'restored\\tfailed\\tall of it\\tit was ended half-way\\n'
fi
fired=$(cat "$dir/fired" 2>/dev/null)
clear_away
printf 'fired\\t%s\\n' "$fired"
`;
