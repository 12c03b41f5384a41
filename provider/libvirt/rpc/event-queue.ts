// Events that wait for somebody to ask for them. Unbounded: the reader of a connection must never wait for a consumer.
import { type Deadline, remainingMs } from "../../base/deadline.js";
import { SriovError } from "../../base/errors.js";

type Waiter<T> = { resolve: (event: T) => void; reject: (reason: Error) => void };

export class EventQueue<T> {
  #events: T[] = [];
  #waiters: Waiter<T>[] = [];
  #failure: Error | undefined;

  push(event: T): void {
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve(event);
    else if (this.#failure === undefined) this.#events.push(event);
  }

  /** No more events will come. Those that came are still answered. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#failure);
  }

  /** The next event, in order; rejects with kind `timeout` after the deadline. An event is lost to no one by that. */
  async next(deadline: Deadline, what: string): Promise<T> {
    const [event] = this.#events.splice(0, 1);
    if (event !== undefined) return event;
    if (this.#failure) throw this.#failure;
    return await new Promise<T>((resolve, reject) => {
      const milliseconds = remainingMs(deadline);
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(new SriovError("timeout", `${what}: nothing came within ${Math.ceil(milliseconds / 1000)} s`));
      }, milliseconds);
      const waiter: Waiter<T> = {
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        reject: (reason) => {
          clearTimeout(timer);
          reject(reason);
        },
      };
      this.#waiters.push(waiter);
    });
  }
}
