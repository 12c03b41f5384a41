import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { type Kind, SriovError, explain } from "../../../provider/base/errors.js";
import { openLibvirtSocket, socketsFor } from "../../../provider/libvirt/sockets.js";
import { parseLibvirtUri } from "../../../provider/libvirt/uri.js";
import type { Connection } from "../../../provider/transport/connection.js";

const virtqemud = "/var/run/libvirt/virtqemud-sock";
const libvirtd = "/var/run/libvirt/libvirt-sock";

/** A host with these sockets; those with a kind refuse with it, all others are not there. */
function host(sockets: { [path: string]: Kind | "open" }): { connection: Connection; tried: string[] } {
  const tried: string[] = [];
  const connection: Connection = {
    name: "root@kvm1",
    run: () => assert.fail("no command is needed"),
    openUnixSocket: async (path, { explain: isAsked = true } = {}) => {
      tried.push(isAsked ? `why not ${path}` : path);
      const answer = sockets[path] ?? "not-found";
      if (answer === "open") return new PassThrough();
      throw new SriovError(answer, `it is ${answer}`);
    },
    openCommand: async () => assert.fail("no command is needed"),
    usesSudo: false,
    close: async () => {},
  };
  return { connection, tried };
}
const uri = parseLibvirtUri("qemu+ssh://root@kvm1/system");

describe("libvirt's sockets", () => {
  const orders: [string, string[]][] = [
    ["qemu:///system", [virtqemud, libvirtd]],
    ["qemu:///system?mode=auto", [virtqemud, libvirtd]],
    ["qemu:///system?mode=legacy", [libvirtd]],
    ["qemu:///system?mode=direct", [virtqemud]],
    ["qemu:///system?socket=/tmp/x", ["/tmp/x"]],
    ["test:///default", [libvirtd]],
  ];
  for (const [text, order] of orders) {
    it(`for ${text} are ${order.join(", then ")}`, () => assert.deepEqual(socketsFor(parseLibvirtUri(text)), order));
  }

  it("are tried until one opens", async () => {
    const modular = host({ [virtqemud]: "open", [libvirtd]: "open" });
    await openLibvirtSocket(modular.connection, uri);
    assert.deepEqual(modular.tried, [virtqemud]);
    const monolithic = host({ [libvirtd]: "open" });
    await openLibvirtSocket(monolithic.connection, uri);
    assert.deepEqual(monolithic.tried, [virtqemud, libvirtd]);
  });

  it("are all named, with the reasons, when none opens: and that is not 'not found'", async () => {
    await assert.rejects(openLibvirtSocket(host({}).connection, uri), (error: SriovError) => {
      assert.equal(error.kind, "unreachable");
      assert.match(
        explain(error),
        /^cannot open a libvirt socket on root@kvm1: tried .*virtqemud-sock \(it is not-found\), .*libvirt-sock \(it is not-found\)\nInstall libvirt/,
      );
      return true;
    });
  });

  it("say permission denied when one of them does", async () => {
    const { connection } = host({ [libvirtd]: "permission-denied" });
    await assert.rejects(openLibvirtSocket(connection, uri), {
      kind: "permission-denied",
      message: /permission-denied/,
    });
  });

  it("are reached by a program when the host forbids forwarding, without trying the others first", async () => {
    const { connection, tried } = host({ [virtqemud]: "unsupported", [libvirtd]: "open" });
    const opened: string[] = [];
    const withHelper: Connection = {
      ...connection,
      run: async (command) => ({ command, exitCode: 0, signal: undefined, stdout: "helper\n", stderr: "" }),
      openCommand: async (command) => (opened.push(command), new PassThrough()),
    };
    await openLibvirtSocket(withHelper, uri);
    assert.deepEqual([tried, opened], [[virtqemud], ["exec virt-ssh-helper 'qemu:///system'"]]);
  });

  it("offer no remedy for libvirt when the host itself is gone", async () => {
    const { connection } = host({ [virtqemud]: "unreachable", [libvirtd]: "unreachable" });
    await assert.rejects(openLibvirtSocket(connection, uri), { kind: "unreachable", remedy: undefined });
  });
});
