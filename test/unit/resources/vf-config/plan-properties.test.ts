// What holds for every plan: for any two states of a PF, whatever its driver.
import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePciAddress } from "../../../../provider/base/pci-address.js";
import type { VfFacts } from "../../../../provider/host/sysfs/pf.js";
import { driverNamed, drivers } from "../../../../provider/resources/vf-config/capabilities.js";
import type { Current } from "../../../../provider/resources/vf-config/current.js";
import { type VfInputs, linkStates, vfAttributes, vlanProtos } from "../../../../provider/resources/vf-config/model.js";
import { type Wanted, bootLines, given, isMac, plan, tagsIn } from "../../../../provider/resources/vf-config/plan.js";
import { type Step, planLines } from "../../../../provider/resources/vf-config/steps.js";
import { carriedOut, newVf } from "../../../fakes/pf-model.js";

const maxVfs = 7;
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const mac = fc.constantFrom("00:00:00:00:00:00", "52:54:00:00:00:01", "52:54:00:00:00:02");
const qos = fc.integer({ min: 0, max: 2 });
const proto = fc.constantFrom(...vlanProtos);
const mtu = fc.constantFrom(1500, 9000);
const mode = fc.constantFrom("legacy" as const, "switchdev" as const);
/** A limit that is never below what is sure: what `check` lets through. */
const rates = fc.constantFrom<[number, number][]>(
  [0, 0],
  [0, 100],
  [100, 0],
  [100, 100],
  [200, 100],
  [200, 200],
  [1000, 500],
);

const vfNow: fc.Arbitrary<Partial<VfFacts>> = fc
  .record({
    mac,
    tag: fc.oneof(
      fc.constant({ vlan: 0, qos: 0, vlanProto: "802.1Q" }),
      fc.record({ vlan: fc.integer({ min: 1, max: 3 }), qos, vlanProto: proto }),
    ),
    spoofchk: fc.boolean(),
    trust: fc.boolean(),
    linkState: fc.constantFrom(...linkStates),
    queryRss: fc.boolean(),
    rates,
  })
  .map(({ tag, rates: [maxTxRate, minTxRate], ...vf }) => ({ ...vf, ...tag, maxTxRate, minTxRate }));

const vfWanted: fc.Arbitrary<VfInputs> = fc
  .record({
    index: fc.integer({ min: 0, max: maxVfs - 1 }),
    mac: maybe(mac),
    tag: maybe(
      fc.oneof(
        fc.constant({ vlan: 0 }),
        fc.record({ vlan: fc.integer({ min: 1, max: 3 }), qos: maybe(qos), vlanProto: maybe(proto) }),
      ),
    ),
    spoofchk: maybe(fc.boolean()),
    trust: maybe(fc.boolean()),
    linkState: maybe(fc.constantFrom(...linkStates)),
    queryRss: maybe(fc.boolean()),
    rates: maybe(rates),
  })
  .map(({ tag, rates, ...vf }) => {
    const [maxTxRate, minTxRate] = rates ?? [];
    const all: { [K in (typeof vfAttributes)[number]]?: VfInputs[K] | undefined } = {
      ...vf,
      ...tag,
      maxTxRate,
      minTxRate,
    };
    return { index: vf.index, ...given(all, vfAttributes) };
  });

const wantedArbitrary: fc.Arbitrary<Wanted> = fc
  .record({
    numVfs: maybe(fc.integer({ min: 0, max: maxVfs })),
    driversAutoprobe: maybe(fc.boolean()),
    eswitchMode: maybe(mode),
    mtu: maybe(mtu),
    pf: fc.constantFrom("up" as const, undefined),
    persistence: fc.constantFrom("systemd-unit" as const, "none" as const),
    vfs: fc.uniqueArray(vfWanted, { selector: ({ index }) => index }),
  })
  .map(({ pf, persistence, vfs, ...settings }) => ({
    pf,
    persistence,
    vfs,
    ...given(settings, ["numVfs", "driversAutoprobe", "eswitchMode", "mtu"]),
  }));

