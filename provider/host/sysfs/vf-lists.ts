// What a pool of VFs depends on, of each PF: its netdev and the VFs that it has now. Reading a PF whole starts some thirty processes;
// this one starts none beside its shell.
import { SriovError } from "../../base/errors.js";
import { type PciAddress, isPciAddress, parsePciAddress } from "../../base/pci-address.js";
import { lookFunctions } from "../look.js";
import { readByScript, scriptHead } from "../script.js";
import type { Shell } from "../shell.js";
import { pfNetdevFunction } from "./pf-netdev.js";

export type ListedVf = { index: number; pciAddress: PciAddress; netdev?: string };
export type ListedPf = { netdev: string; isUp: boolean; numVfs: number; vfs: ListedVf[] };

const script = `${scriptHead}${lookFunctions}${pfNetdevFunction}
pci=$R/sys/bus/pci/devices
for found in "$pci"/*/sriov_numvfs; do
  [ -e "$found" ] || continue
  D=\${found%/*}
  look "$found"
  printf 'pf\\t%s\\n' "$text"
  for netdev in "$D"/net/*; do
    [ -e "$netdev" ] || continue
    is_representor "$netdev" && continue
    look "$netdev/flags"
    printf 'netdev\\t%s\\t%s\\n' "\${netdev##*/}" "$text"
  done
  for entry in "$D"/virtfn*; do
    [ -e "$entry" ] || continue
    aim "$entry"
    head_of "$pci/$to/net"
    printf 'vf\\t%s\\t%s\\t%s\\n' "\${entry##*/virtfn}" "$to" "\${head:--}"
  done
done
echo end
`;

/**
 * By the PF's netdev; a PF of several ports has several. Equivalent to: `ls -d /sys/class/net/$pf/device/virtfn*` for each PF.
 * Source: Documentation/ABI/testing/sysfs-bus-pci and sysfs-class-net of the kernel.
 */
export async function readVfLists(shell: Shell, signal?: AbortSignal): Promise<Map<string, ListedPf>> {
  const output = await readByScript(shell, "list the VFs of all PFs", script, signal);
  const lists = parseVfLists(output);
  if (lists) return lists;
  throw new SriovError("remote-failure", `Failed to list the VFs on ${shell.name}: not understood: ${output}`);
}

/** Undefined for half an answer, or one with a line that is none of the script's. */
export function parseVfLists(output: string): Map<string, ListedPf> | undefined {
  const lines = output.split("\n");
  if (lines.pop() !== "" || lines.pop() !== "end") return undefined;
  const lists = new Map<string, ListedPf>();
  let current: Pick<ListedPf, "numVfs" | "vfs"> | undefined;
  for (const line of lines) {
    const pf = /^pf\t(\d+)$/.exec(line);
    const named = /^netdev\t([^\s/:]{1,15})\t0x([0-9a-f]+)$/.exec(line);
    const vf = /^vf\t(\d+)\t(\S+)\t([^\s/:]{1,15})$/.exec(line);
    const [, first = "", second = "", third = ""] = pf ?? named ?? vf ?? [];
    if (pf) {
      current = { numVfs: Number(first), vfs: [] };
    } else if (named && current) {
      lists.set(first, { netdev: first, isUp: (Number.parseInt(second, 16) & iffUp) !== 0, ...current });
    } else if (vf && current && isPciAddress(second)) {
      const listed = { index: Number(first), pciAddress: parsePciAddress(second) };
      current.vfs.push(third === "-" ? listed : { ...listed, netdev: third });
    } else {
      return undefined;
    }
  }
  for (const { vfs } of lists.values()) vfs.sort((a, b) => a.index - b.index);
  return lists;
}

/** include/uapi/linux/if.h of the kernel. */
const iffUp = 1;
