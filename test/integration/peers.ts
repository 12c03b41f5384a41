// Real libvirts and every way to them: a libvirtd (or modular daemons) in namespaces, with certificates, SASL users and an sshd that
// runs beside it.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureDebian13 } from "./debian13.js";
import { type LibvirtdFixture, fakePfs, startLibvirtd } from "./libvirtd.js";
import { type PeerSshd, type Program, serve, startSshdIn } from "./sshd-inside.js";

const execute = promisify(execFile);

/** What this needs of the machine beyond the two fixtures below it. */
export const peersPackages = [
  "openssl",
  "sasl2-bin",
  "libsasl2-modules",
  "netcat-openbsd",
  "socat",
  "sudo",
  "polkitd",
  "dbus",
];

export type PeerKind = {
  title: string;
  isDebian13: boolean;
  isModular: boolean;
  /** Whether TLS asks for a password, too. */
  tlsWantsSasl: boolean;
};

export const peerKinds: PeerKind[] = [
  { title: "this machine's libvirtd", isDebian13: false, isModular: false, tlsWantsSasl: true },
  { title: "Debian 13's libvirtd", isDebian13: true, isModular: false, tlsWantsSasl: false },
  { title: "Debian 13's modular daemons", isDebian13: true, isModular: true, tlsWantsSasl: true },
];

export const sasl = { username: "pulumi", password: "correct horse" };

export type Peer = {
  kind: PeerKind;
  fixture: LibvirtdFixture;
  /** The folder of certificates: `pkipath` of a client that is known. */
  pki: string;
  /** Certificates that the same names have, of a CA that the host does not know. */
  strangersPki: string;
  /** Where libvirtd's socket is, as seen from here. */
  socket: string;
  tlsPort: number;
  tcpPort: number;
  /** `lines` are of sshd_config; `programs` are all that a session finds on its PATH besides the shell's own. */
  startSshd(options?: { lines?: string[]; programs?: Program[]; user?: string }): Promise<PeerSshd>;
  stop(): Promise<void>;
};

export async function startPeer(kind: PeerKind): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), "test-peer-"));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const close of closers.reverse()) await close();
  };
  try {
    await makeCertificates(folder);
    const pki = join(folder, "pki");
    const fixture = await startLibvirtd(fakePfs, {
      ...(kind.isDebian13 ? { root: await ensureDebian13() } : {}),
      ...(kind.isModular ? { daemons: ["virtqemud", "virtnetworkd", "virtnodedevd", "virtproxyd"] } : {}),
      prepare: async (dir) => {
        await cp(join(folder, "server"), join(dir, "pki"), { recursive: true });
        await makeUsers(join(dir, "sasl"));
      },
      listen: (dir) => [
        ...[
          "listen_tls = 1",
          "listen_tcp = 1",
          'auth_tcp = "none"',
          `auth_tls = "${kind.tlsWantsSasl ? "sasl" : "none"}"`,
        ],
        `ca_file = "${dir}/pki/cacert.pem"`,
        `cert_file = "${dir}/pki/servercert.pem"`,
        `key_file = "${dir}/pki/serverkey.pem"`,
        'tls_priority = "NORMAL"',
      ],
      environment: (dir) => ({ SASL_CONF_PATH: join(dir, "sasl") }),
    });
    closers.push(() => fixture.stop());
    const inside = async (port: number) => {
      const forwarder = await forward(fixture, port);
      closers.push(() => closeServer(forwarder));
      return (forwarder.address() as AddressInfo).port;
    };
    return {
      kind,
      fixture,
      pki,
      strangersPki: join(folder, "strangers"),
      socket: join(fixture.folder, "run", kind.isModular ? "virtqemud-sock" : "libvirt-sock"),
      tlsPort: await inside(16514),
      tcpPort: await inside(16509),
      startSshd: async (options) => {
        const { server, sshd } = await startSshdIn(fixture, options);
        closers.push(() => closeServer(server));
        return sshd;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function closeServer(server: Server): Promise<void> {
  server.close();
  await new Promise((resolve) => setImmediate(resolve));
}

/** A CA, the host's certificate for localhost and 127.0.0.1, ours; and the same of strangers. */
async function makeCertificates(folder: string): Promise<void> {
  const openssl = (...args: string[]) => execute("openssl", args, { cwd: folder });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const sign = async (where: string, authority: string, name: string, subject: string, extensions: string) => {
    const [certificate, itsKey] = [join(where, `${name}cert.pem`), join(where, `${name}key.pem`)];
    await openssl("req", ...key, "-subj", `/CN=${subject}`, "-keyout", itsKey, "-out", "request.pem");
    await writeFile(join(folder, "extensions"), extensions);
    const by = ["-CA", `${authority}/cacert.pem`, "-CAkey", `${authority}/cakey.pem`, "-CAcreateserial"];
    await openssl(
      "x509",
      "-req",
      "-in",
      "request.pem",
      ...by,
      "-days",
      "2",
      "-extfile",
      "extensions",
      "-out",
      certificate,
    );
  };
  for (const where of ["pki", "strangers", "server"]) await mkdir(join(folder, where));
  for (const where of ["pki", "strangers"]) {
    const [itsKey, certificate] = [`${where}/cakey.pem`, `${where}/cacert.pem`];
    await openssl(
      "req",
      "-x509",
      ...key,
      "-subj",
      `/CN=${where}`,
      "-keyout",
      itsKey,
      "-out",
      certificate,
      "-days",
      "2",
    );
    await sign(where, where, "client", `${where} client`, "extendedKeyUsage=clientAuth");
  }
  await sign(
    "server",
    "pki",
    "server",
    "localhost",
    "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth",
  );
  await execute("cp", ["pki/cacert.pem", "server/"], { cwd: folder });
  // What a client of the host's may know, but no certificate of ours.
  await mkdir(join(folder, "pki/without"));
  await execute("cp", ["pki/cacert.pem", "pki/without/"], { cwd: folder });
}

/** As saslpasswd2 and /etc/sasl2/libvirt.conf of a host. */
async function makeUsers(users: string): Promise<void> {
  await mkdir(users);
  await writeFile(
    join(users, "libvirt.conf"),
    `mech_list: scram-sha-256 scram-sha-1\nsasldb_path: ${join(users, "passwd.db")}\n`,
  );
  const child = execFile("/usr/sbin/saslpasswd2", [
    "-p",
    "-c",
    "-a",
    "libvirt",
    "-f",
    join(users, "passwd.db"),
    sasl.username,
  ]);
  child.stdin?.end(sasl.password);
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`saslpasswd2 ended with exit code ${code}`);
}

const forward = ({ enterNetwork }: LibvirtdFixture, port: number): Promise<Server> => {
  const pipe = `const s = require("net").connect(${port}, "127.0.0.1"); const c = new (require("net").Socket)({ fd: 0 });
    c.pipe(s).pipe(c); for (const e of [c, s]) e.on("error", () => process.exit());`;
  const [file = "", ...args] = [...enterNetwork, process.execPath, "-e", pipe];
  return serve((socket) => spawn(file, args, { stdio: [socket, "ignore", "ignore"] }));
};
