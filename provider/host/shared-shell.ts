// What several resources want to know of a host is read once: four pools and four VfConfigs look at the same PFs, and a script
// that reads a PF starts a hundred processes. Any write drops all of it, before and after, so a read-back is always a real one.
import type { CommandResult } from "../transport/connection.js";
import type { Shell, ShellRunOptions } from "./shell.js";

type Answer = { promise: Promise<CommandResult>; askedAt: number; settled: boolean };

export class SharedShell {
  readonly #shell: Shell;
  readonly #wrote: () => void;
  readonly #answers = new Map<string, Answer>();

  /** `wrote`: told before and after each write, as what is known of the host in other ways may have changed with it. */
  constructor(shell: Shell, wrote: () => void = () => undefined) {
    this.#shell = shell;
    this.#wrote = wrote;
  }

  /**
   * The shell, with commands that only read shared by all views. An answer is taken when it is still on its way, or not older
   * than `maxAgeMs`: 0 for whoever is about to write and has to know how things are now. A failure is never kept.
   */
  view(maxAgeMs: number): Shell {
    const shell = this.#shell;
    return {
      get name() {
        return shell.name;
      },
      mayBeOld: maxAgeMs > 0,
      run: (command, options = {}) =>
        options.reads ? this.#read(command, options, maxAgeMs) : this.#write(() => shell.run(command, options)),
      readText: (path) => shell.readText(path),
      readLink: (path) => shell.readLink(path),
      list: (path) => shell.list(path),
      writeText: (path, text, options) => this.#write(() => shell.writeText(path, text, options)),
    };
  }

  /** For a write that did not come through here. */
  forget(): void {
    this.#answers.clear();
  }

  #read(command: string, { signal, ...options }: ShellRunOptions, maxAgeMs: number): Promise<CommandResult> {
    const key = JSON.stringify([command, options]);
    const known = this.#answers.get(key);
    const isGood = known && (!known.settled || Date.now() - known.askedAt < maxAgeMs);
    // Whoever asked first may give up; the others still want the answer.
    return orAborted((isGood ? known : this.#ask(key, () => this.#shell.run(command, options))).promise, signal);
  }

  #ask(key: string, ask: () => Promise<CommandResult>): Answer {
    const answer: Answer = { promise: ask(), askedAt: Date.now(), settled: false };
    this.#answers.set(key, answer);
    const settle = ({ exitCode }: { exitCode?: number | undefined }) => {
      answer.settled = true;
      if (exitCode !== 0 && this.#answers.get(key) === answer) this.#answers.delete(key);
    };
    answer.promise.then(settle, () => settle({}));
    return answer;
  }

  async #write<T>(write: () => Promise<T>): Promise<T> {
    this.#changed();
    try {
      return await write();
    } finally {
      this.#changed();
    }
  }

  #changed(): void {
    this.forget();
    this.#wrote();
  }
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
