// Plans: golden folders (inputs and current as YAML, the plan or the refusal as a person reads it), and what holds for all.
import assert from "node:assert/strict";
import fc from "fast-check";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkInputs } from "../../../../provider/resources/vf-config/check.js";
import type { Current } from "../../../../provider/resources/vf-config/current.js";
import { refusal } from "../../../../provider/resources/vf-config/guard.js";
import { type Wanted, bootLines, plan, tagsIn, wantedBy } from "../../../../provider/resources/vf-config/plan.js";
import { type Step, describe as describeStep, planLines } from "../../../../provider/resources/vf-config/steps.js";
import { currentFrom } from "./current-from.js";

const golden = join(__dirname, "..", "..", "..", "golden", "vf-config");

function planText(folder: string): string {
  const file = (name: string) => readFileSync(join(golden, folder, name), "utf8");
  const host = { uri: "qemu+ssh://root@kvm1/system" };
  const { inputs, failures } = checkInputs({ host, pf: "eno49", ...(parse(file("inputs.yaml")) as object) });
  assert.deepEqual(failures, []);
  const current = currentFrom(file("current.yaml"));
  const steps = plan(wantedBy(inputs), current);
  const refused = refusal(steps, current, { hostName: "kvm1", allowDisruption: inputs.allowDisruption });
  if (refused) return `${refused.message}\n${refused.remedy}\n`;
  return steps.length === 0 ? "nothing to do\n" : steps.map((step) => `${describeStep(step)}\n`).join("");
}

describe("a plan", () => {
  for (const folder of readdirSync(golden)) {
    it(`is as reviewed: ${folder}`, () => {
      const text = planText(folder);
      const file = join(golden, folder, "plan.txt");
      if (process.env["GOLDEN_UPDATE"]) writeFileSync(file, text);
      assert.equal(text, readFileSync(file, "utf8"));
    });
  }

  const mac = fc.constantFrom("00:00:00:00:00:00", "52:54:00:00:00:01", "52:54:00:00:00:02");
  const vlan = fc.integer({ min: 0, max: 3 });
  const qos = fc.integer({ min: 0, max: 2 });
  const rate = fc.constantFrom(0, 100, 200);
  const attributes = {
    mac: fc.option(mac, { nil: undefined }),
    tag: fc.option(fc.record({ vlan, qos: fc.option(qos, { nil: undefined }) }), { nil: undefined }),
    spoofchk: fc.option(fc.boolean(), { nil: undefined }),
    trust: fc.option(fc.boolean(), { nil: undefined }),
    maxTxRate: fc.option(rate, { nil: undefined }),
  };
  const wantedArbitrary: fc.Arbitrary<Wanted> = fc
    .record({
      numVfs: fc.option(fc.integer({ min: 0, max: 7 }), { nil: undefined }),
      pf: fc.constantFrom("up" as const, undefined),
      persistence: fc.constantFrom("systemd-unit" as const, "none" as const),
      vfs: fc.uniqueArray(fc.record({ index: fc.integer({ min: 0, max: 6 }), ...attributes }), {
        selector: ({ index }) => index,
      }),
    })
    .map(({ numVfs, vfs, ...rest }) => ({
      ...rest,
      ...(numVfs === undefined ? {} : { numVfs }),
      vfs: vfs.map(({ tag, ...vf }) => {
        const given = Object.entries({ ...vf, ...tag }).filter(([, value]) => value !== undefined);
        return Object.fromEntries(given) as NonNullable<Wanted["vfs"]>[number];
      }),
    }));
  const currentArbitrary = fc
    .record({
      numVfs: fc.integer({ min: 0, max: 7 }),
      isUp: fc.boolean(),
      vfs: fc.array(fc.record({ mac, vlan, qos, spoofchk: fc.boolean(), trust: fc.boolean(), maxTxRate: rate }), {
        minLength: 7,
        maxLength: 7,
      }),
    })
    .map(({ numVfs, isUp, vfs }) =>
      currentFrom(
        JSON.stringify({
          pf: { numVfs, isUp, vfs: vfs.map((vf, index) => ({ ...vf, index, qos: vf.vlan && vf.qos })) },
        }),
      ),
    );

  /** Only VFs that there are, or will be. */
  const within = (wanted: Wanted, current: Current): Wanted => ({
    ...wanted,
    vfs: (wanted.vfs ?? []).filter(({ index }) => index < (wanted.numVfs ?? current.pf.numVfs)),
  });

  it("leads, once carried out, to a current for which the plan is empty", () => {
    fc.assert(
      fc.property(wantedArbitrary, currentArbitrary, (anything, current) => {
        const wanted = within(anything, current);
        const after = plan(wanted, current).reduce(carriedOut, current);
        assert.deepEqual(plan(wanted, after), []);
      }),
      { numRuns: 500 },
    );
  });

  it("has the boot plan of a host that just booted in its last step, whatever the host is like now", () => {
    fc.assert(
      fc.property(wantedArbitrary, currentArbitrary, (anything, current) => {
        const wanted = { ...within(anything, current), persistence: "systemd-unit" as const };
        const last = plan(wanted, current).at(-1);
        assert.deepEqual(
          last?.do === "install-boot-plan" && last.lines,
          bootLines(wanted, current.pf, tagsIn(last?.do === "install-boot-plan" ? last.lines : [])),
        );
      }),
    );
  });

  it("changes the number of VFs before any attribute, and rates last", () => {
    fc.assert(
      fc.property(wantedArbitrary, currentArbitrary, (anything, current) => {
        const lines = planLines("x", plan(within(anything, current), current));
        const rank = (line: string) =>
          ["pf ", "pf-up", "num-vfs", "vf"].findIndex((start) => line.startsWith(start)) +
          (line.includes("max-tx-rate") ? 1 : 0);
        const ranks = lines.map(rank);
        assert.deepEqual(
          ranks,
          [...ranks].sort((a, b) => a - b),
        );
      }),
    );
  });
});

