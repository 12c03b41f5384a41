// `ip -j -d link show` over the versions of iproute2.
import assert from "node:assert/strict";
import { parseLink } from "../../../../provider/host/iproute2/link.js";

const link = (more: object) =>
  JSON.stringify([{ ifindex: 5, ifname: "ens3", flags: ["BROADCAST", "UP", "LOWER_UP"], mtu: 1500, ...more }]);
const vf = (more: object) => parseLink(link({ vfinfo_list: [{ vf: 0, link_state: "auto", ...more }] })).vfs?.[0];

describe("a link as iproute2 prints it", () => {
  it("has what the PF and each VF is", () => {
    // Made of the printing code of iproute2 7.1: VF 0 a plain igb, VF 1 with everything.
    const text = link({
      address: "52:54:00:12:34:56",
      altnames: ["enp1s0f0"],
      vfinfo_list: [
        {
          vf: 0,
          link_type: "ether",
          address: "00:00:00:00:00:00",
          broadcast: "ff:ff:ff:ff:ff:ff",
          vlan_list: [{}],
          rate: { max_tx: 0, min_tx: 0 },
          spoofchk: true,
          link_state: "auto",
          trust: false,
        },
        {
          vf: 1,
          link_type: "ether",
          address: "02:00:00:00:00:01",
          broadcast: "ff:ff:ff:ff:ff:ff",
          vlan_list: [{ vlan: 100, qos: 3, protocol: "802.1ad" }],
          tx_rate: 200,
          rate: { max_tx: 200, min_tx: 50 },
          spoofchk: false,
          link_state: "enable",
          trust: true,
          query_rss_en: true,
        },
      ],
    });
    assert.deepEqual(parseLink(text), {
      netdev: "ens3",
      altnames: ["enp1s0f0"],
      mac: "52:54:00:12:34:56",
      mtu: 1500,
      isUp: true,
      hasCarrier: true,
      vfs: [
        {
          index: 0,
          mac: "00:00:00:00:00:00",
          vlan: 0,
          qos: 0,
          vlanProto: "802.1Q",
          spoofchk: true,
          trust: false,
          linkState: "auto",
          maxTxRate: 0,
          minTxRate: 0,
        },
        {
          index: 1,
          mac: "02:00:00:00:00:01",
          vlan: 100,
          qos: 3,
          vlanProto: "802.1ad",
          spoofchk: false,
          trust: true,
          linkState: "enable",
          maxTxRate: 200,
          minTxRate: 50,
          queryRss: true,
        },
      ],
    });
  });

  it("has the MAC under `mac` before iproute2 5.3", () => {
    assert.equal(vf({ mac: "52:54:00:00:00:0A" })?.mac, "52:54:00:00:00:0a");
  });

  it("has the VLAN at the top on kernels before 4.9", () => {
    assert.deepEqual([vf({ vlan: 42, qos: 3 })?.vlan, vf({ vlan: 42, qos: 3 })?.qos], [42, 3]);
  });

  it("has no opinion where the driver has none", () => {
    const quiet = vf({});
    assert.ok(quiet && !("spoofchk" in quiet) && !("trust" in quiet) && !("queryRss" in quiet));
  });

  it("tells no VFs from a driver without VF attributes", () => {
    assert.deepEqual(parseLink(link({ vfinfo_list: [] })).vfs, []);
    assert.equal(parseLink(link({})).vfs, undefined);
  });

  it("ignores keys it does not know, such as the GUIDs of InfiniBand", () => {
    assert.equal(vf({ "node guid": "00:11", extra: { a: 1 } })?.index, 0);
  });

  it("is not one of none, of two, or of what is no JSON", () => {
    for (const text of ["[]", "[{},{}]", "RTNETLINK answers: No such device", ""]) {
      assert.throws(() => parseLink(text), { kind: "remote-failure", message: /what `ip -j -d link show` printed/ });
    }
  });
});
