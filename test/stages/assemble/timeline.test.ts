import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timelineOf } from '../../../src/stages/assemble/timeline.ts';
import { seededRandom } from '../../support/mangle-text.ts';

const sum = (values: Uint32Array): number => values.reduce((total, value) => total + value, 0);

/** Decode order of closed groups: after each group's IDR, stretches in which a later frame comes before the random order of those it jumps over. */
function decodeOrder(count: number, random: () => number, maxStretch: number): Uint32Array {
  const order: number[] = [];
  while (order.length < count) {
    const groupEnd = Math.min(count, order.length + 1 + Math.floor(random() * 40));
    order.push(order.length);
    while (order.length < groupEnd) {
      const start = order.length;
      const end = Math.min(groupEnd, start + 1 + Math.floor(random() * maxStretch));
      const between = Array.from({ length: end - start - 1 }, (_, i) => start + i).sort(() => random() - 0.5);
      order.push(end - 1, ...between);
    }
  }
  return Uint32Array.from(order);
}

function check(input: Parameters<typeof timelineOf>[0]): ReturnType<typeof timelineOf> {
  const timeline = timelineOf(input);
  const { ptsTicks, timeBase, frameOfSample } = input;
  let dtsTicks = 0;
  frameOfSample.forEach((frame, sample) => {
    const offset = timeline.compositionOffsetsTicks?.[sample] ?? 0;
    assert.equal(dtsTicks + offset - timeline.mediaTimeTicks, (ptsTicks[frame] - ptsTicks[0]) * timeBase.num, `sample ${sample}`);
    assert.ok(timeline.durationsTicks[sample] > 0);
    dtsTicks += timeline.durationsTicks[sample];
  });
  assert.ok(sum(timeline.durationsTicks) >= timeline.presentedTicks, 'decode durations must not be shorter than the presentation');
  return timeline;
}

test('random orders and random times: every frame at its time, decode times ascend from zero, offsets are not negative', () => {
  const random = seededRandom(21);
  for (let round = 0; round < 400; round++) {
    const count = 1 + Math.floor(random() * 120);
    const num = random() < 0.5 ? 1 : 1001;
    let ticks = Math.floor(random() * 10000) - 5000;
    const ptsTicks = Float64Array.from({ length: count }, () => {
      ticks += 1 + Math.floor(random() ** 3 * 5000);
      return ticks;
    });
    const endPtsTicks = ticks + 1 + Math.floor(random() * 3000);
    check({
      ptsTicks,
      endPtsTicks,
      timeBase: { num, den: 90000 },
      videoStartTicks: 7,
      frameOfSample: decodeOrder(count, random, 1 + Math.floor(random() * 8)),
    });
  }
});

test('constant frame rate: decode durations are the frame duration, and add up to the title', () => {
  const random = seededRandom(22);
  const ptsTicks = Float64Array.from({ length: 100 }, (_, i) => 3003 + i * 1001);
  const input = {
    ptsTicks,
    endPtsTicks: 3003 + 100 * 1001,
    timeBase: { num: 1, den: 30000 },
    videoStartTicks: 500,
    frameOfSample: decodeOrder(100, random, 4),
  };
  const timeline = check(input);
  assert.ok(timeline.durationsTicks.every((duration) => duration === 1001));
  assert.deepEqual([timeline.timescale, timeline.startTicks, timeline.presentedTicks], [30000, 500, 100100]);
  assert.equal(timeline.mediaTimeTicks % 1001, 0);
});

test('without reordering there is no offset, and the last frame lasts until the end', () => {
  const frameOfSample = Uint32Array.from([0, 1, 2]);
  const timeline = check({ ptsTicks: Float64Array.from([10, 20, 70]), endPtsTicks: 470, timeBase: { num: 2, den: 100 }, videoStartTicks: 3, frameOfSample });
  assert.equal(timeline.compositionOffsetsTicks, null);
  assert.deepEqual([...timeline.durationsTicks], [20, 100, 800]);
  assert.deepEqual([timeline.mediaTimeTicks, timeline.startTicks, timeline.presentedTicks], [0, 6, 920]);
});

test('a slow first frame does not delay the decoding of the whole title', () => {
  const ptsTicks = Float64Array.from([0, 900000, 903000, 906000]);
  const timeline = check({
    ptsTicks,
    endPtsTicks: 909000,
    timeBase: { num: 1, den: 90000 },
    videoStartTicks: 0,
    frameOfSample: Uint32Array.from([0, 3, 1, 2]),
  });
  assert.equal(timeline.mediaTimeTicks, 9000);
});

test('one frame, and times that MP4 cannot hold', () => {
  const one = { timeBase: { num: 1, den: 24 }, videoStartTicks: 0, frameOfSample: Uint32Array.of(0) };
  assert.deepEqual([...check({ ...one, ptsTicks: Float64Array.of(5), endPtsTicks: 6 }).durationsTicks], [1]);
  assert.throws(() => timelineOf({ ...one, ptsTicks: Float64Array.of(0), endPtsTicks: 2 ** 31 }), RangeError);
  const two = { ...one, frameOfSample: Uint32Array.of(0, 1) };
  assert.throws(() => timelineOf({ ...two, ptsTicks: Float64Array.of(5, 5), endPtsTicks: 6 }), RangeError);
  assert.throws(() => timelineOf({ ...two, ptsTicks: Float64Array.of(5, 4), endPtsTicks: 6 }), RangeError);
  assert.throws(() => timelineOf({ ...two, ptsTicks: Float64Array.of(5), endPtsTicks: 6 }), RangeError);
});
