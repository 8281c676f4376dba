import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constantFrameRate } from '../../../src/media/cmaf/frame-rate.ts';
import type { CmafTrack } from '../../../src/media/cmaf/track.ts';
import { exampleTrack } from '../../support/tracks.ts';

function trackOf(borderTicks: readonly number[], timescale: number, frameCount: number): CmafTrack {
  const track = exampleTrack([], { timescale, frameCount });
  const segments = borderTicks
    .slice(1)
    .map((end, i) => ({ offsetBytes: 900, sizeBytes: 1, decodeTicks: 0, startTicks: borderTicks[i], durationTicks: end - borderTicks[i] }));
  return { ...track, segments };
}

test('usual rates are recognised, in exact and in rounded clocks', () => {
  const frames = [0, 40, 143, 300];
  for (const [num, den] of [
    [24, 1],
    [25, 1],
    [30, 1],
    [60, 1],
    [24000, 1001],
    [30000, 1001],
    [60000, 1001],
  ]) {
    for (const timescale of [num, 90_000, 1000]) {
      const borders = frames.map((frame) => 77 + Math.round((frame * den * timescale) / num));
      assert.deepEqual(constantFrameRate(trackOf(borders, timescale, 300)), { num, den }, `${num}/${den} in 1/${timescale}`);
    }
  }
});

test('no rate is stated for a variable one, an unusual one, or when frames are missing', () => {
  assert.equal(constantFrameRate(trackOf([0, 4100, 9977, 12_345], 1000, 300)), null);
  assert.equal(constantFrameRate(trackOf([0, 4000, 12_000], 1000, 299)), null);
  assert.equal(constantFrameRate(trackOf([0, 48_000], 48_000, 300)), null);
  assert.equal(constantFrameRate(exampleTrack([[4, 1]], { kind: 'audio' })), null);
});
