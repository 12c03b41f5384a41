// Whether somebody on the way to a host has still to show that it is there. Who is down or hangs says nothing at all; who has
// said something may take long to log us in (reverse DNS, PAM), and is another matter.

/** What is at least waited for a sign, however impatient the one who waits is. */
type Wait = { since: number; atLeastMs: number };

export class Pulse {
  readonly #awaited = new Map<string, Wait>();
  readonly #listeners = new Set<() => void>();

  /**
   * Somebody was spoken to, and has not said anything yet. `doing` says so when it never does: "Cannot reach root@kvm1". Of
   * several questions the first one counts, until `settle`.
   */
  await(doing: string, { atLeastMs = 0 }: { atLeastMs?: number } = {}): void {
    if (this.#awaited.has(doing)) return;
    this.#awaited.set(doing, { since: Date.now(), atLeastMs });
    this.#tell();
  }

  /** It has answered, or was given up: it is not waited for. */
  settle(doing: string): void {
    if (this.#awaited.delete(doing)) this.#tell();
  }

  /** Resolves with what could not be done for so long, at once if that is so already. Rejects when aborted. */
  silence(forMs: number, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const timers: NodeJS.Timeout[] = [];
      const clear = () => timers.splice(0).forEach((timer) => clearTimeout(timer));
      const look = () => {
        clear();
        for (const [doing, { since, atLeastMs }] of this.#awaited) {
          const end = since + Math.max(forMs, atLeastMs);
          timers.push(setTimeout(() => resolve(doing), Math.max(0, end - Date.now())));
        }
      };
      const stop = () => {
        clear();
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

/**
 * However silent others have been, who has let us in is waited for so long: a host without memory starts a command late, and a
 * libvirtd that is started by its socket reads its VMs first.
 */
const patienceMs = 10_000;

/** What a conversation has still to hear, told to a pulse: answered questions one by one, and every sign of life. */
export class Questions {
  #open = 0;

  constructor(
    readonly pulse: Pulse,
    readonly doing: string,
  ) {}

  asked(): void {
    this.#open += 1;
    this.#await();
  }

  /** Also: it will not be, and nobody waits for it. */
  answered(): void {
    this.#open = Math.max(0, this.#open - 1);
    if (this.#open === 0) this.pulse.settle(this.doing);
  }

  /** Whoever speaks is there, even if it answers something else: the others are waited for anew. */
  heard(): void {
    if (this.#open === 0) return;
    this.pulse.settle(this.doing);
    this.#await();
  }

  /** The conversation is over. */
  end(): void {
    this.#open = 0;
    this.pulse.settle(this.doing);
  }

  #await(): void {
    this.pulse.await(this.doing, { atLeastMs: patienceMs });
  }
}
