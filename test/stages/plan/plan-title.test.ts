import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planTitle } from '../../../src/stages/plan/plan-title.ts';
import { serialisePlan } from '../../../src/stages/plan/serialise.ts';
import { videoTrack } from '../../support/video-track.ts';
import { beginningOf, filmOf, inspectionOf, planInput, randomTakes, seeded } from './random-film.ts';

const FPS = 24;

test('the same input gives the same bytes, whatever the order of its keys', () => {
  const film = filmOf(randomTakes(seeded(1), 80, FPS));
  const input = planInput(film);
  const turned = Object.fromEntries(Object.entries(input.inspection).reverse()) as typeof input.inspection;
  const bytes = serialisePlan(planTitle(input));
  assert.deepEqual(serialisePlan(planTitle({ ...planInput(film), inspection: turned })), bytes);
  assert.deepEqual(JSON.parse(Buffer.from(bytes).toString()), planTitle(input));
});

test('keys of a stored plan stand in one order', () => {
  const plan = planTitle(planInput(filmOf(randomTakes(seeded(1), 10, FPS))));
  const turned = Object.fromEntries(Object.entries(plan).reverse()) as typeof plan;
  assert.deepEqual(serialisePlan(turned), serialisePlan(plan));
});

test('the plan of a beginning is the beginning of the whole plan', () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = seeded(seed);
    const film = filmOf(randomTakes(random, 80, FPS), { uneven: seed % 2 === 1 });
    const video = videoTrack(seed % 3 === 0 ? { widthPx: 3840, heightPx: 2160 } : {});
    const whole = planTitle(planInput(film, { inspection: inspectionOf(film, video) }));
    let longest = 0;
    for (let i = 0; i < 12; i++) {
      const frameCount = 1 + Math.floor(random() * film.ptsTicks.length);
      const beginning = beginningOf(film, frameCount);
      const plan = planTitle(planInput(beginning, { inspection: inspectionOf(beginning, video), complete: false }));
      assert.deepEqual(plan.chunks, whole.chunks.slice(0, plan.chunks.length), `seed ${seed}, ${frameCount} frames`);
      assert.ok((plan.chunks.at(-1)?.endFrameExclusive ?? 0) <= frameCount);
      longest = Math.max(longest, plan.chunks.length);
    }
    assert.ok(longest > 0, `seed ${seed}: no beginning had a chunk`);
  }
});

test('a beginning withholds little more than the longest chunk and what decides about it', () => {
  const film = filmOf(randomTakes(seeded(5), 400, FPS));
  const half = beginningOf(film, Math.floor(film.ptsTicks.length / 2));
  const plan = planTitle(planInput(half, { complete: false }));
  const missing = (half.ptsTicks.length - (plan.chunks.at(-1)?.endFrameExclusive ?? 0)) / FPS;
  assert.ok(missing < 120, `${missing} s are not planned yet`);
});

test('facts of the inspection are carried over', () => {
  const film = filmOf(randomTakes(seeded(2), 20, FPS), { firstTicks: 5000 });
  const plan = planTitle(planInput(film));
  assert.equal(plan.inspectionId, 'inspection-1');
  assert.equal(plan.firstPtsTicks, 5000);
  assert.equal(plan.endPtsTicks, film.endTicks);
  assert.equal(plan.frameCount, film.ptsTicks.length);
  assert.equal(plan.videoStartTicks, 0);
  assert.equal(plan.complete, true);
});

test('a film of one frame is one chunk', () => {
  const plan = planTitle(planInput(filmOf([{ id: 1, frames: 1 }])));
  assert.deepEqual(plan.chunks, [{ index: 0, startFrame: 0, endFrameExclusive: 1, idrFrames: [0] }]);
});

test('parts that do not belong together are refused', () => {
  const film = filmOf(randomTakes(seeded(3), 5, FPS));
  const input = planInput(film);
  assert.throws(() => planTitle({ ...input, ptsTicks: film.ptsTicks.slice(1) }), RangeError);
  assert.throws(() => planTitle({ ...input, inspection: { ...input.inspection, facts: { ...input.inspection.facts, video: null } } }), RangeError);
});
