import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLoudness } from '../../../src/stages/inspect/loudness.ts';
import { PaceMeter } from '../../../src/stages/inspect/pace.ts';
import { SoundClock } from '../../../src/stages/inspect/sound-clock.ts';
import { mangledTexts } from '../../support/mangle-text.ts';

const MILLISECONDS = { num: 1, den: 1000 };

function pace(ptsTicks: readonly number[], timeBase = MILLISECONDS) {
  const meter = new PaceMeter(timeBase);
  for (const pts of ptsTicks) meter.push(pts);
  return meter.finish();
}

test('rounding to a coarse time base is not a variable rate', () => {
  const found = pace(Array.from({ length: 500 }, (_, i) => Math.round((i * 1001) / 24)));
  assert.equal(found.isVariable, false);
  assert.equal(found.commonTicks, 42);
  assert.deepEqual(found.gaps, []);
});

test('dropped frames make a rate variable, a pause makes a gap', () => {
  assert.equal(pace(Array.from({ length: 300 }, (_, i) => i * 40).filter((_, i) => i % 3 !== 1)).isVariable, true);
  const paused = pace([...Array.from({ length: 100 }, (_, i) => i * 40), ...Array.from({ length: 100 }, (_, i) => 7000 + i * 40)]);
  assert.equal(paused.isVariable, false);
  assert.deepEqual(paused.gaps, [{ frame: 99, startPtsTicks: 3960, endPtsTicks: 7000 }]);
  assert.deepEqual(pace(Array.from({ length: 30 }, (_, i) => i * 1000)).gaps, [], 'one picture a second is slow, not full of gaps');
});

test('one frame or none has no pace', () => {
  assert.deepEqual(pace([]), { commonTicks: null, isVariable: false, gaps: [] });
  assert.deepEqual(pace([5]), { commonTicks: null, isVariable: false, gaps: [] });
});

test('hostile times do not fill the memory', () => {
  const meter = new PaceMeter(MILLISECONDS);
  let at = 0;
  for (let i = 0; i < 200_000; i++) {
    at += 1 + i * 7;
    meter.push(at);
  }
  const found = meter.finish();
  assert.equal(found.isVariable, true);
  assert.ok(found.gaps.length <= 200);
});

test('samples are counted and jumps of times are told', () => {
  const clock = new SoundClock();
  for (let i = 0; i < 10; i++) clock.add(240 + i * 1024, 1024, 48_000);
  clock.add(240 + 11 * 1024, 1024, 48_000);
  clock.add(240 + 12 * 1024, 1024, 48_000);
  assert.equal(clock.sampleCount, 12 * 1024);
  assert.equal(clock.startTicks, 240);
  assert.deepEqual(clock.gaps, [{ atSeconds: (240 + 11 * 1024) / 48_000, jumpSeconds: 1024 / 48_000 }]);
});

test('jitter of container times is no gap, drift is', () => {
  const jitter = new SoundClock();
  for (let i = 0; i < 1000; i++) jitter.add(Math.round(Math.round((i * 1024) / 48) * 48), 1024, 48_000);
  assert.equal(jitter.gapCount, 0);
  const drift = new SoundClock();
  for (let i = 0; i < 1000; i++) drift.add(i * 1026, 1024, 48_000);
  assert.ok(drift.gapCount > 0);
});

const LOG = `[Parsed_ebur128_1 @ 0x55814cc93640] [info] Summary:

  Integrated loudness:
    I:         -70.0 LUFS
    Threshold:   0.0 LUFS

  Loudness range:
    LRA:         0.0 LU
[info] Stream mapping:
[Parsed_ebur128_1 @ 0x55814cd792c0] [info] Summary:

  Integrated loudness:
    I:         -30.3 LUFS
    Threshold: -43.0 LUFS

  Loudness range:
    LRA:        20.0 LU
    Threshold: -54.0 LUFS
    LRA low:   -47.6 LUFS
    LRA high:  -27.6 LUFS
`;

test('loudness is read from the last summary; silence has none', () => {
  assert.deepEqual(parseLoudness(LOG), { loudnessLufs: -30.3, loudnessRangeLu: 20 });
  assert.deepEqual(parseLoudness(LOG.slice(0, LOG.indexOf('[info] Stream'))), { loudnessLufs: null, loudnessRangeLu: null });
  assert.deepEqual(parseLoudness(''), { loudnessLufs: null, loudnessRangeLu: null });
  for (const log of mangledTexts(LOG, 500)) {
    const { loudnessLufs } = parseLoudness(log);
    assert.ok(loudnessLufs === null || Number.isFinite(loudnessLufs));
  }
});
