// An SSH server in this process, for what a real one does not do on demand: hang, break off, refuse a channel.
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { type Connection, Server, type ServerChannel } from "ssh2";
import { newEd25519 } from "./ed25519.js";
import type { SshTarget } from "../../../provider/transport/ssh.js";

export type FakeSshServer = {
  /** Good credentials and the right host key; nothing of this machine's own configuration. */
  target: SshTarget;
  hostKey: string;
  commands: string[];
  /** Most exec channels open at one time. */
  mostAtOnce: () => number;
  /** Breaks the TCP connections, as a host that crashes. */
  dropConnections(): void;
  /** Reads nothing any more, as a host whose kernel hangs: its connections stay. */
  hang(): void;
  stop(): Promise<void>;
};

export type Behaviour = {
  /** Default: prints nothing, exit code 0. */
  onCommand?: (channel: ServerChannel, command: string) => void;
  /** Whether every unix socket is an echo; otherwise they are forbidden. */
  canEcho?: boolean;
  maxSessions?: number;
  /** The news of a refusal comes this much later. */
  refusesAfterMs?: number;
  isWelcome?: (user: string) => boolean;
  /** What else it does with whoever has logged in. */
  onReady?: (connection: Connection) => void;
  /** It takes no key but this password, and asks for it as a question (keyboard-interactive). */
  asksFor?: string;
};

export async function startFakeSsh(behaviour: Behaviour = {}): Promise<FakeSshServer> {
  const { onCommand = (channel: ServerChannel) => finish(channel), maxSessions = 10 } = behaviour;
  const [hostPair, userPair] = [newEd25519(), newEd25519()];
  const connections = new Set<Connection>();
  const commands: string[] = [];
  let [running, most] = [0, 0];

  const server = new Server({ hostKeys: [hostPair.private] }, (connection) => {
    connections.add(connection);
    connection.on("error", () => undefined).on("close", () => connections.delete(connection));
    connection.on("authentication", (context) => {
      if (behaviour.asksFor !== undefined) {
        if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
        return context.prompt([{ prompt: "Password: ", echo: false }], (answers) =>
          answers[0] === behaviour.asksFor ? context.accept() : context.reject([]),
        );
      }
      const isKey = context.method === "publickey" && behaviour.isWelcome?.(context.username) !== false;
      if (isKey) context.accept();
      else context.reject(["publickey"]);
      return undefined;
    });
    connection.once("ready", () => behaviour.onReady?.(connection));
    connection.on("session", (accept, reject) => {
      if (running >= maxSessions) {
        if (behaviour.refusesAfterMs === undefined) reject();
        else setTimeout(reject, behaviour.refusesAfterMs);
        return undefined;
      }
      running += 1;
      most = Math.max(most, running);
      const session = accept();
      session.once("close", () => (running -= 1));
      session.on("exec", (acceptExec, _reject, { command }) => {
        commands.push(command);
        const channel = acceptExec();
        channel.on("error", () => undefined);
        onCommand(channel, command);
      });
      return session;
    });
    // ssh2 answers "administratively prohibited" when nobody listens, as sshd with AllowStreamLocalForwarding no.
    if (behaviour.canEcho) {
      connection.on("openssh.streamlocal", (accept) => {
        const channel = accept();
        channel.pipe(channel);
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    target: {
      hostName: "127.0.0.1",
      port,
      user: "admin",
      privateKey: userPair.private,
      hostKey: hostPair.public,
      configFile: "none",
      connectTimeout: 5,
    },
    hostKey: hostPair.public,
    commands,
    mostAtOnce: () => most,
    dropConnections: () => {
      for (const connection of connections) socketOf(connection).destroy();
    },
    hang: () => {
      for (const connection of connections) socketOf(connection).pause();
    },
    stop: async () => {
      for (const connection of connections) {
        connection.end();
        socketOf(connection).resume();
      }
      server.close();
      await once(server, "close");
    },
  };
}

export function finish(channel: ServerChannel, exitCode = 0): void {
  channel.exit(exitCode);
  channel.end();
}

const socketOf = (connection: Connection) => (connection as unknown as { _sock: Socket })._sock;
