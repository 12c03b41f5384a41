// What libvirt says when an attach fails, word for word, and what people are told to do about it.
import assert from "node:assert/strict";
import { isSriovError } from "../../../../provider/base/errors.js";
import { virErr } from "../../../../provider/libvirt/errors.js";
import { withRemedy } from "../../../../provider/resources/vm-sriov-interface/attach-remedies.js";
import { healthyInventory } from "../../../fakes/healthy-inventory.js";
import { libvirtError } from "../../../fakes/fake-libvirt-xml.js";

type Said = { code: number; text: string; since: string; remedy: RegExp };

/** Nothing that explains a failure. */
const healthy = async () => healthyInventory();
async function blocked() {
  const inventory = healthyInventory();
  inventory.apparmor = { apparmor: "enabled", ruleFile: "/etc/x", ruleFileText: undefined, hasRule: false };
  return inventory;
}
const denied =
  "internal error: unable to execute QEMU command 'device_add': vfio 0000:01:10.0: failed to open /dev/vfio/9: Permission denied";

const texts: Said[] = [
  {
    code: virErr.internal,
    text: "internal error: Unable to configure VF 0 of PF 'enp1s0' because the PF is not online. Please change host network config to put the PF online.",
    since: "libvirt 9.0, lab",
    remedy: /VfConfig/,
  },
  {
    code: virErr.internal,
    text: "internal error: No more available PCI slots",
    since: "libvirt 9.0",
    remedy: /pcie-root-port.*apply: "config"/,
  },
  {
    code: virErr.internal,
    text: "internal error: network 'pool' requires exclusive access to interfaces, but none are available",
    since: "libvirt 9.0",
    remedy: /numVfs/,
  },
  {
    code: virErr.configUnsupported,
    text: "unsupported configuration: host doesn't support passthrough of host PCI devices",
    since: "libvirt 9.0",
    remedy: /IOMMU.*VT-d or AMD-Vi/,
  },
  {
    code: virErr.configUnsupported,
    text: "unsupported configuration: non unique alias detected: ua-x",
    since: "libvirt 9.0",
    remedy: /`alias`/,
  },
  {
    code: virErr.operationInvalid,
    text: "Requested operation is not valid: network 'pool' is not active",
    since: "libvirt 9.0",
    remedy: /active: true/,
  },
  {
    code: virErr.internal,
    text: denied,
    since: "libvirt 9.0 and QEMU 7.2, lab",
    remedy: /AppArmor[^]*HostSetup[^]*apparmorVfioRule/,
  },
];

describe("remedies of a failed attach", () => {
  for (const { code, text, since, remedy } of texts) {
    it(`knows "${text}" (${since})`, async () => {
      const error = await withRemedy(libvirtError(code, text), blocked);
      assert.ok(isSriovError(error));
      assert.match(error.remedy ?? "", remedy);
      assert.ok(error.message.endsWith(text));
    });
  }

  it("carries the finding with what was seen on the host, and where there is more about it", async () => {
    const down = healthyInventory();
    for (const pf of down.pfs) pf.isUp = false;
    const text = "internal error: Unable to configure VF 0 of PF 'eno49' because the PF is not online.";
    const error = await withRemedy(libvirtError(virErr.internal, text), async () => down);
    assert.ok(isSriovError(error));
    assert.match(error.remedy ?? "", /pf-down: ip link show eno49: no UP[^]*VfConfig[^]*docs\/findings\/pf-down\.md/);
  });

  it("says what the text alone tells when the host cannot be examined", async () => {
    const text = "Requested operation is not valid: network 'pool' is not active";
    const error = await withRemedy(libvirtError(virErr.operationInvalid, text), () =>
      Promise.reject(new Error("gone")),
    );
    assert.ok(isSriovError(error));
    assert.match(error.remedy ?? "", /active: true/);
  });

  it("does not blame AppArmor where it has the rule", async () => {
    const error = await withRemedy(libvirtError(virErr.internal, denied), healthy);
    assert.ok(isSriovError(error));
    assert.match(error.remedy ?? "", /AppArmor is not the cause/);
  });

  it("has none for what it does not know, and asks the host nothing then", async () => {
    const error = libvirtError(virErr.internal, "internal error: something else");
    assert.equal(await withRemedy(error, () => Promise.reject(new Error("not asked"))), error);
    assert.equal(await withRemedy("text", () => Promise.reject(new Error("not asked"))), "text");
  });
});
