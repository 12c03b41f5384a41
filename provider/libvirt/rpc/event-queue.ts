// Events that wait for somebody to ask for them. The reader of a connection never waits for a consumer; more events than a VM can
// have are an end of it.
import { type Deadline, remainingMs } from "../../base/deadline.js";
import { SriovError } from "../../base/errors.js";

const mostWaiting = 10_000;

type Waiter<T> = { resolve: (event: T) => void; reject: (reason: Error) => void };

export class EventQueue<T> {
  #events: T[] = [];
  #waiters: Waiter<T>[] = [];
  #failure: Error | undefined;

  push(event: T): void {
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve(event);
    else if (this.#failure === undefined) this.#keep(event);
  }

  #keep(event: T): void {
    if (this.#events.length < mostWaiting) return void this.#events.push(event);
    this.#events = [];
    this.fail(
      new SriovError("remote-failure", `libvirt sent more than ${mostWaiting} events that were not looked at yet`),
    );
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
