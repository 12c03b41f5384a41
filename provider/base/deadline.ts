// A point in time by which something has to be done, and the one way to wait for less than for ever.
import { SriovError } from "./errors.js";

export type Deadline = { readonly at: number };

export const deadlineIn = (milliseconds: number): Deadline => ({ at: Date.now() + milliseconds });
export const remainingMs = (deadline: Deadline): number => Math.max(0, deadline.at - Date.now());
export const earlier = (a: Deadline, b: Deadline): Deadline => (a.at <= b.at ? a : b);

/** Rejects with kind `timeout` when `work` is not done in time. The work itself goes on: cancel it where that is possible. */
export async function within<T>(deadline: Deadline, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const milliseconds = remainingMs(deadline);
    timer = setTimeout(
      () => reject(new SriovError("timeout", `${what}: no answer after ${Math.ceil(milliseconds / 1000)} s`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
