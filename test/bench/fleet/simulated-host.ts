// One simulated KVM host: an SSH server on loopback with a Linux and a libvirt of its own in memory behind it, one PF, and VMs that
// are off. It counts what is asked of it.
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { type AuthContext, type Connection, type ParsedKey, Server, type ServerChannel, utils } from "ssh2";
import { explain } from "../../../provider/base/errors.js";
import { parseDomainInterfaces } from "../../../provider/libvirt/xml/domain.js";
import { FakeLibvirt } from "../../fakes/fake-libvirt.js";
import { type Answer, type LinuxStates, SimulatedLinux, pf } from "./simulated-linux.js";
import { serveLibvirt } from "./simulated-libvirtd.js";

export type HostKeys = { hostPrivate: string; userPublic: string };

/** What was asked of it so far, and what it has now. */
export type HostCounts = {
  connections: number;
  commands: number;
  calls: number;
  vfs: number;
  networks: number;
  interfaces: number;
};

/** What it does once it has let somebody in and said who it is: says nothing any more, or only its libvirt does not. */
export type Illness = "host hangs" | "libvirt hangs";

export const vms = ["web", "db"];

const socket = "/var/run/libvirt/libvirt-sock";

export class SimulatedHost {
  readonly libvirt: FakeLibvirt;
  readonly #machineId: string;
  readonly #linux: SimulatedLinux;
  readonly #userKey: ParsedKey;
  readonly #server: Server;
  readonly #open = new Set<Connection>();
  readonly #counts = { connections: 0, commands: 0, calls: 0 };

  constructor(
    number: number,
    keys: HostKeys,
    states: LinuxStates,
    readonly illness?: Illness,
  ) {
    this.#machineId = number.toString(16).padStart(32, "0");
    this.#linux = new SimulatedLinux(states);
    const userKey = utils.parseKey(keys.userPublic);
    if (userKey instanceof Error) throw userKey;
    this.#userKey = userKey;
    this.libvirt = new FakeLibvirt();
    for (const vm of vms) this.libvirt.domains.add(vm);
    this.#server = new Server({ hostKeys: [keys.hostPrivate] }, (connection) => this.#welcome(connection));
  }

  /** Answers the port. */
  async listen(address: string): Promise<number> {
    this.#server.listen(0, address);
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  get counts(): HostCounts {
    const definitions = this.libvirt.domains.all.map(({ definition }) => parseDomainInterfaces(definition).length);
    return {
      ...this.#counts,
      vfs: this.#linux.vfs.length,
      networks: this.libvirt.networks.all.filter(({ live }) => live !== undefined).length,
      interfaces: definitions.reduce((sum, count) => sum + count, 0),
    };
  }

  async close(): Promise<void> {
    for (const connection of this.#open) {
      connection.end();
      socketOf(connection).resume();
    }
    this.#server.close();
    await once(this.#server, "close");
  }

  #welcome(connection: Connection): void {
    this.#counts.connections += 1;
    // As sshd: an answer does not wait for the next one.
    (connection as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
    this.#open.add(connection);
    connection.on("error", () => undefined).on("close", () => this.#open.delete(connection));
    connection.on("authentication", (context) =>
      this.#knows(context) ? context.accept() : context.reject(["publickey"]),
    );
    connection.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        if (this.illness === "host hangs") channel.once("close", () => hang(connection));
        this.#run(channel, command);
      });
    });
    connection.on("openssh.streamlocal", (accept, reject, { socketPath }) => {
      // Debian's: one libvirtd.
      if (socketPath !== socket) return reject();
      const channel = accept();
      channel.on("error", () => undefined);
      if (this.illness !== undefined) return channel.resume();
      return serveLibvirt(channel, this.libvirt, () => (this.#counts.calls += 1));
    });
  }

  #knows(context: AuthContext): boolean {
    if (context.method !== "publickey" || context.username !== "root") return false;
    if (!context.key.data.equals(this.#userKey.getPublicSSH())) return false;
    // Without a signature it is the question whether the key would do.
    if (!context.signature || !context.blob) return true;
    return this.#userKey.verify(context.blob, context.signature, context.hashAlgo) === true;
  }

  #run(channel: ServerChannel, line: string): void {
    this.#counts.commands += 1;
    let input = "";
    channel.on("error", () => undefined);
    channel.on("data", (chunk: Buffer) => (input += chunk.toString()));
    channel.on("end", () => {
      const broken = (error: unknown): Answer => ({
        exitCode: 126,
        stdout: "",
        stderr: `simulated host: ${explain(error)}\n`,
      });
      void this.#answer(line, input)
        .catch(broken)
        .then(({ exitCode, stdout, stderr }) => {
          channel.stderr.write(stderr);
          channel.write(stdout);
          channel.exit(exitCode);
          channel.end();
        });
    });
  }

  async #answer(line: string, input: string): Promise<Answer> {
    if (line.includes("cat /etc/machine-id")) return { exitCode: 0, stdout: `${this.#machineId}\n`, stderr: "" };
    const answer = await this.#linux.run(line, input);
    // libvirt finds the VFs in sysfs.
    this.libvirt.networks.pfs[pf.netdev] = [...this.#linux.vfs];
    return answer;
  }
}

const socketOf = (connection: Connection) => (connection as unknown as { _sock: Socket })._sock;

/** As a kernel that hangs: the connection stays, and nothing that comes over it is read. */
function hang(connection: Connection): void {
  socketOf(connection).pause();
}
