// Plans: golden folders (inputs and current as YAML, the plan or the refusal as a person reads it), and what holds for all.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { PciAddress } from "../../../../provider/base/pci-address.js";
import { parseNetworkXml } from "../../../../provider/libvirt/xml/network.js";
import { parseNetworkPortXml } from "../../../../provider/libvirt/xml/port.js";
import type { Values } from "../../../../provider/resources/lifecycle.js";
import { checkInputs } from "../../../../provider/resources/sriov-network/check.js";
import { harmless, interruption, refusal } from "../../../../provider/resources/sriov-network/guard.js";
import {
  type Current,
  type PfVf,
  describe as describeStep,
  plan,
} from "../../../../provider/resources/sriov-network/plan.js";

const golden = join(__dirname, "..", "..", "..", "golden", "sriov-network");

type Case = {
  inactive?: string;
  live?: string;
  autostart?: boolean;
  isPersistent?: boolean;
  ports?: string[];
  /** By address; or with netdevs, for pools of macvtaps. */
  pfVfs?: (PciAddress | PfVf)[];
};

function currentFrom(text: string): Current {
  const { inactive, live, autostart = false, isPersistent = true, ports = [], pfVfs } = parse(text) as Case;
  const vfs = pfVfs ? { pfVfs: pfVfs.map((vf) => (typeof vf === "string" ? { pciAddress: vf } : vf)) } : {};
  if (inactive === undefined) return vfs;
  const { name, uuid = "" } = parseNetworkXml(inactive);
  const network = {
    ...{ name, uuid, autostart, isPersistent, isActive: live !== undefined },
    inactive: parseNetworkXml(inactive),
    ...(live === undefined ? {} : { live: parseNetworkXml(live) }),
    ports: ports.map(parseNetworkPortXml),
  };
  return { network, ...vfs };
}

function planText(folder: string): string {
  const text = (name: string) => readFileSync(join(golden, folder, name), "utf8");
  const news = parse(text("inputs.yaml")) as Values;
  const { inputs, failures } = checkInputs({ host: { uri: "qemu:///system" }, ...news }, "pool");
  assert.deepEqual(failures, []);
  const current = currentFrom(text("current.yaml"));
  const steps = plan(inputs, current);
  const refused = refusal(steps, current.network, interruption(steps, "pool", "kvm1"));
  const lines = (refused ? harmless(steps) : steps).map(describeStep);
  return [...lines, ...(refused ? [refused.message, refused.remedy] : []), ""].join("\n");
}

describe("plan of a SriovNetwork", () => {
  for (const folder of readdirSync(golden)) {
    it(folder.replaceAll("-", " "), () => {
      const file = join(golden, folder, "plan.txt");
      const got = planText(folder);
      if (process.env["GOLDEN_UPDATE"]) writeFileSync(file, got);
      assert.equal(got, readFileSync(file, "utf8"));
    });
  }
});
