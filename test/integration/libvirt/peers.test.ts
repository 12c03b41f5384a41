// One suite for the client, over every way to every libvirt: it passes the same on all.
import assert from "node:assert/strict";
import { join } from "node:path";
import { deadlineIn } from "../../../provider/base/deadline.js";
import { type SriovError, explain } from "../../../provider/base/errors.js";
import { silentLog } from "../../../provider/base/log.js";
import type { LibvirtClient } from "../../../provider/libvirt/client.js";
import { LibvirtError, virErr } from "../../../provider/libvirt/errors.js";
import { parseNodeDeviceXml } from "../../../provider/libvirt/xml/node-device.js";
import { closeEverything, createContext } from "../../../provider/resources/context.js";
import { sriovNetwork } from "../../../provider/resources/sriov-network/index.js";
import { vfConfig } from "../../../provider/resources/vf-config/index.js";
import { vmSriovInterface } from "../../../provider/resources/vm-sriov-interface/index.js";
import type { HostInputs } from "../../../provider/resources/host-inputs.js";
import { type OwnedSession, openSession } from "../../../provider/resources/session.js";
import { Pool } from "../../../provider/transport/pool.js";
import { defineDomain, mustRun } from "../libvirtd.js";
import { type Peer, peerKinds, sasl, startPeer } from "../peers.js";
import type { Program } from "../sshd-inside.js";

const noForwarding = ["AllowStreamLocalForwarding no"];

/** How each way gets there; `programs` are what a session finds on its PATH. */
const ways: { [title: string]: (peer: Peer) => Promise<HostInputs> } = {
  "a unix socket": async ({ socket }) => ({ uri: `qemu+unix:///system?socket=${socket}` }),
  "SSH, its unix socket forwarded": async (peer) => (await peer.startSshd()).host(),
  "SSH, by virt-ssh-helper, where forwarding is forbidden": async (peer) =>
    (await peer.startSshd({ lines: noForwarding, programs: ["virt-ssh-helper"] })).host(),
  "SSH, by nc, where all forwarding is forbidden": async (peer) =>
    (await peer.startSshd({ lines: ["DisableForwarding yes"], programs: ["nc"] })).host(),
  "SSH, by socat, where nothing else is there": async (peer) =>
    (await peer.startSshd({ lines: noForwarding, programs: ["socat"] })).host(),
  TLS: async ({ tlsPort, pki, kind }) => ({
    uri: `qemu+tls://localhost:${tlsPort}/system?pkipath=${pki}`,
    ...(kind.tlsWantsSasl ? { sasl } : {}),
  }),
  TCP: async ({ tcpPort }) => ({ uri: `qemu+tcp://127.0.0.1:${tcpPort}/system` }),
};

const failure = (promise: Promise<unknown>): Promise<SriovError> =>
  promise.then(
    () => assert.fail("expected a rejection"),
    (error: unknown) => error as SriovError,
  );

