// Why the kernel refused a write, by name. Only the message of `tee` has it: dash's `echo` says "I/O error" for all of them.
import { CommandError, type Kind } from "../base/errors.js";
import type { CommandResult } from "../transport/connection.js";

/** What strerror says in the C locale: glibc's words and, where they differ, musl's. */
const errnoOf = {
  "Permission denied": "EACCES",
  "Device or resource busy": "EBUSY",
  "Resource busy": "EBUSY",
  "Invalid argument": "EINVAL",
  "Input/output error": "EIO",
  "I/O error": "EIO",
  "Is a directory": "EISDIR",
  "No such device": "ENODEV",
  "No such device or address": "ENXIO",
  "No such file or directory": "ENOENT",
  "No space left on device": "ENOSPC",
  "Not a directory": "ENOTDIR",
  "Operation not supported": "ENOTSUP",
  "Not supported": "ENOTSUP",
  "Operation not permitted": "EPERM",
  "Numerical result out of range": "ERANGE",
  "Result not representable": "ERANGE",
  "Read-only file system": "EROFS",
  "File exists": "EEXIST",
  "Cannot allocate memory": "ENOMEM",
  "Out of memory": "ENOMEM",
  "Resource temporarily unavailable": "EAGAIN",
  "Connection timed out": "ETIMEDOUT",
  "Operation timed out": "ETIMEDOUT",
} as const;

export type Errno = (typeof errnoOf)[keyof typeof errnoOf];

const kinds: Partial<Record<Errno, Kind>> = {
  EACCES: "permission-denied",
  EPERM: "permission-denied",
  EROFS: "permission-denied",
  EBUSY: "conflict",
  ENOENT: "not-found",
  ENOTDIR: "not-found",
  ENODEV: "not-found",
  ENOTSUP: "unsupported",
};

/** `tee: /sys/.../sriov_numvfs: Device or resource busy` -> EBUSY. Undefined for what is not in the table. */
export function parseErrno(stderr: string): Errno | undefined {
  const said = stderr.trim().split("\n").at(-1) ?? "";
  const text = said.slice(said.lastIndexOf(": ") + 1).trim();
  return text in errnoOf ? errnoOf[text as keyof typeof errnoOf] : undefined;
}

export class WriteError extends CommandError {
  /** Undefined when the message is none of those we know; `stderr` has it. */
  readonly errno: Errno | undefined;

  constructor(path: string, hostName: string, { command, exitCode, signal, stdout, stderr }: CommandResult) {
    const errno = parseErrno(stderr);
    const why = stderr.trim().split("\n").at(-1) ?? "";
    super(
      `Failed to write ${path} on ${hostName}: ${why === "" ? `exit code ${exitCode ?? "unknown"}` : why}`,
      {
        command,
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(signal === undefined ? {} : { signal }),
        stdout,
        stderr,
      },
      (errno && kinds[errno]) ?? "remote-failure",
    );
    this.errno = errno;
  }
}
