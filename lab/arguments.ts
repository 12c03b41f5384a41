// The words after `npm run lab --`, as data.
import { SriovError } from "../provider/base/errors.js";

export const commands = ["up", "down", "ssh", "status", "reset"] as const;
export type Command = (typeof commands)[number];

export type Arguments = {
  command: Command;
  name: string;
  pfs?: number;
  /** What `ssh` runs; empty: a shell. */
  rest: string[];
};

export const usage = `usage: npm run lab -- up|down|ssh|status|reset [--name NAME] [--pfs 1..4]
  up      starts an emulated SR-IOV host (the first time this builds its image: some minutes)
  ssh     opens a shell on it, or runs the command that follows
  status  says which labs run, and how to reach them
  reset   puts it back to its first state
  down    stops it and throws its disk away`;

/** Options stand before the command that ssh runs: what follows its first word is the command's own. */
export function parseArguments(words: readonly string[]): Arguments {
  const [command, ...others] = words;
  if (!isCommand(command)) throw new SriovError("invalid-input", usage);
  const parsed: Arguments = { command, name: "default", rest: [] };
  while (others.length > 0) {
    const word = others.shift() ?? "";
    const [option = "", inline] = word.split(/=(.*)/s);
    if (option === "--name") parsed.name = inline ?? others.shift() ?? "";
    else if (option === "--pfs") parsed.pfs = Number(inline ?? others.shift());
    else if (command === "ssh") {
      parsed.rest = [...(word === "--" ? [] : [word]), ...others.splice(0)];
    } else throw new SriovError("invalid-input", `Unexpected "${word}".\n${usage}`);
  }
  return parsed;
}

const isCommand = (word: string | undefined): word is Command => commands.some((command) => command === word);
