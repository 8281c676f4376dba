import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AudioInspection, Inspection } from '../../../src/model/inspection.ts';
import type { AudioTrack } from '../../../src/model/source.ts';
import { planAudio } from '../../../src/stages/plan/audio.ts';
import { filmOf, inspectionOf } from './random-film.ts';

type Sound = Partial<AudioTrack & AudioInspection>;

/** A film of ten seconds, 240 frames of 1001/24000 s, and sound beside it. */
function heard(sounds: readonly Sound[], firstTicks = 0): Inspection {
  const inspection = inspectionOf(filmOf([{ id: 1, frames: 240 }], { firstTicks }));
  const tracks = sounds.map((sound, i) => ({
    ...{ streamIndex: i + 1, codec: 'aac', channels: 2, channelLayout: 'stereo', sampleRate: 48_000, language: 'eng', title: '', isDefault: false },
    ...{ startSeconds: 0, sampleCount: 480_000, hasGaps: false, loudnessLufs: -23, loudnessRangeLu: 5 },
    ...sound,
  }));
  return { ...inspection, facts: { ...inspection.facts, audio: tracks }, audio: tracks };
}

const names = (inspection: Inspection) => planAudio(inspection, 80).audio.map((audio) => audio.name);

test('one stereo rendition per track, names unique where languages repeat', () => {
  assert.deepEqual(names(heard([{}, { language: 'deu' }, {}, { language: '' }])), ['audio-eng', 'audio-deu', 'audio-eng-2', 'audio-und']);
});

test('mono stays mono, surround gets a stereo mix and 5.1', () => {
  const { audio } = planAudio(heard([{ channels: 1 }, { channels: 6 }, { channels: 8, language: 'fra' }, { channels: 4 }]), 64);
  assert.deepEqual(
    audio.map(({ name, channels, bitrateKbps }) => [name, channels, bitrateKbps]),
    [
      ['audio-eng', 1, 64],
      ['audio-eng-2', 2, 128],
      ['audio-eng-51', 6, 384],
      ['audio-fra', 2, 128],
      ['audio-fra-51', 6, 384],
      ['audio-eng-3', 2, 128],
    ],
  );
});

test("commentaries and descriptions are never the default beside the film's own sound, and are named", () => {
  const { audio } = planAudio(heard([{ role: 'commentary', isDefault: true }, { role: 'description' }, { channels: 6 }, {}]), 80);
  assert.deepEqual(
    audio.map(({ name, role, isDefault }) => [name, role, isDefault]),
    [
      ['audio-eng-comm', 'commentary', false],
      ['audio-eng-ad', 'description', false],
      ['audio-eng', undefined, true],
      ['audio-eng-51', undefined, false],
      ['audio-eng-2', undefined, false],
    ],
  );
  assert.equal(planAudio(heard([{ role: 'commentary' }]), 80).audio[0].isDefault, true);
});

test('with a loudness asked for, every track has the gain that brings it there; silence has none', () => {
  const gains = (loudness?: number) =>
    planAudio(heard([{ loudnessLufs: -23 }, { loudnessLufs: -14.3, channels: 6 }, { loudnessLufs: null }, { loudnessLufs: -69.5 }]), 80, loudness).audio.map(
      ({ gainDb }) => gainDb,
    );
  assert.deepEqual(gains(-23), [undefined, -8.7, -8.7, undefined, 30]);
  assert.deepEqual(gains(), [undefined, undefined, undefined, undefined, undefined]);
});

test('exactly one rendition is the default', () => {
  const defaults = (sounds: Sound[]) => planAudio(heard(sounds), 80).audio.map((audio) => audio.isDefault);
  assert.deepEqual(defaults([{}, {}]), [true, false]);
  assert.deepEqual(defaults([{}, { isDefault: true, channels: 6 }, { isDefault: true }]), [false, true, false, false]);
});

test('rates that players take are kept, with the exact number of samples', () => {
  const rates = [44_100, 48_000, 32_000, 96_000, 22_050, 8000];
  const { audio } = planAudio(heard(rates.map((sampleRate) => ({ sampleRate, sampleCount: sampleRate * 10 + 1 }))), 80);
  assert.deepEqual(
    audio.map(({ sampleRate, sampleCount }) => [sampleRate, sampleCount]),
    [
      [44_100, 441_001],
      [48_000, 480_001],
      [32_000, 320_001],
      [48_000, 480_001],
      [48_000, 480_002],
      [48_000, 480_006],
    ],
  );
});

test('sound that starts later gets silence before it', () => {
  const plan = planAudio(heard([{ startSeconds: 1.5 }], 24_000), 80);
  assert.equal(plan.videoStartTicks, 0);
  assert.equal(plan.audio[0].leadSamples, 24_000);
});

test('sound that starts earlier moves the first frame, by whole ticks, and stays in step with it', () => {
  for (const startSeconds of [-0.021333, 0, 0.999979, 0.9, -3]) {
    const inspection = heard([{ startSeconds }, { startSeconds: 1.01 }], 24_000);
    const { audio, videoStartTicks } = planAudio(inspection, 80);
    assert.ok(Number.isInteger(videoStartTicks));
    const originSeconds = (24_000 - videoStartTicks) / 24_000;
    assert.ok(originSeconds <= startSeconds + 1e-6 && originSeconds > startSeconds - 1 / 24_000);
    for (const [i, one] of audio.entries()) {
      const error = one.leadSamples / 48_000 - (inspection.audio[i].startSeconds - originSeconds);
      assert.ok(Math.abs(error) <= 0.5 / 48_000 + 1e-9, `${error} s`);
    }
  }
});

test('a start that is the first frame but for decimals counts as the same', () => {
  const plan = planAudio(heard([{ startSeconds: 1001 / 24_000 - 1e-10 }], 1001), 80);
  assert.equal(Object.is(plan.videoStartTicks, 0), true);
  assert.equal(plan.audio[0].leadSamples, 0);
});

test('sound that changes its form follows the times of its copy, and says so', () => {
  const [changing, steady] = planAudio(heard([{ changesForm: true, sampleCount: 400_000 }, {}]), 80).audio;
  assert.deepEqual([changing.changesForm, changing.followTimes, changing.sampleCount], [true, true, 400_000]);
  assert.ok(!('changesForm' in steady) && !steady.followTimes);
});

test('sound with gaps follows the times and lasts until the last frame ends', () => {
  const [gaps] = planAudio(heard([{ hasGaps: true, startSeconds: 0.5, sampleCount: 400_000 }]), 80).audio;
  assert.deepEqual([gaps.followTimes, gaps.leadSamples, gaps.sampleCount], [true, 24_000, Math.round(((240 * 1001) / 24_000) * 48_000) - 24_000]);
  const [longer] = planAudio(heard([{ hasGaps: true, sampleCount: 700_000 }]), 80).audio;
  assert.equal(longer.sampleCount, 700_000);
});

test('tracks without a sample are left out, and a film may have no sound', () => {
  assert.deepEqual(names(heard([{ sampleCount: 0, startSeconds: -9 }, { language: 'deu' }])), ['audio-deu']);
  assert.equal(planAudio(heard([{ sampleCount: 0, startSeconds: -9 }]), 80).videoStartTicks, 0);
  assert.deepEqual(names(heard([])), []);
});
