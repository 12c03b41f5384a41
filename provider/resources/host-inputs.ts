// The `host` property that every resource takes: where the KVM host is and how to get there.
import { hostname } from "node:os";
import { z } from "zod";
import { type LibvirtUri, givesShell, isSsh, parseLibvirtUri, whyUnsupported } from "../libvirt/uri.js";

const keyOf = (of: string) => ({
  privateKey: z
    .string()
    .optional()
    .describe(
      `Private key in PEM or OpenSSH format. A secret. Default: the agent, then the key files that ssh would try.`,
    ),
  privateKeyPath: z
    .string()
    .optional()
    .describe("Path of a private key file on the machine that runs Pulumi. `~` is the home folder."),
  passphrase: z.string().optional().describe("Passphrase of the private key. A secret."),
  password: z
    .string()
    .optional()
    .describe("Password to log in with, also where the host asks for it interactively. A secret. Prefer a key."),
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
      `The ${of}'s public key, \`ssh-ed25519 AAAA...\`, or its fingerprint, \`SHA256:...\`. Takes the place of known_hosts.`,
    ),
});
const portModel = z.int().min(1).max(65535).optional();

const jumpModel = z
  .strictObject({
    host: z.string().min(1).describe("Name or address of the jump host, or a `Host` of `~/.ssh/config`."),
    user: z
      .string()
      .optional()
      .describe("User to log in as there. Default: what `~/.ssh/config` says, then the local user."),
    port: portModel.describe("TCP port of its sshd. Default: what `~/.ssh/config` says, then 22."),
    ...keyOf("jump host"),
  })
  .describe("A host on the way. It gets nothing of what is for the KVM host: no key, no password.");

export const sshModel = z
  .strictObject({
    user: z
      .string()
      .optional()
      .describe("User to log in as. Default: the URI's user, then `~/.ssh/config`, then the local user."),
    port: portModel.describe("TCP port of sshd. Default: the URI's port, then `~/.ssh/config`, then 22."),
    ...keyOf("host"),
    jump: z
      .array(jumpModel)
      .max(8)
      .optional()
      .describe(
        "Hosts to go through, the first one first, as `ssh -J`. An empty list: none. Default: ProxyJump of `~/.ssh/config`.",
      ),
    become: z
      .enum(["sudo"])
      .optional()
      .describe(
        "`sudo`: log in as a user who is not root and run everything with `sudo -n`, libvirt's connection too. It must not ask for a password. Default: the user who logs in does everything.",
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

const pem = "PEM text, or the path of a file with it on the machine that runs Pulumi.";
export const tlsModel = z
  .strictObject({
    ca: z
      .string()
      .optional()
      .describe(
        `Certificate of the CA that has signed the host's: ${pem} Default: \`cacert.pem\` where libvirt's own client looks (\`pkipath\` of the URI, \`~/.pki/libvirt\`, \`/etc/pki/CA\`).`,
      ),
    cert: z
      .string()
      .optional()
      .describe(
        `Our certificate, together with \`key\`: ${pem} Default: \`clientcert.pem\` where libvirt's client looks.`,
      ),
    key: z
      .string()
      .optional()
      .describe(
        `Private key of our certificate: ${pem} A secret. Default: \`clientkey.pem\` where libvirt's client looks.`,
      ),
    noVerify: z
      .boolean()
      .optional()
      .describe("Take whoever answers for the host. Default: what `no_verify` of the URI says, else false."),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    message: "expected cert and key together, got only one of them",
  })
  .describe("Certificates for `qemu+tls`. Everything is optional: what is unset is what `virsh` would use.");

export const saslModel = z
  .strictObject({
    username: z.string().min(1).describe("User name, as `saslpasswd2 -a libvirt` knows it on the host."),
    password: z.string().min(1).describe("Password. A secret."),
  })
  .describe(
    "For a libvirt that asks for SASL: SCRAM-SHA-512, SCRAM-SHA-256 or SCRAM-SHA-1; PLAIN over TLS, SSH or a unix socket only.",
  );

export const hostModel = z
  .strictObject({
    uri: z
      .string()
      .superRefine((uri, context) => {
        const why = whyNotOurs(uri);
        if (why !== undefined) context.addIssue({ code: "custom", message: why });
      })
      .describe(
        "libvirt URI of the host: `qemu+ssh://root@kvm1/system`, or `qemu:///system` for the machine that runs Pulumi. `qemu+tls` and `qemu+tcp` lead to libvirt alone. See https://libvirt.org/uri.html.",
      ),
    ssh: sshModel.optional(),
    tls: tlsModel.optional(),
    sasl: saslModel.optional(),
  })
  .superRefine(({ uri, ssh, tls }, context) => {
    if (parsedOrNot(uri) === undefined) return;
    const useless = (path: string, what: string) =>
      context.addIssue({ code: "custom", path: [path], message: `has no effect with ${uri}: it is for ${what}` });
    if (ssh !== undefined && !usesField(uri, "ssh")) useless("ssh", "qemu+ssh");
    if (tls !== undefined && !usesField(uri, "tls")) useless("tls", "qemu+tls");
  })
  .describe("The KVM host: a libvirt URI and how to log in.");

/** For resources that are made of files and commands on the host. */
export const hostWithShell = hostModel.superRefine(({ uri }, context) => {
  const parsed = parsedOrNot(uri);
  if (parsed === undefined || givesShell(parsed)) return;
  context.addIssue({
    code: "custom",
    path: ["uri"],
    message: `expected a URI that gives a shell on the host, such as qemu+ssh://root@${parsed.hostName ?? "kvm1"}/system, got "${uri}"`,
  });
});

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
  // One address can be two machines behind two jump hosts.
  const via = (host.ssh?.jump ?? []).map((hop) => `,via=${hop.host.toLowerCase()}`).join("");
  const become = host.ssh?.become === undefined ? "" : `,${host.ssh.become}`;
  const way = givesShell(uri) ? "" : `${uri.transport}+`;
  return `${driver}${way}${user === undefined ? "" : `${user}@`}${uri.hostName.toLowerCase()}${port === undefined ? "" : `:${port}`}${via}${become}`;
}

/** For messages and resource ids: the URI's host name, or the machine's own for a local URI. */
export const hostName = (host: HostInputs): string => parseLibvirtUri(host.uri).hostName ?? hostname();

/** Whether the URI has a use for `ssh` or `tls`. */
export function usesField(uri: string, field: "ssh" | "tls"): boolean {
  const parsed = parsedOrNot(uri);
  return parsed !== undefined && (field === "ssh" ? isSsh(parsed) : parsed.transport === "tls");
}

function parsedOrNot(uri: string): LibvirtUri | undefined {
  try {
    return parseLibvirtUri(uri);
  } catch {
    return undefined; // the field's own rule says what is wrong
  }
}

function whyNotOurs(uri: string): string | undefined {
  try {
    return whyUnsupported(parseLibvirtUri(uri));
  } catch (error) {
    return (error as Error).message;
  }
}