const currentArbitrary: fc.Arbitrary<Current> = fc
  .record({
    driver: fc.constantFrom(...Object.keys(drivers), "unheard_of"),
    numVfs: fc.integer({ min: 0, max: maxVfs }),
    isUp: fc.boolean(),
    eswitchMode: mode,
    driversAutoprobe: fc.boolean(),
    mtu,
    vfs: fc.array(vfNow, { minLength: maxVfs, maxLength: maxVfs }),
  })
  .map(({ vfs, eswitchMode, ...pf }) => ({
    pf: {
      pciAddress: parsePciAddress("0000:01:00.0"),
      netdev: "eno49",
      altnames: [],
      totalVfs: maxVfs,
      hasCarrier: true,
      ...pf,
      // igb, ixgbe and i40e have none.
      ...(pf.driver === "unheard_of" || driverNamed(pf.driver)?.eswitch ? { eswitchMode } : {}),
      vfs: vfs.slice(0, pf.numVfs).map((vf, index) => ({ ...newVf(index), ...vf })),
    },
    holders: [],
    persistence: { isEnabled: false },
  }));

/** What `check` lets through: only VFs that there are or will be, only what the driver has, bnxt_en only with its PF up. */
function checked(wanted: Wanted, { pf }: Current): Wanted {
  const { eswitchMode, ...rest } = wanted;
  return {
    ...rest,
    ...(eswitchMode === undefined || pf.eswitchMode === undefined ? {} : { eswitchMode }),
    ...(driverNamed(pf.driver)?.needsPfUp ? { pf: "up" } : {}),
    vfs: (wanted.vfs ?? []).filter(({ index }) => index < (wanted.numVfs ?? pf.numVfs)),
  };
}

const forAll = (claim: (wanted: Wanted, current: Current) => void, numRuns = 1000) =>
  fc.assert(
    fc.property(wantedArbitrary, currentArbitrary, (anything, current) => {
      claim(checked(anything, current), current);
    }),
    { numRuns },
  );

const isRemade = (steps: readonly Step[]) => steps.some((step) => step.do === "set-num-vfs");

