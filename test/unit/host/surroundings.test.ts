// What stands around a PF, by the real reader over a fake host: the way of our own connection, and who uses VFs as netdevs.
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { readPf } from "../../../provider/host/sysfs/read-pf.js";
import type { Surroundings } from "../../../provider/host/surroundings.js";
import { FakeHost, pfTree } from "../../fakes/fake-host.js";

const pf = "0000:01:00.0";

describe("a reading of a PF", () => {
  let host: FakeHost;
  beforeEach(() => {
    host = new FakeHost(pfTree());
    host.environment["SSH_CONNECTION"] = "10.9.0.2 50000 10.9.0.15 22";
  });
  afterEach(() => host.dispose());

  const read = async (): Promise<Surroundings> => {
    const reading = await readPf(host.shell, "eno49");
    assert.equal(reading.found, "pf");
    return (reading as { surroundings: Surroundings }).surroundings;
  };
  const routeOver = (netdev: string) =>
    host.put("fake/route", `10.9.0.2 from 10.9.0.15 dev ${netdev} uid 0 \\    cache`);
  const virtual = (netdev: string, ...lowers: string[]) => {
    host.put(`sys/class/net/${netdev}/ifindex`, "9");
    for (const lower of lowers) host.put(`sys/class/net/${netdev}/lower_${lower}`, `-> ../${lower}`);
  };

  it("knows no management link on the machine itself", async () => {
    delete host.environment["SSH_CONNECTION"];
    routeOver("eno49");
    assert.equal((await read()).managementLink, undefined);
  });

  it("finds the PF right under the route to the SSH client", async () => {
    routeOver("eno49");
    assert.deepEqual((await read()).managementLink, {
      client: "10.9.0.2",
      cards: [{ path: ["eno49"], pciAddress: pf }],
      ends: [],
    });
  });

  it("follows VLAN, bridge, bond and macvlan down, to each card", async () => {
    for (const [path, text] of Object.entries(pfTree("0000:02:00.0", "eno50"))) host.put(path, text);
    virtual("macvlan0", "br0.42");
    virtual("br0.42", "br0");
    virtual("br0", "bond0", "vnet3");
    virtual("bond0", "eno49", "eno50");
    virtual("vnet3");
    routeOver("macvlan0");
    const way = ["macvlan0", "br0.42", "br0", "bond0"];
    assert.deepEqual((await read()).managementLink, {
      client: "10.9.0.2",
      cards: [
        { path: [...way, "eno49"], pciAddress: pf },
        { path: [...way, "eno50"], pciAddress: "0000:02:00.0" },
      ],
      ends: ["vnet3"],
    });
  });

  it("follows an Open vSwitch port, whose cards hang below the switch", async () => {
    virtual("br-ex");
    virtual("ovs-system", "eno49");
    host.put(
      "bin/ip",
      `#!/bin/sh
case "$*" in
*"route get"*) cat "$SRIOV_ROOT/fake/route" ;;
*br-ex*) echo "7: br-ex: <UP> mtu 1500 openvswitch addrgenmode eui64" ;;
*-j*) echo '[{"ifname":"eno49","flags":["UP"],"vfinfo_list":[]}]' ;;
esac
`,
    );
    routeOver("br-ex");
    assert.deepEqual((await read()).managementLink?.cards, [{ path: ["br-ex", "eno49"], pciAddress: pf }]);
  });

  it("goes from a VF to its PF", async () => {
    await makeVfs(host, 2);
    host.put("sys/class/net/eno49v1", "-> ../../bus/pci/devices/0000:01:10.2/net/eno49v1");
    host.put("sys/bus/pci/devices/0000:01:10.2/net/eno49v1/device", "-> ../../../0000:01:10.2");
    routeOver("eno49v1");
    assert.deepEqual((await read()).managementLink?.cards, [
      { path: ["eno49v1"], pciAddress: "0000:01:10.2", pfPciAddress: pf },
    ]);
  });

  it("says where a tunnel ends the way down, and takes the loopback for no link", async () => {
    virtual("wg0");
    routeOver("wg0");
    assert.deepEqual((await read()).managementLink, { client: "10.9.0.2", cards: [], ends: ["wg0"] });
    virtual("lo");
    routeOver("lo");
    assert.deepEqual((await read()).managementLink?.ends, []);
  });

  it("survives a loop of links", async () => {
    virtual("a", "b");
    virtual("b", "a", "eno49");
    routeOver("a");
    assert.deepEqual((await read()).managementLink?.cards, [{ path: ["a", "b", "eno49"], pciAddress: pf }]);
  });

  it("asks for the route of a link-local address on its own netdev", async () => {
    host.environment["SSH_CONNECTION"] = "fe80::1%eno49 50000 fe80::2%eno49 22";
    host.put(
      "bin/ip",
      `#!/bin/sh
case "$*" in
"-o route get fe80::1 from fe80::2 oif eno49") echo "fe80::1 from fe80::2 dev eno49" ;;
*-j*) echo '[{"ifname":"eno49","flags":["UP"],"vfinfo_list":[]}]' ;;
esac
`,
    );
    assert.deepEqual((await read()).managementLink?.cards, [{ path: ["eno49"], pciAddress: pf }]);
  });

  it("finds SSH_CONNECTION in a process above, where sudo has taken it away", async () => {
    delete host.environment["SSH_CONNECTION"];
    routeOver("eno49");
    host.put("proc/77/environ", "LANG=C\0SSH_CONNECTION=10.9.0.2 1 10.9.0.15 22\0TERM=xterm\0");
    // Each shell is a child of sudo, which is process 77 here.
    host.put(
      "bin/sh",
      `#!/bin/sh
mkdir -p "$SRIOV_ROOT/proc/$$"
printf 'Name:\\tsh\\nPPid:\\t77\\n' > "$SRIOV_ROOT/proc/$$/status"
printf 'SUDO_USER=admin\\0' > "$SRIOV_ROOT/proc/$$/environ"
exec /bin/sh "$@"
`,
    );
    chmodSync(`${host.root}/bin/sh`, 0o755);
    assert.equal((await read()).managementLink?.client, "10.9.0.2");
  });

  it("finds bridges, bonds and macvtaps on a VF's netdev, and its addresses", async () => {
    await makeVfs(host, 3);
    virtual("br1");
    host.put("sys/class/net/br1/bridge/bridge_id", "8000");
    virtual("macvtap0");
    host.put("sys/class/net/macvtap0/uevent", "DEVTYPE=macvtap");
    host.put("sys/bus/pci/devices/0000:01:10.0/net/eno49v0/upper_br1", "-> ../br1");
    host.put("sys/bus/pci/devices/0000:01:10.2/net/eno49v1/upper_macvtap0", "-> ../macvtap0");
    host.put(
      "fake/addresses",
      "2: enp0s3    inet 192.0.2.7/24 scope global enp0s3\n8: eno49v2    inet 10.0.0.5/24 brd 10.0.0.255 scope global eno49v2",
    );
    assert.deepEqual((await read()).vfUsers, [
      { vfIndex: 0, netdev: "eno49v0", by: "upper", kind: "bridge", name: "br1" },
      { vfIndex: 1, netdev: "eno49v1", by: "upper", kind: "macvtap", name: "macvtap0" },
      { vfIndex: 2, netdev: "eno49v2", by: "address", address: "10.0.0.5/24" },
    ]);
  });

  it("finds a VF's netdev in another network namespace: by its name, or by a process of a container", async () => {
    await makeVfs(host, 3);
    host.remove("sys/bus/pci/devices/0000:01:10.0/net");
    host.remove("sys/bus/pci/devices/0000:01:10.2/net");
    host.put("run/netns/red", "");
    host.put("fake/netns/red", "9: eth0: <UP> mtu 1500 promiscuity 0 parentbus pci parentdev 0000:01:10.0 ");
    host.put("proc/411/comm", "nginx");
    host.put("proc/411/ns/net", "-> net:[4026532999]");
    host.put("fake/netns/net", "9: net1: <UP> mtu 1500 promiscuity 0 parentbus pci parentdev 0000:01:10.2 ");
    assert.deepEqual((await read()).vfUsers, [
      { vfIndex: 0, netdev: "eth0", by: "namespace", name: "network namespace red" },
      { vfIndex: 1, netdev: "net1", by: "namespace", name: "the network namespace of process nginx (411)" },
    ]);
  });

  it("takes no VF for held that just has no driver, or no netdev in any namespace", async () => {
    await makeVfs(host, 2);
    host.remove("sys/bus/pci/devices/0000:01:10.0/net");
    host.remove("sys/bus/pci/devices/0000:01:10.0/driver");
    host.remove("sys/bus/pci/devices/0000:01:10.2/net");
    assert.deepEqual((await read()).vfUsers, []);
  });
});

async function makeVfs(host: FakeHost, count: number): Promise<void> {
  await host.shell.run(`echo ${count} | tee ${host.root}/sys/bus/pci/devices/${pf}/sriov_numvfs`);
}
