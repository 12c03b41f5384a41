// What went between two questions is what is not there.
import { isLibvirtError } from "../libvirt/errors.js";

/** Undefined where libvirt answers with that code, which says that there is no such thing. Every other failure throws. */
export async function unlessGone<T>(code: number, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isLibvirtError(error, code)) return undefined;
    throw error;
  }
}
