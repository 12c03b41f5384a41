// The host's disk is full, or will be after one more file, after two, and so on; each time there is room again, and the next `pulumi up`
// comes. No file that was there may be lost or half-written at any time.
import assert from "node:assert/strict";
import { FaultyConnection } from "./faulty-connection.js";
import type { Scene, Stage } from "./scene.js";
import type { SmallDisk } from "./small-disk.js";
import { type Walked, asFailure, goesOn, isAsAsked, isTyped, isWhole, run, withStage, words } from "./walk.js";

type Files = ReturnType<SmallDisk["files"]>;
type Whole = { shown: string; files: Files };

/** More pages than any scene takes. */
const most = 40;

export async function walkDisk(scene: Scene): Promise<Walked> {
  const whole = await withStage(scene, (stage) => runWhole(scene, stage));
  const walked: Walked = { points: 0, failures: [] };
  for (let pages = 0; pages < most; pages += 1) {
    const outcome = await withStage(scene, (stage) => runFull(scene, stage, pages, whole)).catch(asFailure);
    if (outcome === "enough") return walked;
    walked.points += 1;
    if (outcome) walked.failures.push({ where: `${scene.title}: room for ${pages} pages`, ...outcome });
  }
  throw new Error(`${scene.title}: ${most} pages were not enough`);
}

function diskOf({ disk }: Stage): SmallDisk {
  if (!disk) throw new Error("this scene has no disk of its own");
  return disk;
}

async function runWhole(scene: Scene, stage: Stage): Promise<Whole> {
  const { said, result } = await run(scene, new FaultyConnection(stage.way), stage.stored);
  assert.equal(said, undefined, `${scene.title}, with room: ${words(said)}`);
  await isAsAsked(scene, stage, result);
  return { shown: await stage.shown(), files: diskOf(stage).files() };
}

/** `enough`: nothing was missing. */
async function runFull(scene: Scene, stage: Stage, pages: number, whole: Whole): Promise<"enough" | undefined> {
  const disk = diskOf(stage);
  const before = disk.files();
  disk.fill(pages);
  const full = await run(scene, new FaultyConnection(stage.way), stage.stored);
  nothingIsLost(before, disk.files(), whole.files, words(full.said));
  await stage.safe?.();
  if (full.said === undefined) {
    assert.equal(await stage.shown(), whole.shown, "it said yes, and the host is not as it should be");
    return "enough";
  }
  isTyped(full.said);
  assert.match(words(full.said), /No space left on device/, "the error does not name it");
  disk.empty();
  await goesOn(scene, stage, full);
  await isWhole(stage, whole, full);
  return undefined;
}

/** Each file is what it was, or already what it is to become; and no other file lies about. */
function nothingIsLost(before: Files, now: Files, whole: Files, said: string): void {
  for (const [path, text] of before) {
    const is = now.get(path);
    const mayGo = !whole.has(path);
    const isFine = is === text || (is === undefined ? mayGo : is === whole.get(path));
    assert.ok(isFine, `${path} has become ${JSON.stringify(is)}, and was ${JSON.stringify(text)}; said: ${said}`);
  }
  for (const [path, text] of now) {
    if (before.has(path)) continue;
    assert.equal(text, whole.get(path), `${path} lies about, or is half-written; said: ${said}`);
  }
}
