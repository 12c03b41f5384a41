// The `host` property: its key, its name, and how URI and `ssh` come together.
import assert from "node:assert/strict";
import { hostname } from "node:os";
import { parseLibvirtUri } from "../../../provider/libvirt/uri.js";
import {
  type HostInputs,
  hostKey,
  hostModel,
  hostName,
  hostWithShell,
} from "../../../provider/resources/host-inputs.js";
import { sshTarget } from "../../../provider/resources/session.js";

const target = (host: HostInputs) => sshTarget(host, parseLibvirtUri(host.uri));

describe("hostKey", () => {
  it("is one for all URIs that lead to one host as one user", () => {
    const keys = [
      hostKey({ uri: "qemu+ssh://root@kvm1/system" }),
      hostKey({ uri: "qemu+ssh://root@KVM1/system?no_verify=1" }),
      hostKey({ uri: "qemu+ssh://kvm1/system", ssh: { user: "root" } }),
      hostKey({ uri: "qemu+ssh://admin@kvm1/system", ssh: { user: "root" } }),
    ];
    assert.deepEqual([...new Set(keys)], ["root@kvm1"]);
    assert.equal(hostKey({ uri: "qemu:///system" }), hostKey({ uri: "qemu+unix:///system" }));
  });

  it("tells hosts, users, ports and drivers apart", () => {
    const keys = [
      { uri: "qemu+ssh://kvm1/system" },
      { uri: "qemu+ssh://kvm2/system" },
      { uri: "qemu+ssh://root@kvm1/system" },
      { uri: "qemu+ssh://kvm1:2222/system" },
      { uri: "qemu:///system" },
      { uri: "test:///default" },
    ].map(hostKey);
    assert.equal(new Set(keys).size, keys.length);
    // They are prefixes of other keys, up to a space.
    assert.ok(keys.every((key) => !key.includes(" ")));
  });
});

describe("hostName", () => {
  it("is the URI's, or the machine's own", () => {
    assert.equal(hostName({ uri: "qemu+ssh://root@kvm1:22/system" }), "kvm1");
    assert.equal(hostName({ uri: "qemu:///system" }), hostname());
  });
});

describe("sshTarget", () => {
  it("puts the program's `ssh` before the URI", () => {
    const uri = "qemu+ssh://a@kvm1:1/system?keyfile=/k&known_hosts=/h";
    const ssh = { user: "b", port: 2, privateKeyPath: "/mine", knownHosts: "/known" };
    const { user, port, privateKeyPath, knownHosts } = target({ uri, ssh });
    assert.deepEqual({ user, port, privateKeyPath, knownHosts }, ssh);
  });

  it("takes from the URI what the program leaves open", () => {
    const found = target({ uri: "qemu+ssh://a@kvm1:1/system?keyfile=/k&known_hosts=/h&no_verify=1" });
    assert.equal(found.user, "a");
    assert.equal(found.port, 1);
    assert.equal(found.privateKeyPath, "/k");
    assert.equal(found.knownHosts, "/h");
    assert.equal(found.hostKeyPolicy, "none");
  });

  it("takes every parameter of libvirt's libssh into account", () => {
    const found = target({ uri: "qemu+libssh://kvm1/system?known_hosts_verify=auto&sshauth=privkey,password" });
    assert.equal(found.hostKeyPolicy, "accept-new");
    assert.deepEqual(found.methods, ["privkey", "password"]);
    assert.equal(target({ uri: "qemu+ssh://kvm1/system?known_hosts_verify=ignore" }).hostKeyPolicy, "none");
    assert.equal(target({ uri: "qemu+ssh://kvm1/system?known_hosts_verify=normal" }).hostKeyPolicy, "strict");
  });

  it("goes through jump hosts with what is theirs", () => {
    const jump = [{ host: "bastion", user: "me", privateKey: "PEM" }];
    const found = target({ uri: "qemu+ssh://kvm1/system", ssh: { jump, password: "for kvm1" } });
    assert.deepEqual(found.jump, [{ hostName: "bastion", user: "me", privateKey: "PEM" }]);
    assert.equal(hostKey({ uri: "qemu+ssh://kvm1/system", ssh: { jump } }), "kvm1,via=bastion");
  });

  it("does not use the URI's key file beside a key of the program's, and verifies unless told otherwise", () => {
    const found = target({ uri: "qemu+ssh://kvm1/system?keyfile=/k&no_verify=0", ssh: { privateKey: "PEM" } });
    assert.equal(found.privateKeyPath, undefined);
    assert.equal(found.hostKeyPolicy, undefined);
  });
});

describe("hostModel", () => {
  it("says what is wrong with a URI", () => {
    for (const uri of ["kvm1", "qemu+ext://kvm1/system", "qemu+ssh:///system", "xen:///system"]) {
      const result = hostModel.safeParse({ uri });
      assert.equal(result.success, false, uri);
      assert.deepEqual(
        result.error?.issues.map(({ path }) => path),
        [["uri"]],
      );
    }
    assert.equal(hostModel.safeParse({ uri: "qemu+ssh://root@kvm1/system" }).success, true);
  });

  it("says what has no effect with the URI", () => {
    for (const [host, path] of [
      [{ uri: "qemu+tls://kvm1/system", ssh: { user: "root" } }, "ssh"],
      [{ uri: "qemu:///system", ssh: {} }, "ssh"],
      [{ uri: "qemu+ssh://kvm1/system", tls: { noVerify: true } }, "tls"],
      [{ uri: "qemu+tls://kvm1/system", tls: { cert: "/cert.pem" } }, "tls"],
    ] as const) {
      const { error } = hostModel.safeParse(host);
      assert.deepEqual(
        error?.issues.map((issue) => issue.path),
        [[path]],
        JSON.stringify(host),
      );
    }
  });

  it("wants a shell for what is made of files and commands", () => {
    for (const uri of ["qemu+tls://kvm1/system", "qemu+tcp://kvm1/system"]) {
      assert.match(hostWithShell.safeParse({ uri }).error?.message ?? "", /gives a shell on the host/);
    }
    for (const uri of ["qemu+ssh://kvm1/system", "qemu:///system"]) assert.ok(hostWithShell.safeParse({ uri }).success);
  });
});
