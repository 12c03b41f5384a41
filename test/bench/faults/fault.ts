// What can go wrong with the way to a host, and where: the N-th command, the N-th call of libvirt's, the N-th socket.

/** What is counted: commands, calls over libvirt's protocol, sockets of libvirt's that are opened. */
export const places = ["exec", "rpc", "open"] as const;
export type Place = (typeof places)[number];

/**
 * `lost ...`: the connection breaks before it has arrived, while it runs, when it has ended and nobody was told.
 * `late`: the answer takes its time. `too late`: longer than we wait. `broken off`: some of the answer, and the channel ends.
 * `truncated`: half of what a command printed, and exit code 0. `garbled`: noise in the middle of the answer.
 * `oversized`: the answer announces a length that no answer has.
 */
export const faultsOf = {
  exec: ["lost before", "lost during", "lost after", "late", "too late", "broken off", "truncated", "garbled"],
  rpc: ["lost before", "lost during", "lost after", "late", "broken off", "garbled", "oversized"],
  open: ["lost before"],
} as const satisfies { [P in Place]: readonly string[] };

export type Fault = (typeof faultsOf)[Place][number];

/** At is from 1. */
export type Plan = { place: Place; at: number; fault: Fault };

export const lateMs = 150;

/** Noise over the middle third. */
export function garble(bytes: Buffer): Buffer {
  const third = Math.ceil(bytes.length / 3);
  return Buffer.from(bytes.map((byte, i) => (i >= third && i < 2 * third ? byte ^ 0x5a : byte)));
}
