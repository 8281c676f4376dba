import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BORDER_RANK, LONGEST_SEGMENT_SECONDS, placeBorders, SHORTEST_SHOT_SECONDS } from '../../../src/stages/plan/borders.ts';
import { filmOf, randomTakes, seeded } from './random-film.ts';

const FPS = 24;

/** A clock of even frames, and cuts at the given seconds. */
function even(seconds: number, cutSeconds: readonly number[]) {
  const ptsTicks = Float64Array.from({ length: Math.round(seconds * FPS) }, (_, frame) => frame);
  const clock = { ptsTicks, endTicks: ptsTicks.length, timeBase: { num: 1, den: FPS } };
  return { clock, shotStarts: [0, ...cutSeconds.map((at) => Math.round(at * FPS))] };
}

function borderSeconds(seconds: number, cutSeconds: readonly number[], complete = true): number[] {
  const { clock, shotStarts } = even(seconds, cutSeconds);
  return placeBorders(shotStarts, clock, complete).map((border) => border.frame / FPS);
}

test('every cut that is far enough from the one before is a border', () => {
  assert.deepEqual(borderSeconds(13, [3, 4, 9]), [0, 3, 4, 9]);
});

test('a cut less than a second after a border is dropped, at the start and at the end too', () => {
  assert.deepEqual(borderSeconds(12, [0.5, 4, 4.5, 9]), [0, 4, 9]);
  assert.deepEqual(borderSeconds(10, [4, 9.5]), [0, 4]);
  assert.deepEqual(borderSeconds(4, [0.75, 1.5, 2.25]), [0, 1.5]);
});

test('a shot longer than the longest segment is split evenly', () => {
  assert.deepEqual(borderSeconds(6, []), [0]);
  assert.deepEqual(borderSeconds(15, []), [0, 5, 10]);
  assert.deepEqual(borderSeconds(19, [1, 13]), [0, 1, 7, 13]);
});

test('short shots before or behind a long one do not move where it is split', () => {
  assert.deepEqual(borderSeconds(15, [3, 3.5, 12.5]), [0, 3, 8, 12.5]);
  assert.deepEqual(borderSeconds(15, [3, 12.5]), [0, 3, 7.75, 12.5]);
  assert.deepEqual(borderSeconds(15, [3, 3.5, 15 - 0.5]), [0, 3, 9]);
});

test('a piece that short shots make too long is halved alone', () => {
  assert.deepEqual(borderSeconds(20, [3, 3.75, 15.75]), [0, 3, 6.75, 9.75, 15.75]);
});

test('uneven frames are split evenly in time, not in number', () => {
  const ptsTicks = [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 6000, 7000];
  const borders = placeBorders([0], { ptsTicks, endTicks: 12_000, timeBase: { num: 1, den: 1000 } }, true);
  assert.deepEqual(
    borders.map((border) => border.frame),
    [0, 11],
  );
});

test('a picture that lasts longer than any segment is left whole', () => {
  const ptsTicks = [0, 10, 20];
  const borders = placeBorders([0], { ptsTicks, endTicks: 10_000_000_000, timeBase: { num: 1, den: 1 } }, true);
  assert.deepEqual(
    borders.map((border) => border.frame),
    [0, 1, 2],
  );
});

test('a cut is firm when a shot of a second stands before it, whatever was dropped there', () => {
  const { clock, shotStarts } = even(12, [2, 2.5, 3.25, 5]);
  const ranks = placeBorders(shotStarts, clock, true).map((border) => border.rank);
  assert.deepEqual(ranks, [BORDER_RANK.firmCut, BORDER_RANK.firmCut, BORDER_RANK.looseCut, BORDER_RANK.firmCut, BORDER_RANK.split]);
});

test('of a beginning, only borders are given that the rest cannot change', () => {
  assert.deepEqual(borderSeconds(20, [4], false), [0, 4]);
  assert.deepEqual(borderSeconds(4.5, [4], false), [0]);
  assert.deepEqual(borderSeconds(20, [], false), [0]);
});

test('random films: borders ascend, no segment is short or long, every cut far from borders is one', () => {
  for (let seed = 0; seed < 60; seed++) {
    const film = filmOf(randomTakes(seeded(seed), 60, FPS), { uneven: seed % 2 === 1, firstTicks: seed * 777 });
    const clock = { ptsTicks: film.ptsTicks, endTicks: film.endTicks, timeBase: film.timeBase };
    const borders = placeBorders(film.starts, clock, true);
    const times = [...borders.map((border) => border.timeTicks), film.endTicks].map((ticks) => ticks / film.timeBase.den);
    for (const [i, border] of borders.entries()) {
      const seconds = times[i + 1] - times[i];
      assert.equal(border.timeTicks, film.ptsTicks[border.frame]);
      assert.ok(seconds <= LONGEST_SEGMENT_SECONDS + 1e-9, `seed ${seed}: segment of ${seconds} s`);
      assert.ok(seconds >= SHORTEST_SHOT_SECONDS || borders.length === 1, `seed ${seed}: segment of ${seconds} s`);
    }
    for (const start of film.starts) {
      const at = film.ptsTicks[start] / film.timeBase.den;
      assert.ok(
        times.some((time) => Math.abs(time - at) < SHORTEST_SHOT_SECONDS),
        `seed ${seed}: cut at ${at} s is far from any border`,
      );
    }
  }
});
