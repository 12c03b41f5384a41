// A URI may give no shell on the host (qemu+tls, qemu+tcp): then libvirt alone can be asked.
import { kindOf } from "../base/errors.js";

/** Undefined where there is no way to ask: the URI gives no shell. Every other failure throws. */
export async function unlessNoShell<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (kindOf(error) === "unsupported") return undefined;
    throw error;
  }
}
