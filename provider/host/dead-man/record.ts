// What the reader sees of a PF's dead-man timer, in the same round trip as the rest.
import { present } from "../script.js";
import { deadManDir } from "./paths.js";

export type DeadManFacts = {
  /** Whether the host could have one: systemd runs, and systemd-run is there. */
  isPossible: boolean;
  /** `armed`: a change of this PF has not been confirmed yet. `fired`: nobody came back, and what was before was put back. */
  now?: "armed" | "fired";
  firedAt?: string;
};

/** Defines `dead_man_of_pf` over the reader's functions. */
export const deadManFunction = `
dead_man_of_pf() {
  possible=
  [ -d "$R/run/systemd/system" ] && command -v systemd-run > /dev/null && possible=yes
  dead_man=$R${deadManDir("$address")}
  dead_man_now=
  [ -d "$dead_man" ] && dead_man_now=armed
  [ -e "$dead_man/fired" ] && dead_man_now=fired
  look "$dead_man/fired"
  put dead-man "$possible" "$dead_man_now" "$text"
}
`;

export function parseDeadMan(records: readonly string[][]): DeadManFacts {
  const [, possible, now, firedAt] = records.find(([name]) => name === "dead-man") ?? [];
  const state = present(now);
  const at = present(firedAt);
  return {
    isPossible: present(possible) !== undefined,
    ...(state === "armed" || state === "fired" ? { now: state } : {}),
    ...(at === undefined ? {} : { firedAt: at }),
  };
}
