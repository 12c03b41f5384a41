import assert from "node:assert/strict";
import { ignoredParts, parseLibvirtUri, whyUnsupported } from "../../../provider/libvirt/uri.js";

/** docs/uri.rst, each with a good value. */
const all: { [name: string]: string } = {
  name: "qemu:///system",
  mode: "direct",
  proxy: "netcat",
  command: "/opt/ssh",
  socket: "/run/x",
  netcat: "/opt/nc",
  keyfile: "/k",
  no_verify: "1",
  no_tty: "1",
  no_sanity: "1",
  known_hosts: "/h",
  known_hosts_verify: "auto",
  sshauth: "agent",
  tls_priority: "NORMAL",
  pkipath: "/p",
  auth: "sasl.SCRAM-SHA-256",
  authfile: "/a",
};
const used: { [base: string]: string[] } = {
  "qemu:///system": ["name", "mode", "socket", "auth"],
  "qemu+ssh://kvm1/system": [
    ...["name", "mode", "proxy", "socket", "netcat", "keyfile", "no_verify", "no_tty", "known_hosts"],
    ...["known_hosts_verify", "sshauth", "auth"],
  ],
  "qemu+tls://kvm1/system": ["name", "no_verify", "no_sanity", "pkipath", "auth"],
  "qemu+tcp://kvm1/system": ["name", "auth"],
};

describe("the parameters of a libvirt URI", () => {
  for (const [base, names] of Object.entries(used)) {
    for (const [name, value] of Object.entries(all)) {
      it(`${name} with ${base} is ${names.includes(name) ? "used" : "refused or warned about"}`, () => {
        const uri = parseLibvirtUri(`${base}?${name}=${encodeURIComponent(value)}`);
        const said = [whyUnsupported(uri), ...ignoredParts(uri)].filter((text) => text !== undefined);
        assert.equal(said.length, names.includes(name) ? 0 : 1, said.join("; "));
        if (said[0] !== undefined) assert.match(said[0], new RegExp(`parameter ${name} `));
        // None of them is for the driver on the host.
        assert.doesNotMatch(uri.localUri, /\?/);
      });
    }
  }

  const wrong: [string, RegExp][] = [
    ["qemu:///system?mode=modular", /parameter mode: expected auto, legacy or direct, got "modular"/],
    ["qemu+ssh://kvm1/system?proxy=libssh", /parameter proxy: expected auto, native or netcat, got "libssh"/],
    ["qemu+ssh://kvm1/system?no_verify=yes", /parameter no_verify: expected 0 or 1, got "yes"/],
    ["qemu+ssh://kvm1/system?sshauth=agent,keys", /parameter sshauth: expected agent, .*, got "keys"/],
    ["qemu+ssh://kvm1/system?proxy=native&netcat=/nc", /parameter netcat: proxy=native uses virt-ssh-helper/],
    ["qemu+ssh://kvm1/system?auth=kerberos", /parameter auth: expected none, polkit, sasl or sasl.MECHANISM/],
    ["qemu+tls://kvm1/system?auth=x", /parameter auth: expected/],
  ];
  for (const [text, message] of wrong) {
    it(`refuse ${text}`, () => assert.match(whyUnsupported(parseLibvirtUri(text)) ?? "", message));
  }

  it("leave to the driver on the host what is not theirs", () => {
    const uri = parseLibvirtUri("qemu+ssh://kvm1/system?keyfile=/k&future=1");
    assert.equal(uri.localUri, "qemu:///system?future=1");
    assert.deepEqual([whyUnsupported(uri), ignoredParts(uri)], [undefined, []]);
  });
});