for (const kind of peerKinds) {
  describe(`${kind.title}`, function () {
    this.timeout(120_000);
    let peer: Peer;
    const pool = new Pool();
    const sessions: OwnedSession[] = [];
    const open = async (host: HostInputs) => {
      const session = await openSession(host, pool, { log: silentLog });
      sessions.push(session);
      return session;
    };
    const libvirtOf = async (host: HostInputs) => (await open(host)).libvirt();

    before(async function () {
      // Debian 13's is made now if nobody has made it before.
      this.timeout(600_000);
      peer = await startPeer(kind);
    });
    after(async () => {
      for (const session of sessions) await session.close();
      await pool.closeAll();
      await peer?.stop();
    });

    for (const [way, hostOf] of Object.entries(ways)) {
      describe(`over ${way}`, () => {
        let client: LibvirtClient;
        before(async () => {
          client = await libvirtOf(await hostOf(peer));
        });

        it("says its version, and what the host can do", async () => {
          const version = await client.libVersion();
          assert.ok(kind.isDebian13 ? Math.floor(version / 1_000_000) === 11 : version >= 9_000_000, String(version));
          assert.match(await client.capabilities(), /<arch>x86_64<\/arch>/);
        });

        it("shows PFs and their VFs, from the daemon for node devices", async () => {
          assert.equal((await client.listNodeDevices("pci")).length, 17);
          const pf = parseNodeDeviceXml(await client.nodeDeviceXml("pci_0000_03_00_0"));
          assert.equal(pf.pci?.virtualFunctions?.addresses.length, 7);
        });

        it("makes, starts, shows, stops and undefines a network", async () => {
          const made = await client.defineNetwork(
            "<network><name>pool</name><forward mode='hostdev' managed='yes'><pf dev='ens1f0'/></forward></network>",
          );
          assert.deepEqual(await client.findNetwork("pool"), made);
          assert.deepEqual(await client.findNetwork(made.uuid), made);
          await client.setNetworkAutostart(made, true);
          assert.equal(await client.networkAutostart(made), true);
          assert.deepEqual(await client.listNetworkPorts(made), []);
          await client.startNetwork(made);
          assert.equal(await client.isNetworkActive(made), true);
          assert.match(await client.networkXml(made), /slot='0x10'/);
          assert.doesNotMatch(await client.networkXml(made, { inactive: true }), /slot='0x10'/);
          await client.stopNetwork(made);
          await client.undefineNetwork(made);
          assert.equal(await client.findNetwork("pool"), undefined);
        });

        it("says no by name", async () => {
          const refused = await failure(client.nodeDeviceXml("pci_0000_09_00_0"));
          assert.ok(refused instanceof LibvirtError);
          assert.deepEqual([refused.kind, refused.remote.code], ["not-found", virErr.noNodeDevice]);
          const wrong = await failure(client.defineNetwork("<network><name>x</name><forward mode='warp'/></network>"));
          assert.ok(wrong instanceof LibvirtError);
        });

        it("answers 100 questions at once, each its own", async () => {
          const names = await client.listNodeDevices("pci");
          const asked = Array.from({ length: 100 }, (_, i) => names[i % names.length] ?? "");
          const answers = await Promise.all(asked.map((name) => client.nodeDeviceXml(name)));
          assert.deepEqual(
            answers.map((xml) => parseNodeDeviceXml(xml).name),
            asked,
          );
        });

        it("carries half a megabyte in one call, both ways", async () => {
          const text = "x".repeat(512 * 1024);
          const made = await client.defineNetwork(
            `<network><name>large</name><metadata><t:t xmlns:t='urn:test'>${text}</t:t></metadata><forward mode='hostdev'><pf dev='ens1f0'/></forward></network>`,
          );
          assert.ok((await client.networkXml(made, { inactive: true })).includes(text));
          await client.undefineNetwork(made);
        });

        it("tells what happens to a VM, when it happens", async () => {
          await defineDomain(peer.fixture, "web");
          const web = await client.findDomain("web");
          assert.ok(web);
          const events = await client.subscribe(web);
          await mustRun(peer.fixture, "virsh undefine web");
          const event = await events.next(deadlineIn(20_000));
          assert.deepEqual([event.event, event.event === "lifecycle" && event.change], ["lifecycle", "undefined"]);
          await events.close();
          assert.equal(await client.findDomain("web"), undefined);
        });
      });
    }

    describe("TLS", () => {
      const uri = (parameters: string, host = "localhost") => `qemu+tls://${host}:${peer.tlsPort}/system?${parameters}`;
      const known = () => `pkipath=${peer.pki}`;
      const password = kind.tlsWantsSasl ? { sasl } : {};

      it("verifies the name in the URI with the certificate, and takes addresses, too", async () => {
        await libvirtOf({ uri: uri(known(), "127.0.0.1"), ...password });
        const error = await failure(libvirtOf({ uri: uri(known(), "127.0.0.2"), ...password }));
        // Everything in 127 leads here, and the certificate is not for all of it.
        assert.ok(["refused", "unreachable"].includes(error.kind), error.message);
      });

      it("takes certificates as text", async () => {
        const tls = { ca: join(peer.pki, "cacert.pem"), cert: join(peer.pki, "clientcert.pem"), key: join(peer.pki, "clientkey.pem") }; // prettier-ignore
        await libvirtOf({ uri: uri(""), tls, ...password });
      });

      it("refuses a host whose CA is not known, unless nothing is to be verified", async () => {
        const error = await failure(libvirtOf({ uri: uri(`pkipath=${peer.strangersPki}`), ...password }));
        assert.equal(error.kind, "refused");
        assert.match(error.message, /its certificate is not good by .*strangers\/cacert\.pem/);
        const tls = { ca: join(peer.strangersPki, "cacert.pem"), cert: join(peer.pki, "clientcert.pem"), key: join(peer.pki, "clientkey.pem") }; // prettier-ignore
        await libvirtOf({ uri: uri("no_verify=1"), tls, ...password });
      });

      it("says that the host did not accept our certificate, or that we have none", async () => {
        const strange = { ca: join(peer.pki, "cacert.pem"), cert: join(peer.strangersPki, "clientcert.pem"), key: join(peer.strangersPki, "clientkey.pem") }; // prettier-ignore
        const errors = [
          await failure(libvirtOf({ uri: uri(""), tls: strange, ...password })),
          await failure(libvirtOf({ uri: uri(`pkipath=${peer.pki}/without`), ...password })),
        ];
        for (const error of errors) {
          assert.equal(error.kind, "permission-denied", explain(error));
          assert.match(error.message, /the host did not accept our certificate/);
        }
      });

      it("gives no shell, and says so", async () => {
        const session = await open({ uri: uri(known()), ...password });
        assert.match(session.machineId, /^libvirt:[0-9a-f-]{36}$/);
        const error = await failure(session.shell.readText("/etc/hostname"));
        assert.equal(error.kind, "unsupported");
        assert.match(explain(error), /leads to libvirt only, and gives no shell\nUse qemu\+ssh:/);
      });

      it("is enough for a network and an interface of a VM; what needs a shell is refused when it is checked", async () => {
        await defineDomain(peer.fixture, "web");
        const context = createContext({ log: silentLog, signal: new AbortController().signal, timeoutMs: 60_000 });
        const host = { uri: uri(known()), ...password };
        try {
          const network = await sriovNetwork.check(context, { host, name: "pool", pf: "ens1f0" }, undefined, "pool");
          assert.deepEqual(network.failures, []);
          const made = await sriovNetwork.create(context, network.inputs);
          assert.ok(made.done, JSON.stringify(made));
          const asked = { host, domain: "web", network: "pool", apply: "config" };
          const nic = await vmSriovInterface.check(context, asked, undefined, "nic");
          assert.deepEqual(nic.failures, []);
          const attached = await vmSriovInterface.create(context, nic.inputs);
          assert.ok(attached.done, JSON.stringify(attached));
          await vmSriovInterface.delete(context, attached.id, attached.state);
          await sriovNetwork.delete(context, made.id, made.state);

          const vfs = await vfConfig.check(context, { host, pf: "ens1f0", numVfs: 7 }, undefined);
          assert.deepEqual(
            vfs.failures.map(({ property }) => property),
            ["host.uri"],
          );
          assert.match(vfs.failures[0]?.reason ?? "", /expected a URI that gives a shell on the host/);
        } finally {
          await closeEverything();
          await mustRun(peer.fixture, "virsh undefine web");
        }
      });

      if (kind.tlsWantsSasl) {
        it("says what is wrong with a password: there is none, or it is another", async () => {
          const none = await failure(libvirtOf({ uri: uri(known()) }));
          assert.match(explain(none), /it asks for a user name and a password \(SASL SCRAM-SHA-\d+\)\nSet host\.sasl/);
          const wrong = await failure(libvirtOf({ uri: uri(known()), sasl: { ...sasl, password: "hunter2" } }));
          assert.equal(wrong.kind, "permission-denied");
          assert.match(explain(wrong), /\nCheck host\.sasl/);
          assert.doesNotMatch(explain(wrong), /hunter2/);
        });

        it("takes the mechanism that the URI names: each of SCRAM's", async () => {
          for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-1"]) {
            await libvirtOf({ uri: uri(`${known()}&auth=sasl.${mechanism}`), sasl });
          }
        });
      } else {
        it("does not go on where the URI wants a password and nobody asks for one", async () => {
          const error = await failure(libvirtOf({ uri: uri(`${known()}&auth=sasl`), sasl }));
          assert.match(error.message, /it asks for "none", expected sasl/);
        });
      }
    });

    describe("SSH", () => {
      it("does what the URI says: proxy, netcat, socket, mode", async () => {
        const all = await peer.startSshd({ programs: ["virt-ssh-helper", "nc"] });
        const legacy = "/var/run/libvirt/libvirt-sock";
        for (const parameters of ["proxy=native", "proxy=netcat", "netcat=nc", "mode=legacy", `socket=${legacy}`]) {
          const client = await libvirtOf(all.host(parameters));
          assert.ok((await client.libVersion()) > 0, parameters);
        }
        assert.match(all.log(), /Starting session: command/);
      });

      it("says which program is missing", async () => {
        const bare = await peer.startSshd({ lines: noForwarding });
        for (const parameters of ["", "proxy=native", "netcat=/opt/nc"]) {
          const error = await failure(libvirtOf(bare.host(parameters)));
          assert.equal(error.kind, "unsupported", parameters);
          assert.match(error.message, /none of virt-ssh-helper, nc with -U, socat that may be used is there/);
        }
      });

      it("says which sockets were looked for where there is no libvirt", async () => {
        const all = await peer.startSshd({ lines: noForwarding, programs: ["nc"] as Program[] });
        const error = await failure(libvirtOf(all.host("socket=/run/libvirt/none")));
        assert.equal(error.kind, "unreachable");
        assert.match(error.message, /\/run\/libvirt\/none/);
      });

      // The users of this machine are none of a test's business.
      if (!kind.isDebian13) return;
      it("takes a user who is not root as far as the group libvirt, or sudo, lets it", async () => {
        const { fixture } = peer;
        const denied = `chmod 0600 /run/libvirt/*-sock`;
        const allowed = `chmod 0777 /run/libvirt/*-sock`;
        const sshd = await peer.startSshd({ user: "admin", programs: ["nc", "sudo", "virt-ssh-helper"] });
        await mustRun(fixture, denied);
        try {
          const error = await failure(libvirtOf(sshd.host()));
          assert.equal(error.kind, "permission-denied");
          assert.match(explain(error), /group libvirt/);

          const mayNot = await failure(libvirtOf(sshd.host("", { become: "sudo", connectTimeout: 19 })));
          assert.equal(mayNot.kind, "permission-denied");
          assert.match(
            explain(mayNot),
            /Cannot become root on admin@127\.0\.0\.1.*\n.*admin ALL=\(root\) NOPASSWD: ALL/,
          );

          await mustRun(fixture, "mount -t tmpfs -o mode=0755 tmpfs /etc/sudoers.d");
          const allow = (commands: string) =>
            mustRun(
              fixture,
              `cat > /etc/sudoers.d/x <<'END'
Defaults logfile=/run/sudo.log, loglinelen=0, log_input, !compress_io, iolog_dir=/run/sudo-io
admin ALL=(root) NOPASSWD: ${commands}
END
chmod 0440 /etc/sudoers.d/x && visudo -c -q -f /etc/sudoers.d/x`,
            );
          // Every command would fail, so connecting does.
          await allow("/usr/bin/sh, /bin/sh");
          assert.equal((await failure(libvirtOf(sshd.host("", { become: "sudo" })))).kind, "permission-denied");

          await allow("ALL");
          const all = await open(sshd.host("", { become: "sudo" }));
          assert.equal((await all.shell.run("id -un")).stdout.trim(), "root");
          await all.close();
          await pool.closeAll();

          // All that sudo is asked for, which is no less than ALL: docs/decisions/0055-sudo.md.
          await allow("/usr/bin/env, /usr/bin/sh, /bin/sh");
          const session = await open(sshd.host("", { become: "sudo" }));
          assert.equal((await session.shell.run("id -un")).stdout.trim(), "root");
          assert.deepEqual(await (await session.libvirt()).listNetworks(), []);
          const slow = await failure(session.shell.run("sleep 97", { timeoutMs: 500 }));
          assert.equal(slow.kind, "timeout");
          let isLeft = true;
          for (let turn = 0; isLeft && turn < 100; turn += 1) {
            await new Promise((resolve) => setTimeout(resolve, 50));
            isLeft = (await fixture.run("pgrep -f 'sleep 9[7]'")).stdout !== "";
          }
          assert.equal(isLeft, false, "what ran as root still runs");
          const log = await mustRun(fixture, "cat /run/sudo.log");
          const asked = [...log.matchAll(/ COMMAND=(\S+) (.*)/g)].filter(([line]) => !line.includes("not allowed"));
          const programs = new Set(asked.map(([, program]) => program?.replace(/^.*\//, "")));
          assert.deepEqual([...programs].sort(), ["env", "sh"]);
          // Its log has commands; scripts are standard input, which it keeps where it is told to.
          const hasSleep = asked.some(([, , command]) => command?.includes("sleep 97"));
          assert.ok(hasSleep, log);
          await session.shell.run("sh -s", { input: "true for the record\n" });
          const record = "cat /run/sudo-io/*/*/*/stdin | grep -a -c 'for the record'";
          assert.equal((await mustRun(fixture, record)).trim(), "1");
        } finally {
          await mustRun(fixture, allowed);
        }
      });
    });

    // Only those are restarted here when they end.
    if (!kind.isModular) return;
    describe("killed and restarted", () => {
      it("goes on with what only asks, and makes what comes after that on a new connection", async () => {
        const sshd = await peer.startSshd();
        const client = await libvirtOf(sshd.host());
        const kill = async (daemon: string) => {
          await mustRun(peer.fixture, `pkill -KILL -x ${daemon}`);
        };
        assert.equal((await client.listNodeDevices("pci")).length, 17);

        // In the middle of many calls.
        const many = Promise.all(Array.from({ length: 200 }, () => client.listNetworks()));
        await kill("virtqemud");
        assert.deepEqual((await many).flat(), []);

        // Between two calls of one change; the second one connects anew. A question first: it finds out that the connection has
        // ended, and a change on its way just then is not repeated.
        assert.deepEqual(await client.listNetworks(), []);
        const network = await client.defineNetwork(
          "<network><name>kept</name><forward mode='hostdev'><pf dev='ens1f0'/></forward></network>",
        );
        await kill("virtqemud");
        assert.deepEqual(await client.findNetwork("kept"), network);
        await client.startNetwork(network);
        assert.equal(await client.isNetworkActive(network), true);

        // The daemon behind it. virtqemud then says "client socket is closed" to everybody, for ever.
        await kill("virtnetworkd");
        assert.equal(await client.isNetworkActive(network), true);
        await client.stopNetwork(network);
        await client.undefineNetwork(network);
      });
    });
  });
}
