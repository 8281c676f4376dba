import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AudioPlan } from '../../../src/model/plan.ts';
import { compareSound } from '../../../src/pipeline/verify/check-sound.ts';
import type { DecodedSound } from '../../../src/pipeline/verify/decoded-sound.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { seededRandom } from '../../support/mangle-text.ts';

const RATE = 8000;
const SECONDS = 20;
const PLAN: AudioPlan = {
  ...{ streamIndex: 1, name: 'audio-eng', language: 'en', title: '', isDefault: true, channels: 2, sampleRate: RATE, bitrateKbps: 160 },
  ...{ leadSamples: 0, sampleCount: SECONDS * RATE, followTimes: false },
};

/** Noise of changing loudness, made louder or quieter. */
function sound(folder: string, name: string, decibels: number): DecodedSound {
  const random = seededRandom(3);
  let loudness = 0;
  const samples = Int16Array.from({ length: SECONDS * RATE }, (_, i) => {
    if (i % 400 === 0) loudness = 500 + 5000 * random();
    return loudness * (random() - 0.5) * 10 ** (decibels / 20);
  });
  const path = join(folder, name);
  writeFileSync(path, samples);
  return { sampleRate: RATE, sampleCount: samples.length, pieces: [{ startSeconds: 0, firstSample: 0 }], path };
}

async function faultsOf(t: TestContext, decibels: number, gainDb: number | undefined, sameChannels = true): Promise<string[]> {
  const folder = testFolder(t);
  const found = await compareSound({ ...PLAN, gainDb }, sound(folder, 'master', 0), sound(folder, 'rendition', decibels), { originSeconds: 0, sameChannels });
  return found.map(({ message }) => message);
}

test('the same sound at the planned level is proven', async (t) => {
  for (const [decibels, gainDb] of [
    [0, undefined],
    [2, undefined],
    [-9, -9],
    [6, 6],
    [1, 6],
  ] as const)
    assert.deepEqual(await faultsOf(t, decibels, gainDb), [], `${decibels} ${gainDb}`);
  assert.deepEqual(await faultsOf(t, -9, undefined, false), [], 'other channels have other levels');
});

test('another level than planned is a fault', async (t) => {
  assert.deepEqual(await faultsOf(t, -4, undefined), ['audio-eng is 4.0 dB quieter than the master']);
  assert.deepEqual(await faultsOf(t, 0, -9), ['audio-eng is 9.0 dB louder than the master with its gain of -9 dB']);
  assert.deepEqual(await faultsOf(t, -18, -9), ['audio-eng is 9.0 dB quieter than the master with its gain of -9 dB']);
  assert.deepEqual(await faultsOf(t, 12, 6), ['audio-eng is 6.0 dB louder than the master with its gain of 6 dB']);
});
