import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interleave } from '../../../src/media/isobmff/interleave.ts';
import { seededRandom } from '../../support/mangle-text.ts';

test('every sample is stored once, in order, and what is played together lies together', () => {
  const random = seededRandom(11);
  for (let round = 0; round < 50; round++) {
    const tracks = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
      timescale: [24, 1000, 48000][Math.floor(random() * 3)],
      startSeconds: Math.floor(random() * 4),
      durationsTicks: Uint32Array.from({ length: Math.floor(random() * 300) }, () => 1 + Math.floor(random() * 500)),
    }));
    const runs = interleave(tracks);
    const clocks = tracks.map((track) => ({ sample: 0, seconds: track.startSeconds }));
    let stretch = 0;
    for (const run of runs) {
      const clock = clocks[run.track];
      assert.equal(run.firstSample, clock.sample);
      assert.ok(run.sampleCount > 0);
      assert.ok(Math.floor(clock.seconds + 1e-9) >= stretch, 'a run goes back in time');
      stretch = Math.floor(clock.seconds + 1e-9);
      for (let i = 0; i < run.sampleCount; i++) clock.seconds += tracks[run.track].durationsTicks[clock.sample++] / tracks[run.track].timescale;
    }
    assert.deepEqual(
      clocks.map((clock) => clock.sample),
      tracks.map((track) => track.durationsTicks.length),
    );
  }
});

test('runs are about a second long', () => {
  const runs = interleave([
    { timescale: 24, startSeconds: 0, durationsTicks: new Uint32Array(60).fill(1) },
    { timescale: 48000, startSeconds: 0, durationsTicks: new Uint32Array(118).fill(1024) },
  ]);
  assert.deepEqual(
    runs.map((run) => [run.track, run.sampleCount]),
    [
      [0, 24],
      [1, 47],
      [0, 24],
      [1, 47],
      [0, 12],
      [1, 24],
    ],
  );
});
