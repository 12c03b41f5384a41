// Breaks the way at every place of a scene in every manner, runs again, and looks at the host.
import assert from "node:assert/strict";
import { explain, isSriovError } from "../../../provider/base/errors.js";
import { type Fault, type Place, type Plan, faultsOf, places } from "./fault.js";
import { FaultyConnection } from "./faulty-connection.js";
import { Process, type Result, type Stored } from "./process.js";
import type { Scene, Stage } from "./scene.js";

export type Failure = { where: string; why: string };
/** All points but those of the failures converged. */
export type Walked = { points: number; failures: Failure[] };

/** What the scene leaves where nothing breaks, and how often it asks. */
type Whole = { shown: string; result: Result | undefined; seen: string; counts: Record<Place, number> };

/** `sample`: at most so many of the points, spread over all of them. */
export async function walk(scene: Scene, { sample = Infinity }: { sample?: number } = {}): Promise<Walked> {
  const whole = await withStage(scene, (stage) => runWhole(scene, stage));
  const all = places.flatMap((place) =>
    Array.from({ length: whole.counts[place] }, (_, i) =>
      faultsOf[place].map((fault: Fault): Plan => ({ place, at: i + 1, fault })),
    ).flat(),
  );
  // One of each so many, and not always the same one of them: each manner is in the sample.
  const step = Math.max(1, Math.ceil(all.length / sample));
  const plans = all.filter((_, i) => i % step === Math.floor(i / step) % step);
  const walked: Walked = { points: 0, failures: [] };
  const lane = async () => {
    for (let plan = plans.shift(); plan; plan = plans.shift()) {
      const broken = plan;
      const outcome = await withStage(scene, (stage) => runBroken(scene, stage, broken, whole)).catch(asFailure);
      if (outcome === "not reached") continue;
      walked.points += 1;
      if (outcome)
        walked.failures.push({ where: `${scene.title}: ${plan.place} ${plan.at} ${plan.fault}`, ...outcome });
    }
  };
  await Promise.all(Array.from({ length: scene.lanes }, lane));
  return walked;
}

export const asFailure = (error: unknown): { why: string } => ({
  why:
    error instanceof Error
      ? error instanceof assert.AssertionError
        ? error.message
        : (error.stack ?? error.message)
      : String(error),
});

export async function withStage<T>(scene: Scene, use: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = await scene.begin();
  try {
    return await use(stage);
  } finally {
    await stage.end();
  }
}

async function runWhole(scene: Scene, stage: Stage): Promise<Whole> {
  const way = new FaultyConnection(stage.way);
  const act = await run(scene, way, stage.stored);
  assert.equal(act.said, undefined, `${scene.title}, unbroken: ${words(act.said)}`);
  await isAsAsked(scene, stage, act.result);
  return { shown: await stage.shown(), ...act, counts: way.counts };
}

type Act = { result: Result | undefined; seen: string; said: unknown };

/** One process of the provider over that way. */
export async function run(
  { resource, does, news }: Scene,
  way: FaultyConnection,
  stored: Stored | undefined,
): Promise<Act> {
  const process = new Process(way);
  try {
    if (does === "refresh") {
      assert.ok(stored);
      const seen = await process.refresh(resource, stored).catch((error: unknown) => ({ error }));
      // A network made anew for each fault has another UUID each time.
      const text = JSON.stringify(seen, undefined, 1).replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID");
      return { result: undefined, seen: text, said: "error" in seen ? seen.error : undefined };
    }
    if (does === "destroy" && !stored) return { result: { stored, said: undefined }, seen: "", said: undefined };
    const result =
      does === "destroy" && stored ? await process.destroy(resource, stored) : await process.up(resource, news, stored);
    return { result, seen: "", said: result.said };
  } finally {
    await process.close();
    await Promise.allSettled(way.left);
  }
}

async function runBroken(
  scene: Scene,
  stage: Stage,
  plan: Plan,
  whole: Whole,
): Promise<{ why: string } | "not reached" | undefined> {
  const way = new FaultyConnection(stage.way, plan);
  const broken = await run(scene, way, stage.stored);
  if (!way.hasFailed) return "not reached";
  isTyped(broken.said);
  await stage.safe?.();
  if (plan.fault === "late") assert.equal(broken.said, undefined, `a late answer is no error: ${words(broken.said)}`);
  if (scene.does === "refresh") {
    if (broken.said === undefined) assert.equal(broken.seen, whole.seen, "it was read otherwise, without an error");
    const again = await run(scene, new FaultyConnection(stage.way), stage.stored);
    assert.equal(again.seen, whole.seen, "read again");
  } else {
    await goesOn(scene, stage, broken);
  }
  await isWhole(stage, whole, broken);
  return undefined;
}

/** What did not end well is run once more, over a way without a fault, and then it is as asked. */
export async function goesOn(scene: Scene, stage: Stage, broken: Act): Promise<void> {
  const stored = broken.result?.stored;
  const again = broken.said === undefined ? broken : await run(scene, new FaultyConnection(stage.way), stored);
  assert.equal(again.said, undefined, `run again: ${words(again.said)}\nthe broken run said: ${words(broken.said)}`);
  await isAsAsked(scene, stage, again.result);
}

/** The host is as one where nothing broke, and nothing is left over. */
export async function isWhole(stage: Stage, whole: Pick<Whole, "shown">, broken: Act): Promise<void> {
  assert.equal(
    await stage.shown(),
    whole.shown,
    `the host is not as it should be; the broken run said: ${words(broken.said)}`,
  );
  await stage.safe?.();
  await stage.tidy?.();
}

/** A refresh finds it as the state says, and nothing to do; or gone, after a destroy. */
export async function isAsAsked(
  { resource, does, news }: Scene,
  stage: Stage,
  result: Result | undefined,
): Promise<void> {
  if (does === "refresh") return;
  const stored = does === "destroy" ? stage.stored : result?.stored;
  if (!stored) return;
  const process = new Process(stage.way);
  try {
    const observed = await process.refresh(resource, stored);
    if (does === "destroy") return void assert.ok(isNothing(observed), "it is still there");
    assert.ok(observed.here, "it is not there");
    const next = await process.up(resource, news, { ...stored, state: observed.state });
    assert.equal(next.said, undefined, `the next up: ${words(next.said)}`);
    assert.equal(next.stored?.state, observed.state, "the next up has something to do");
  } finally {
    await process.close();
  }
}

/** A PF and a host are there whatever we do: for them this is told by what is shown. */
const isNothing = (observed: {
  here: boolean;
  state?: { pfPciAddress?: unknown; rebootRequired?: unknown };
}): boolean =>
  !observed.here || observed.state?.pfPciAddress !== undefined || observed.state?.rebootRequired !== undefined;

/** Reasons, failures of `check`, or an error of ours that is no bug. */
export function isTyped(said: unknown): void {
  if (said === undefined || Array.isArray(said)) return;
  assert.ok(isSriovError(said), `not an error of ours: ${words(said)}`);
  assert.notEqual(said.kind, "bug", said.message);
}

export const words = (said: unknown): string => (said instanceof Error ? explain(said) : JSON.stringify(said));
