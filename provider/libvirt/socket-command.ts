// A program on the host that connects its standard input and output to libvirt: virt-ssh-helper (libvirt >= 6.8), nc or socat.
// One question finds which one is there and which socket may be used, so that what is missing is said before anything is started.
import type { Duplex } from "node:stream";
import { SriovError } from "../base/errors.js";
import { quote } from "../base/quote.js";
import type { CommandResult, Connection } from "../transport/connection.js";
import type { LibvirtUri } from "./uri.js";

const codes = { noSocket: 44, denied: 45, noProgram: 46 };

/** `forbidden` is why no socket could be forwarded, where that was tried first. */
export async function openByCommand(
  connection: Connection,
  uri: LibvirtUri,
  sockets: string[],
  forbidden?: SriovError,
): Promise<Duplex> {
  const found = await connection.run(question(uri, sockets), { timeoutMs: 30_000 });
  const [program, quit = "", index = ""] = found.stdout.trim().split(" ");
  const socket = sockets[Number(index)] ?? "";
  const isFound = found.exitCode === 0 && (program === "helper" || socket !== "");
  if (isFound && program === "helper") return connection.openCommand(`exec virt-ssh-helper ${quote(uri.localUri)}`);
  if (isFound && program === "nc") {
    const quits = quit === "quits" ? " -q0" : "";
    return connection.openCommand(`exec ${quote(uri.parameters["netcat"] ?? "nc")}${quits} -U ${quote(socket)}`);
  }
  if (isFound && program === "socat") return connection.openCommand(`exec socat - ${quote(`UNIX-CONNECT:${socket}`)}`);
  throw nothingFits(connection, sockets, found, forbidden);
}

/** Prints the program, whether nc knows -q, and the number of the socket; or ends with one of the codes. */
function question(uri: LibvirtUri, sockets: string[]): string {
  const { proxy = "auto", netcat, socket, mode } = uri.parameters;
  // As libvirt: a helper before 9.1 knows neither socket= nor mode=, so what is asked for by those is opened by name.
  const isByName = socket !== undefined || mode !== undefined;
  const mayHelp = proxy === "native" || (proxy === "auto" && netcat === undefined && !isByName);
  const mayTrySocat = proxy === "auto" && netcat === undefined;
  const lookFor = (path: string, index: number) =>
    `if [ -z "$s" ] && [ -S ${quote(path)} ]; then if [ -w ${quote(path)} ]; then s=${index}; else code=${codes.denied}; fi; fi`;
  return [
    ...(mayHelp ? ["command -v virt-ssh-helper >/dev/null && { echo helper; exit 0; }"] : []),
    ...(proxy === "native" ? [`exit ${codes.noProgram}`] : []),
    `code=${codes.noSocket}; s=`,
    ...sockets.map(lookFor),
    '[ -n "$s" ] || exit "$code"',
    `n=${quote(netcat ?? "nc")}; help=$("$n" -h 2>&1 </dev/null)`,
    // Two of the three netcats can: OpenBSD's and nmap's. Debian's of OpenBSD goes on after the end unless it is told -q0.
    "case $help in *'-q '*) q=quits ;; *) q=stays ;; esac",
    // One that is named is meant, whatever its help says.
    netcat === undefined
      ? "case $help in *-U*) echo nc $q $s; exit 0 ;; esac"
      : 'command -v "$n" >/dev/null && { echo nc $q $s; exit 0; }',
    ...(mayTrySocat ? ["command -v socat >/dev/null && { echo socat - $s; exit 0; }"] : []),
    `exit ${codes.noProgram}`,
  ].join("\n");
}

function nothingFits(
  connection: Connection,
  sockets: string[],
  { exitCode, stderr }: CommandResult,
  forbidden: SriovError | undefined,
): SriovError {
  const doing = `cannot open a libvirt socket on ${connection.name}`;
  const more = forbidden ? { cause: forbidden } : {};
  const listed = sockets.join(", ");
  if (exitCode === codes.noSocket) {
    return new SriovError("unreachable", `${doing}: there is none of ${listed}`, {
      ...more,
      remedy: "Install libvirt and enable its socket (`systemctl enable --now libvirtd.socket` or virtqemud.socket).",
    });
  }
  if (exitCode === codes.denied) {
    return new SriovError("permission-denied", `${doing}: this user may not use ${listed}`, {
      ...more,
      remedy: 'Add the user to group libvirt on the host, or set ssh.become to "sudo".',
    });
  }
  if (exitCode === codes.noProgram) {
    const why = forbidden ? ", and forwarding to unix sockets is forbidden" : "";
    return new SriovError(
      "unsupported",
      `${doing}: none of virt-ssh-helper, nc with -U, socat that may be used is there${why}`,
      {
        ...more,
        remedy:
          "Install one of them (libvirt has virt-ssh-helper), or set AllowStreamLocalForwarding yes in sshd_config.",
      },
    );
  }
  const said = stderr.trim().split("\n").at(-1) ?? "";
  return new SriovError(
    "remote-failure",
    `${doing}: looking for a program to do it with: ${said || `exit code ${exitCode}`}`,
    more,
  );
}