/** The host after a step, as the applier and the kernel make it. */
function carriedOut(current: Current, step: Step): Current {
  const { pf } = current;
  const withVf = (index: number, change: object): Current => ({
    ...current,
    pf: { ...pf, vfs: pf.vfs.map((vf) => (vf.index === index ? { ...vf, ...change } : vf)) },
  });
  switch (step.do) {
    case "set-pf-up":
      return { ...current, pf: { ...pf, isUp: true } };
    case "set-pf-down":
      return { ...current, pf: { ...pf, isUp: false } };
    case "set-num-vfs":
      return {
        ...currentFrom(JSON.stringify({ pf: { numVfs: step.to, isUp: pf.isUp } })),
        persistence: current.persistence,
      };
    case "set-vf-mac":
      return withVf(step.vf, { mac: step.to });
    case "set-vf-vlan":
      return withVf(step.vf, step.to);
    case "set-vf-spoofchk":
      return withVf(step.vf, { spoofchk: step.to });
    case "set-vf-trust":
      return withVf(step.vf, { trust: step.to });
    case "set-vf-link-state":
      return withVf(step.vf, { linkState: step.to });
    case "set-vf-query-rss":
      return withVf(step.vf, { queryRss: step.to });
    case "set-vf-max-tx-rate":
      return withVf(step.vf, { maxTxRate: step.to });
    case "set-vf-min-tx-rate":
      return withVf(step.vf, { minTxRate: step.to });
    case "set-drivers-autoprobe":
      return { ...current, pf: { ...pf, driversAutoprobe: step.to } };
    case "set-mtu":
      return { ...current, pf: { ...pf, mtu: step.to } };
    case "set-eswitch-mode":
      return { ...current, pf: { ...pf, eswitchMode: step.to } };
    case "wait-for-vfs":
      return current;
    case "install-boot-plan":
      return { ...current, persistence: { planLines: [...step.lines], isEnabled: true } };
    case "install-boot-file":
      return {
        ...current,
        persistence: { ...current.persistence, [step.persistence === "udev" ? "rule" : "link"]: step.text },
      };
    case "remove-boot-plan":
      return { ...current, persistence: { isEnabled: false } };
    case "remove-boot-file":
      return { ...current, persistence: { isEnabled: false } };
  }
}
