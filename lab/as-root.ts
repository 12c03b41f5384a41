// Commands of this machine that need root: as they are for root, and by a sudo that asks for no password for everybody else.
import { type Ran, runChild } from "./child.js";

export const isRoot = (): boolean => process.getuid?.() === 0;

export const asRoot = (command: readonly string[]): string[] => (isRoot() ? [...command] : ["sudo", "-n", ...command]);

export function runAsRoot(command: readonly string[], onLine?: (line: string) => void): Promise<Ran> {
  const [file = "", ...args] = asRoot(command);
  return runChild(file, args, onLine === undefined ? {} : { onLine });
}
