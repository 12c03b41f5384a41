// What comes back after a reboot: four PFs, each with another choice, so that one reboot shows them all. Then one choice is
// changed for another, and all of it goes: /etc is listed before and after.
import assert from "node:assert/strict";
import type { PulumiProject } from "../../lab/pulumi-project.js";
import { newProject, onHost, programText, sharedLab } from "./stage.js";

const pfs = ["eno49", "eno50", "eno51", "eno52"] as const;
const addresses = { eno49: "0000:01:00.0", eno50: "0000:02:00.0", eno51: "0000:03:00.0", eno52: "0000:04:00.0" };

/** A PF and its VFs as the kernel shows them. The MACs that VFs choose themselves are left out: they are others at every boot. */
async function pfNow(pf: (typeof pfs)[number]): Promise<string> {
  return onHost(`cd /sys/bus/pci/devices/${addresses[pf]}
    name=$(ls net)
    echo "$name, $(cat sriov_numvfs) VFs, mtu $(cat net/$name/mtu), $(ip -o link show $name | grep -q '[<,]UP[,>]' && echo up || echo down)"
    ip link show $name | sed -n 's/^ *vf //p' | sed 's/link\\/ether \\(52:54:00:00\\)/\\1/; s/link\\/ether [^ ]*//'`);
}

const etc = () =>
  onHost(
    "cd / && find etc usr/local \\( -type f -o -type l \\) -not -path 'etc/libvirt/*' -not -name '*.cache' | sort | while read -r f; do if [ -h $f ]; then echo \"$f -> $(readlink $f)\"; else sha256sum $f; fi; done",
  );

const ours = () =>
  onHost("find /etc /usr/local /run/udev/rules.d -name '*pulumi-sriov*' -o -name '0000:0*.plan' 2>/dev/null | sort");

const attributes = `mac: "52:54:00:00:00:01", vlan: 42, qos: 3, spoofchk: false, trust: true`;
const declared = {
  eno49: `numVfs: 3, mtu: 1400, vfs: [{ index: 1, ${attributes}, maxTxRate: 500 }, { index: 2, vlan: 7 }]`,
  eno50: `numVfs: 4, mtu: 1400, persistence: "udev"`,
  eno51: `numVfs: 3, mtu: 1400, pfUp: false, persistence: "systemd-link", vfs: [{ index: 1, ${attributes} }]`,
  eno52: `numVfs: 2, persistence: "none"`,
};
/** Another choice for each. */
const others = {
  eno50: "numVfs: 4, mtu: 1400",
  eno51: 'numVfs: 3, mtu: 1400, persistence: "udev"',
  eno52: 'numVfs: 2, pfUp: false, persistence: "systemd-link"',
};
const program = (of: { [pf: string]: string }) =>
  programText(
    Object.entries(of)
      .map(([pf, text]) => `new sriov.VfConfig("${pf}", { host, pf: "${pf}", ${text} });`)
      .join("\n"),
  );

