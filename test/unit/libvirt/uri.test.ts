import assert from "node:assert/strict";
import fc from "fast-check";
import { parseLibvirtUri, whyUnsupported } from "../../../provider/libvirt/uri.js";

describe("libvirt URIs", () => {
  it("say who goes where, how, and what is opened there", () => {
    const text = "qemu+ssh://us%40er@kvm1:2222/system?keyfile=/home/a+b%20c/id&no_verify=1;socket=/run/x&future=1";
    assert.deepEqual(parseLibvirtUri(text), {
      text,
      driver: "qemu",
      transport: "ssh",
      user: "us@er",
      hostName: "kvm1",
      port: 2222,
      path: "/system",
      // A plus is a plus, and a semicolon separates too.
      parameters: { keyfile: "/home/a+b c/id", no_verify: "1", socket: "/run/x", future: "1" },
      localUri: "qemu:///system?future=1",
    });
  });

  const transports: [string, string, string | undefined][] = [
    ["qemu:///system", "local", undefined],
    ["qemu+unix:///system", "local", undefined],
    ["test:///default", "local", undefined],
    ["qemu+ssh://kvm1/system", "ssh", undefined],
    ["qemu+ssh://[fe80::1]/system", "ssh", undefined],
    ["qemu://kvm1/system", "tls", undefined],
    ["qemu+tls://kvm1:16514/system?pkipath=/p&no_verify=1", "tls", undefined],
    ["qemu+tcp://kvm1:16509/system", "tcp", undefined],
    ["qemu+libssh2://kvm1/system", "libssh2", undefined],
    [
      "qemu+ext://kvm1/system",
      "ext",
      "transport ext is not supported: it runs a program of yours; use qemu+ssh://USER@kvm1/system, with ProxyCommand in ~/.ssh/config",
    ],
    ["qemu:///session", "local", "path /session is not supported: SR-IOV networks need /system"],
    ["xen+ssh://kvm1/system", "ssh", "driver xen is not supported: SR-IOV networks need qemu"],
  ];
  for (const [text, transport, why] of transports) {
    it(`${text} goes by ${transport}${why === undefined ? "" : ", which is not supported"}`, () => {
      const uri = parseLibvirtUri(text);
      assert.equal(uri.transport, transport);
      assert.equal(whyUnsupported(uri), why);
    });
  }

  it("have IPv6 addresses in brackets, which are no part of the name", () => {
    const uri = parseLibvirtUri("qemu+ssh://root@[2001:db8::1]:22/system");
    assert.deepEqual([uri.user, uri.hostName, uri.port], ["root", "2001:db8::1", 22]);
  });

  it("may name what is opened in so many words", () => {
    assert.equal(parseLibvirtUri("qemu+ssh://kvm1/system?name=qemu:///embed").localUri, "qemu:///embed");
  });

  const wrong: [string, RegExp][] = [
    ["", /expected a libvirt URI such as .*, got ""/],
    ["kvm1", /expected a libvirt URI such as .*, got "kvm1"/],
    ["qemu:/system", /expected a libvirt URI such as/],
    ["qemu+ssh+tls://kvm1/system", /expected a libvirt URI such as/],
    ["qemu+ssh://kvm1:99999/system", /expected a libvirt URI such as/],
    ["qemu+sshd://kvm1/system", /expected a transport among unix, ssh, tls/],
    ["qemu+unix://kvm1/system", /expected no host name/],
    ["qemu+ssh:///system", /expected a host name for transport ssh/],
    ["qemu+ssh://kvm1/system#x", /without a # part/],
    ["qemu+ssh://kvm1/system?keyfile=%zz", /two hexadecimal digits/],
  ];
  for (const [text, message] of wrong) {
    it(`refuse ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseLibvirtUri(text), { kind: "invalid-input", message });
    });
  }

  it("refuse a password without showing it", () => {
    for (const text of [
      "qemu+ssh://root:hunter2@kvm1/system",
      "qemu+ssh://root:hun/ter2@kvm1/system",
      "qemu+ssh://r:hunter2@a b/",
    ]) {
      assert.throws(
        () => parseLibvirtUri(text),
        (error: Error) => !error.message.includes("ter2"),
        text,
      );
    }
  });

  it("come back as they were taken apart", () => {
    const part = fc.string({ minLength: 1, maxLength: 8 });
    const arbitrary = fc.record(
      {
        driver: fc.constantFrom("qemu", "test", "xen"),
        user: part,
        hostName: fc.oneof(
          fc.domain(),
          fc.ipV4(),
          fc.ipV6().filter((ip) => !ip.includes(".")),
        ),
        port: fc.integer({ min: 1, max: 65535 }),
        parameters: fc.dictionary(part, part, { noNullPrototype: true }),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(arbitrary, ({ driver, user, hostName, port, parameters }) => {
        fc.pre(!Object.hasOwn(parameters, "name"));
        const host = hostName.includes(":") ? `[${hostName}]` : hostName;
        const query = Object.entries(parameters).map((pair) => pair.map(encodeURIComponent).join("="));
        const uri = parseLibvirtUri(
          `${driver}+ssh://${encodeURIComponent(user)}@${host}:${port}/system?${query.join("&")}`,
        );
        assert.deepEqual([uri.driver, uri.user, uri.port, uri.parameters], [driver, user, port, parameters]);
        // IPv6 has more than one spelling.
        if (!hostName.includes(":")) assert.equal(uri.hostName, hostName);
      }),
    );
  });
});
