// Whether somebody on the way to a host has still to show that it is there. Who is down or hangs says nothing at all; who has
// said something may take long to log us in (reverse DNS, PAM), and is another matter.

export class Pulse {
  #awaited: { who: string; since: number } | undefined;
  readonly #listeners = new Set<() => void>();

  /** `who` has been spoken to, and has not said anything yet. On a way through jump hosts: once for each of them. */
  await(who: string): void {
    this.#awaited = { who, since: Date.now() };
    this.#tell();
  }

  /** It has answered, or was given up: nobody is waited for. */
  settle(): void {
    this.#awaited = undefined;
    this.#tell();
  }

  /** Resolves with the name of whoever has said nothing for so long, at once if that is so already. Rejects when aborted. */
  silence(forMs: number, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const look = () => {
        clearTimeout(timer);
        if (this.#awaited === undefined) return;
        const { who, since } = this.#awaited;
        timer = setTimeout(() => resolve(who), Math.max(0, since + forMs - Date.now()));
      };
      const stop = () => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", stop, { once: true });
      this.#listeners.add(look);
      look();
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