describe("a reboot of the host", function () {
  this.timeout(600_000);
  this.bail(true);
  let project: PulumiProject;
  let etcBefore: string;
  let pfsBefore: string[];

  const now = () => Promise.all(pfs.map(pfNow));
  const quiet = ["--refresh", "--expect-no-changes"];
  const mustUp = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await project.up({ args });
    assert.equal(exitCode, 0, stdout + stderr);
  };
  /** What the product reads, without what a boot may number anew. */
  const outputs = async (): Promise<{ [id: string]: unknown }> => {
    const resources = (await project.stackExport()).filter(({ type }) => type.endsWith("VfConfig"));
    return Object.fromEntries(
      resources.map(({ id, outputs }) => {
        const vfs = (outputs?.["virtualFunctions"] ?? []) as { iommuGroup?: number; netdev?: string }[];
        return [
          id ?? "",
          { ...outputs, virtualFunctions: vfs.map(({ iommuGroup: _group, netdev: _netdev, ...vf }) => vf) },
        ];
      }),
    );
  };
  const isBeforeLibvirt = async (unit: string) => {
    const show = (what: string) => `systemctl show -P ExecMain${what}TimestampMonotonic`;
    const times = await onHost(`${show("Exit")} ${unit}; ${show("Start")} libvirtd.service`);
    const [ended = 0, libvirt = 0] = times.split("\n").map(Number);
    assert.ok(ended > 0 && ended < libvirt, `${unit} ended at ${ended}, libvirtd began at ${libvirt}`);
  };
  const refreshed = async () => {
    const { exitCode, stdout, stderr } = await project.refresh();
    assert.equal(exitCode, 0, stdout + stderr);
    return outputs();
  };

  before(async () => {
    await sharedLab();
    // VFs that somebody made by hand, one with a priority that the program does not state: they are there after a destroy too.
    await onHost("echo 3 > /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs; ip link set eno49 vf 2 vlan 7 qos 5");
    etcBefore = await etc();
    pfsBefore = await now();
    project = await newProject("reboot", { text: await program(declared) });
    await mustUp("--skip-preview");
  });

  after(async () => {
    // Nothing to do after the last test; after a failed one, other tests find the host as it was.
    await project?.destroy({ args: ["--skip-preview"] });
    await onHost("echo 0 > /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs; ip link set eno52 down");
  });

  it("brings back what the unit, the rule and the .link file stand for, and nothing where there is none", async () => {
    const before = await now();
    const read = await refreshed();
    await (await sharedLab()).reboot();
    await onHost("systemctl is-system-running --wait || true; udevadm settle");
    const [unit, rule, link, none] = await now();
    assert.equal(unit, before[0]);
    assert.equal(rule, before[1]);
    assert.equal(link, before[2]);
    assert.match(before[3] ?? "", /^eno52, 2 VFs/);
    assert.match(none ?? "", /^eno52, 0 VFs, mtu 1500, down$/);
    // The priority that nobody declared beside the VLAN, and that was there.
    assert.match(unit ?? "", /^2 .*vlan 7, qos 5,/m);
    assert.equal(await onHost("systemctl --failed --no-legend --plain"), "");
    const after = await refreshed();
    for (const pf of pfs.slice(0, 3)) {
      const id = Object.keys(read).find((one) => one.endsWith(addresses[pf])) ?? "";
      assert.deepEqual(after[id], read[id], pf);
    }
  });

  it("has the VFs in place before libvirt, and does not wait for a cable", async () => {
    await isBeforeLibvirt("pulumi-sriov-vfs@0000:01:00.0.service");
  });

  it("shows as drift what did not come back, and only that; up mends it", async () => {
    const preview = await project.preview({ diff: true });
    assert.equal(preview.exitCode, 0, preview.stdout + preview.stderr);
    assert.match(preview.stdout, /VfConfig::eno52/);
    for (const pf of pfs.slice(0, 3)) assert.doesNotMatch(preview.stdout, new RegExp(`VfConfig::${pf}`));
    await mustUp("--skip-preview");
    await mustUp("--skip-preview", ...quiet);
  });

  it("shows in words what would not come back at the next one: a disabled unit, an edited rule, a removed .link file", async () => {
    await onHost(`systemctl disable --quiet pulumi-sriov-vfs@0000:01:00.0.service
      sed -i 's/sriov_numvfs}="4"/sriov_numvfs}="1"/' /etc/udev/rules.d/*pulumi-sriov-0000:02:00.0.rules
      rm /etc/systemd/network/*pulumi-sriov-0000:03:00.0.link
      udevadm trigger --action=change /sys/class/net/eno51; udevadm settle`);
    const preview = await project.preview({ refresh: true, diff: true });
    for (const words of [
      /systemd-unit, but the unit is disabled/,
      /udev, but its rule was edited: .*sriov_numvfs}=\\?"1\\?".* instead of .*sriov_numvfs}=\\?"4\\?"/,
      /"none".*=>.*"systemd-link"/,
    ]) {
      assert.match(preview.stdout, words);
    }
    await mustUp("--skip-preview", "--refresh");
    await mustUp("--skip-preview", ...quiet);
  });

  it("in the middle of an up, by a power cut, leaves no half-written file, and the next up does the rest", async () => {
    await project.write(await program({ ...others, eno49: declared.eno49 + ', persistence: "none"' }));
    const cut = project.up({ args: ["--skip-preview"] });
    const written = "/etc/systemd/network/05-pulumi-sriov-0000:04:00.0.link";
    await onHost(`n=0; until [ -e ${written} ]; do n=$((n + 1)); [ $n -lt 1200 ] || exit 1; sleep 0.05; done`);
    await (await sharedLab()).cutPower();
    const { exitCode, stdout, stderr } = await cut;
    assert.notEqual(exitCode, 0, stdout + stderr);
    assert.equal(
      await onHost("find /etc /usr/local \\( -name '*pulumi-sriov*' -o -name '*.new' \\) -type f -empty"),
      "",
    );
    await onHost("systemctl is-system-running --wait || true; udevadm settle");
    await mustUp("--skip-preview", "--refresh");
    await mustUp("--skip-preview", ...quiet);
  });

  it("leaves no file of the former choice behind when the choice changes", async () => {
    assert.deepEqual((await ours()).split("\n"), [
      "/etc/pulumi-sriov",
      "/etc/pulumi-sriov/vf-plans/0000:02:00.0.plan",
      "/etc/systemd/network/05-pulumi-sriov-0000:04:00.0.link",
      "/etc/systemd/system/multi-user.target.wants/pulumi-sriov-vfs@0000:02:00.0.service",
      "/etc/systemd/system/pulumi-sriov-vf-rates@.service",
      "/etc/systemd/system/pulumi-sriov-vfs-late@.service",
      "/etc/systemd/system/pulumi-sriov-vfs@.service",
      "/etc/udev/rules.d/90-pulumi-sriov-0000:03:00.0.rules",
      "/usr/local/lib/pulumi-sriov",
    ]);
    await mustUp("--skip-preview", ...quiet);
  });

  it("sets the attributes of VFs that a script makes after the network is up, and before libvirt", async () => {
    const service = "/etc/systemd/system/make-vfs.service";
    await onHost(`cat > ${service} <<'END'
[Unit]
After=network.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'sleep 3; echo 3 > /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs'
[Install]
WantedBy=multi-user.target
END
systemctl enable --quiet make-vfs`);
    const eno49 = `numVfs: 3, externallyManaged: true, mtu: 1400, vfs: [{ index: 1, ${attributes} }]`;
    await project.write(await program({ ...others, eno49 }));
    await mustUp("--skip-preview");
    await (await sharedLab()).reboot();
    await onHost("systemctl is-system-running --wait || true; udevadm settle");
    const after = await now();
    // What earlier programs said of the others' VFs, and these do not, is gone.
    assert.deepEqual(
      after.map((text) => text.split("\n")[0]?.replace(/(eno52.*), \w+$/, "$1")),
      [
        "eno49, 3 VFs, mtu 1400, up",
        "eno50, 4 VFs, mtu 1400, up",
        "eno51, 3 VFs, mtu 1400, up",
        "eno52, 2 VFs, mtu 1500",
      ],
    );
    assert.match(after[0] ?? "", /^eno49, 3 VFs, mtu 1400, up\n.*\n1 +52:54:00:00:00:01.* vlan 42, qos 3, .*trust on/);
    assert.equal(await onHost("systemctl --failed --no-legend --plain"), "");
    await isBeforeLibvirt("pulumi-sriov-vfs-late@0000:01:00.0.service");
    await mustUp("--skip-preview", ...quiet);
    await onHost(`systemctl disable --quiet make-vfs; rm ${service}; systemctl daemon-reload`);
  });

  it("finds nothing of it after a destroy: /etc and the PFs are as they were before", async () => {
    const { exitCode, stdout, stderr } = await project.destroy({ args: ["--skip-preview"] });
    assert.equal(exitCode, 0, stdout + stderr);
    assert.deepEqual((await etc()).split("\n"), etcBefore.split("\n"));
    assert.deepEqual(await now(), pfsBefore);
  });
});
