import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkSegments } from '../../../src/pipeline/verify/check-segments.ts';
import { checkVideo } from '../../../src/pipeline/verify/check-video.ts';
import type { TrackReading } from '../../../src/pipeline/verify/read-video.ts';

/** Eight frames at 24 per second, two groups, one frame of reordering. */
const MASTER_PTS = Float64Array.from([1000, 4750, 8500, 12_250, 16_000, 19_750, 23_500, 27_250]);
const EXPECTED = { timeBase: { num: 1, den: 90_000 }, ptsTicks: MASTER_PTS, videoStartTicks: 0, idrFrames: [0, 4] };
const STEP = 3750;

function reading(change: Partial<TrackReading> = {}): TrackReading {
  const order = [0, 2, 1, 3, 4, 6, 5, 7];
  return {
    track: { timescale: 90_000 },
    start: { ticks: 0, timescale: 1000 },
    mediaTimeTicks: STEP,
    shown: { ticks: 334, timescale: 1000 },
    ptsTicks: Float64Array.from(order, (frame) => STEP + frame * STEP),
    syncSamples: [0, 4],
    wrongSync: null,
    fragments: [
      { moofStart: 800, firstSample: 0 },
      { moofStart: 1600, firstSample: 4 },
    ],
    ...change,
  } as TrackReading;
}

function movedPts(change: (pts: Float64Array) => void): Partial<TrackReading> {
  const { ptsTicks } = reading();
  change(ptsTicks);
  return { ptsTicks };
}

describe('checkVideo', () => {
  it('finds nothing wrong with a right track, in the same or in a finer timescale', () => {
    assert.deepEqual(checkVideo(reading(), EXPECTED), []);
    const finer = { timeBase: { num: 1, den: 24 }, ptsTicks: Float64Array.from(MASTER_PTS, (_, i) => i), videoStartTicks: 0, idrFrames: [0, 4] };
    assert.deepEqual(checkVideo(reading(), finer), []);
  });

  for (const [name, change, words] of [
    ['one frame fewer', { ptsTicks: reading().ptsTicks.subarray(0, 7) }, /has 7 frames and the master has 8/],
    ['one tick', movedPts((pts) => pts.set([pts[3] + 1], 3)), /frame 3 is shown/],
    ['another start', { start: { ticks: 42, timescale: 1000 } }, /first frame is shown at 0.042000 s instead of 0.000000 s/],
    ['all times moved by one frame', { mediaTimeTicks: 0 }, /first frame is shown at 0.041667 s/],
    ['a beginning cut off', { mediaTimeTicks: 2 * STEP }, /cuts the first frame off/],
    ['an end cut off', { shown: { ticks: 290, timescale: 1000 } }, /cuts the last frame off/],
    ['an IDR elsewhere', { syncSamples: [0, 5] }, /IDR 1 is sample 5 and the report says 4/],
    ['an IDR too many', { syncSamples: [0, 2, 4] }, /IDR 1 is sample 2/],
    ['an IDR missing', { syncSamples: [0] }, /IDR 1 is sample none/],
    ['a mark without an IDR', { wrongSync: { sample: 4, isIdr: false } }, /sample 4 is marked as an IDR and is none/],
    ['an open group', { ptsTicks: Float64Array.from([0, 2, 1, 4, 3, 6, 5, 7], (f) => STEP + f * STEP), syncSamples: [0, 4] }, /after IDR 4/],
  ] as const) {
    it(`sees ${name}`, () => {
      const faults = checkVideo(reading(change as Partial<TrackReading>), EXPECTED);
      assert.ok(
        faults.some(({ message }) => words.test(message)),
        JSON.stringify(faults),
      );
    });
  }
});

describe('checkSegments', () => {
  const announced = {
    file: '720p.mp4',
    kind: 'video' as const,
    timescale: 90_000,
    initRange: { start: 0, endExclusive: 700 },
    indexRange: { start: 700, endExclusive: 800 },
    segments: [
      { offsetBytes: 800, sizeBytes: 800, startTicks: 0, durationTicks: 4 * STEP },
      { offsetBytes: 1600, sizeBytes: 900, startTicks: 4 * STEP, durationTicks: 4 * STEP },
    ],
  };
  const withSegment = (i: number, change: object) => ({
    ...announced,
    segments: announced.segments.map((segment, k) => (k === i ? { ...segment, ...change } : segment)),
  });

  it('finds nothing wrong when every segment is a fragment that begins with an IDR', () => {
    assert.deepEqual(checkSegments(reading(), announced), []);
  });

  it('sees borders in bytes or time that are not at an IDR', () => {
    const wrong = [
      [withSegment(1, { offsetBytes: 1700 }), /announced at byte 1700; its IDR's fragment begins at 1600/],
      [withSegment(1, { startTicks: 5 * STEP }), /announced at tick 18750 and begins at 15000/],
      [withSegment(0, { durationTicks: 5 * STEP }), /announced to end at tick 18750/],
      [withSegment(1, { durationTicks: STEP }), /before its last picture/],
      [{ ...announced, timescale: 1000 }, /timescale 1000/],
      [{ ...announced, segments: announced.segments.slice(0, 1) }, /2 fragments and 1 segments/],
    ] as const;
    for (const [segments, words] of wrong) assert.match(checkSegments(reading(), segments)[0].message, words);
    assert.match(checkSegments(reading({ syncSamples: [0, 5] }), announced)[0].message, /segment 1 does not begin with an IDR/);
  });
});
