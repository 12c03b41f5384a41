// The `host` property that every resource takes: where the KVM host is and how to get there.
import { hostname } from "node:os";
import { z } from "zod";
import { parseLibvirtUri, whyUnsupported } from "../libvirt/uri.js";

export const sshModel = z
  .strictObject({
    user: z
      .string()
      .optional()
      .describe("User to log in as. Default: the URI's user, then `~/.ssh/config`, then the local user."),
    port: z
      .int()
      .min(1)
      .max(65535)
      .optional()
      .describe("TCP port of sshd. Default: the URI's port, then `~/.ssh/config`, then 22."),
    privateKey: z
      .string()
      .optional()
      .describe(
        "Private key in PEM or OpenSSH format. A secret. Default: the agent, then the key files that ssh would try.",
      ),
    privateKeyPath: z
      .string()
      .optional()
      .describe("Path of a private key file on the machine that runs Pulumi. `~` is the home folder."),
    passphrase: z.string().optional().describe("Passphrase of the private key. A secret."),
    password: z.string().optional().describe("Password to log in with. A secret. Prefer a key."),
    agent: z.string().optional().describe("Path of the SSH agent's socket. Default: `SSH_AUTH_SOCK`."),
    knownHosts: z
      .string()
      .optional()
      .describe(
        "Path of the known_hosts file to verify the host key with. Default: what `~/.ssh/config` says, else `~/.ssh/known_hosts`, then `/etc/ssh/ssh_known_hosts`.",
      ),
    hostKey: z
      .string()
      .optional()
      .describe(
        "The host's public key, `ssh-ed25519 AAAA...`, or its fingerprint, `SHA256:...`. Takes the place of known_hosts.",
      ),
    configFile: z
      .string()
      .optional()
      .describe("Path of the OpenSSH client configuration to honour. Default: `~/.ssh/config`; `none` for no file."),
    connectTimeout: z
      .int()
      .min(1)
      .max(600)
      .optional()
      .describe("Seconds to wait for the connection to be ready. Default 20."),
  })
  .describe("How to log in over SSH. Everything is optional: what is unset is what the `ssh` command would do.");

export const hostModel = z
  .strictObject({
    uri: z
      .string()
      .superRefine((uri, context) => {
        const why = whyNotOurs(uri);
        if (why !== undefined) context.addIssue({ code: "custom", message: why });
      })
      .describe(
        "libvirt URI of the host: `qemu+ssh://root@kvm1/system`, or `qemu:///system` for the machine that runs Pulumi. See https://libvirt.org/uri.html.",
      ),
    ssh: sshModel.optional(),
  })
  .describe("The KVM host: a libvirt URI and, for `qemu+ssh`, how to log in.");

export type HostInputs = z.infer<typeof hostModel>;

/**
 * What a host's connection and a program's declarations are filed under: `root@kvm1`, `kvm1:2222`, `local`. The same text for
 * every URI that leads to one libvirt as one user.
 */
export function hostKey(host: HostInputs): string {
  const uri = parseLibvirtUri(host.uri);
  const driver = uri.driver === "qemu" ? "" : `${uri.driver}+`;
  if (uri.hostName === undefined) return `${driver}local`;
  const user = host.ssh?.user ?? uri.user;
  const port = host.ssh?.port ?? uri.port;
  return `${driver}${user === undefined ? "" : `${user}@`}${uri.hostName.toLowerCase()}${port === undefined ? "" : `:${port}`}`;
}

/** For messages and resource ids: the URI's host name, or the machine's own for a local URI. */
export const hostName = (host: HostInputs): string => parseLibvirtUri(host.uri).hostName ?? hostname();

function whyNotOurs(uri: string): string | undefined {
  try {
    return whyUnsupported(parseLibvirtUri(uri));
  } catch (error) {
    return (error as Error).message;
  }
}
