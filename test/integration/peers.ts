// Real libvirts and every way to them: a libvirtd (or modular daemons) in namespaces, with certificates, SASL users and an sshd that
// runs beside it. TCP from out here gets into its network one connection at a time.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { HostInputs } from "../../provider/resources/host-inputs.js";
import { ensureDebian13 } from "./debian13.js";
import { type LibvirtdFixture, fakePfs, mustRun, startLibvirtd } from "./libvirtd.js";
import { makeKey } from "./sshd.js";

const execute = promisify(execFile);

/** What this needs of the machine beyond the two fixtures below it. */
export const peersPackages = ["openssl", "sasl2-bin", "libsasl2-modules", "netcat-openbsd", "socat", "sudo"];

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

export type Program = "virt-ssh-helper" | "nc" | "socat" | "sudo";

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
export type PeerSshd = { host(parameters?: string, more?: NonNullable<HostInputs["ssh"]>): HostInputs; log(): string };

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

/** Each connection becomes the standard input and output of a program in the peer's namespaces. */
function serve(start: (socket: Socket) => ChildProcess): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on("error", () => undefined);
      const child = start(socket);
      child.once("error", () => socket.destroy());
      // It is the child's now.
      child.once("spawn", () => socket.destroy());
    });
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

const forward = ({ enterNetwork }: LibvirtdFixture, port: number): Promise<Server> => {
  const pipe = `const s = require("net").connect(${port}, "127.0.0.1"); const c = new (require("net").Socket)({ fd: 0 });
    c.pipe(s).pipe(c); for (const e of [c, s]) e.on("error", () => process.exit());`;
  const [file = "", ...args] = [...enterNetwork, process.execPath, "-e", pipe];
  return serve((socket) => spawn(file, args, { stdio: [socket, "ignore", "ignore"] }));
};

const shellsOwn = ["sh", "env", "id", "cat", "grep", "readlink", "true"];

async function startSshdIn(
  fixture: LibvirtdFixture,
  { lines = [], programs = [], user = "root" }: { lines?: string[]; programs?: Program[]; user?: string } = {},
): Promise<{ server: Server; sshd: PeerSshd }> {
  const folder = await mkdtemp(join(fixture.folder, "sshd-"));
  // A user who is not root has to get there.
  for (const each of [fixture.folder, folder]) await chmod(each, 0o755);
  const at = (name: string) => join(folder, name);
  await makeKey(at("host_key"));
  await makeKey(at("identity"));
  const tools = [...shellsOwn, ...programs].map((name) => `ln -s "$(command -v ${name})" ${folder}/bin/${name}`);
  await mustRun(fixture, ["set -e", `mkdir ${folder}/bin /run/sshd -p`, ...tools].join("\n"));
  const config = [
    ...lines,
    `HostKey ${folder}/host_key`,
    `AuthorizedKeysFile ${folder}/identity.pub`,
    `SetEnv PATH=${folder}/bin SHLVL=1`,
    ...["UsePAM no", "StrictModes no", "PermitRootLogin yes", "LogLevel VERBOSE", "PasswordAuthentication no"],
  ];
  await writeFile(at("sshd_config"), `${config.join("\n")}\n`);
  let log = "";
  const [file = "", ...args] = [...fixture.enter, "/usr/sbin/sshd", "-i", "-e", "-f", `${folder}/sshd_config`];
  const server = await serve((socket) => {
    const child = spawn(file, args, { stdio: [socket, socket, "pipe"] });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (log += text));
    return child;
  });
  const { port } = server.address() as AddressInfo;
  const hostKey = (await readFile(at("host_key.pub"), "utf8")).split(" ").slice(0, 2).join(" ");
  return {
    server,
    sshd: {
      log: () => log,
      host: (parameters = "", more = {}) => ({
        uri: `qemu+ssh://${user}@127.0.0.1:${port}/system${parameters === "" ? "" : `?${parameters}`}`,
        ssh: { privateKeyPath: at("identity"), hostKey, configFile: "none", ...more },
      }),
    },
  };
}
