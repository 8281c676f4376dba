import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentRates, startupSeconds, targetDurationSeconds } from '../../../src/media/cmaf/rates.ts';
import { exampleTrack } from '../../support/tracks.ts';

test('the target duration is the longest segment of all tracks, rounded', () => {
  assert.equal(targetDurationSeconds([exampleTrack([[4.4, 1]]), exampleTrack([[5.5, 1]])]), 6);
  assert.equal(targetDurationSeconds([exampleTrack([[5.49, 1]])]), 5);
  assert.equal(targetDurationSeconds([exampleTrack([[0.1, 1]])]), 1);
});

test('the peak is the largest rate of a run of 0.5 to 1.5 target durations', () => {
  const track = exampleTrack([
    [4, 1000],
    [1, 1000],
    [4, 1000],
  ]);
  // One second alone is shorter than half the target of four; with a neighbour it is the peak.
  assert.deepEqual(segmentRates(track, 4), { peakBitsPerSecond: 16_000 / 5, averageBitsPerSecond: Math.ceil(24_000 / 9) });
  assert.equal(segmentRates(track, 2).peakBitsPerSecond, 8000);
});

test('a title of one segment has its rate as its peak', () => {
  assert.deepEqual(segmentRates(exampleTrack([[0.4, 100]]), 1), { peakBitsPerSecond: 2000, averageBitsPerSecond: 2000 });
});

test('a line of the start-up rate never runs dry, whichever segment playback starts at', () => {
  const sizes: [number, number][] = Array.from({ length: 60 }, (_, i) => [1 + ((i * 7) % 5), 50_000 + ((i * 7919) % 13) * 90_000]);
  const track = exampleTrack(sizes);
  const rate = segmentRates(track, 5).peakBitsPerSecond;
  const delay = startupSeconds(track, rate);
  let tightest = Number.POSITIVE_INFINITY;
  for (let from = 0; from < sizes.length; from++) {
    let arrived = 0;
    let due = delay;
    for (const [seconds, bytes] of sizes.slice(from)) {
      arrived += (bytes * 8) / rate;
      tightest = Math.min(tightest, due - arrived);
      due += seconds;
    }
  }
  assert.ok(Math.abs(tightest) < 1e-6, `the delay is not exact: ${tightest} s to spare`);
});