describe("every plan", () => {
  it("brings the PF to what is wanted, by steps that its driver takes, and is empty then", () => {
    forAll((wanted, current) => {
      const after = plan(wanted, current).reduce(carriedOut, current);
      if (wanted.numVfs !== undefined) assert.equal(after.pf.numVfs, wanted.numVfs);
      if (wanted.eswitchMode !== undefined) assert.equal(after.pf.eswitchMode, wanted.eswitchMode);
      if (wanted.mtu !== undefined) assert.equal(after.pf.mtu, wanted.mtu);
      if (wanted.pf === "up") assert.ok(after.pf.isUp);
      for (const vf of wanted.vfs ?? []) {
        const now = after.pf.vfs[vf.index];
        for (const attribute of vfAttributes) {
          // Without a VLAN there is no priority.
          if (vf[attribute] === undefined || (vf.vlan === 0 && attribute !== "vlan" && attribute in { qos: 0 }))
            continue;
          assert.equal(now?.[attribute], vf[attribute], attribute);
        }
      }
      assert.deepEqual(plan(wanted, after), []);
    });
  });

  it("leaves alone what is not wanted: number, mode, MTU, autoprobe, and attributes of VFs that stay", () => {
    forAll((wanted, current) => {
      const steps = plan(wanted, current);
      const after = steps.reduce(carriedOut, current);
      for (const setting of ["numVfs", "eswitchMode", "mtu", "driversAutoprobe"] as const) {
        if (wanted[setting] === undefined) assert.equal(after.pf[setting], current.pf[setting], setting);
      }
      if (isRemade(steps)) return;
      for (const before of current.pf.vfs) {
        const vf = wanted.vfs?.find(({ index }) => index === before.index);
        const now = after.pf.vfs[before.index];
        for (const attribute of vfAttributes) {
          const isOfTag = attribute === "qos" || attribute === "vlanProto";
          if (vf?.[attribute] !== undefined || (isOfTag && vf?.vlan === 0)) continue;
          assert.equal(now?.[attribute], before[attribute], attribute);
        }
      }
    });
  });

  it("never touches a VF that does not differ", () => {
    forAll((wanted, current) => {
      const steps = plan(wanted, current);
      if (isRemade(steps)) return;
      const reset = steps.some((step) => step.do === "set-pf-up" || step.do === "set-mtu");
      for (const step of steps) {
        if (!("vf" in step)) continue;
        const vf = wanted.vfs?.find(({ index }) => index === step.vf);
        const now = current.pf.vfs[step.vf];
        assert.ok(vf && now);
        const differs = vfAttributes.some(
          (attribute) =>
            vf[attribute] !== undefined &&
            (attribute === "mac" ? !isMac(vf.mac ?? "", now) : vf[attribute] !== now[attribute]),
        );
        // igb forgets that spoof checking is off when its PF comes up.
        const isAgain = reset && current.pf.driver === "igb" && step.do === "set-vf-spoofchk";
        assert.ok(differs || isAgain, JSON.stringify(step));
      }
    });
  });

  it("sets nothing to what it is already, but for igb's spoof check", () => {
    forAll((wanted, current) => {
      for (const step of plan(wanted, current)) {
        if (!("from" in step) || (step.do === "set-vf-spoofchk" && current.pf.driver === "igb")) continue;
        assert.notDeepEqual(step.to, step.from, JSON.stringify(step));
      }
    });
  });

  it("has the boot plan of a host that just booted in its last step, whatever the host is like now", () => {
    forAll((wanted, current) => {
      const asked = { ...wanted, persistence: "systemd-unit" as const };
      const last = plan(asked, current).at(-1);
      assert.ok(last?.do === "install-boot-plan");
      assert.deepEqual(last.lines, bootLines(asked, current.pf, tagsIn(last.lines)));
    }, 300);
  });

  it("has a boot plan that leaves nothing to do: a priority that nobody declared is there again too", () => {
    forAll((wanted, current) => {
      const asked = { ...wanted, persistence: "systemd-unit" as const };
      const after = plan(asked, current).reduce(carriedOut, current);
      const { vfs: _gone, ...pf } = after.pf;
      const booted = { ...current, pf: { ...pf, numVfs: 0, isUp: false, mtu: 1500, vfs: [] } };
      const kept = tagsIn(after.persistence.planLines);
      const vfs = (asked.vfs ?? []).map((vf) => {
        const { qos, vlanProto } = kept.get(vf.index) ?? {};
        return { ...vf, ...(vf.vlan ? given({ qos, vlanProto }, ["qos", "vlanProto"]) : {}) } as VfInputs;
      });
      const count = asked.numVfs ?? 0;
      const again = plan({ ...asked, vfs: vfs.filter(({ index }) => index < count), persistence: "none" }, booted);
      const rebooted = again.reduce(carriedOut, booted as Current);
      for (const { index, vlan } of asked.vfs ?? []) {
        if (index >= count || !vlan) continue;
        const [before, now] = [after.pf.vfs[index], rebooted.pf.vfs[index]];
        assert.deepEqual(
          [now?.vlan, now?.qos, now?.vlanProto],
          [before?.vlan, before?.qos, before?.vlanProto],
          `VF ${index}`,
        );
      }
    }, 300);
  });

  it("changes the number of VFs before any attribute, and rates last", () => {
    forAll((wanted, current) => {
      const lines = planLines("x", plan(wanted, current));
      const rank = (line: string) => (line.includes("-tx-rate") ? 2 : line.startsWith("vf ") ? 1 : 0);
      const ranks = lines.map(rank);
      assert.deepEqual(
        ranks,
        [...ranks].sort((a, b) => a - b),
      );
    }, 300);
  });
});
