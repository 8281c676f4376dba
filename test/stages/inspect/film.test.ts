import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeFilm, judgeSound } from '../../../src/stages/inspect/film-findings.ts';
import { FilmMeter } from '../../../src/stages/inspect/film-measures.ts';
import type { AudioFindings } from '../../../src/stages/inspect/inspect-audio.ts';
import { judgeTimes } from '../../../src/stages/inspect/probe-findings.ts';
import type { RangeNotes } from '../../../src/stages/inspect/range-object.ts';
import type { ScanRange } from '../../../src/stages/inspect/scan.ts';
import { framesOf, scene } from '../../support/luma-film.ts';

const TWENTY_FOURTHS = { num: 1, den: 24 };
const HASH = new Uint8Array(16);
const SOUND_NOTES: RangeNotes = {
  thumbnails: [],
  damaged: [],
  matchesListing: true,
  timesAscend: true,
  frameBytes: { sound: [100], damaged: [] },
  looks: [],
  turns: false,
};
const PICTURE = framesOf([scene(1)])[0];

const DAMAGED: Partial<RangeNotes> = { matchesListing: false, damaged: [{ startPtsTicks: 24, endPtsTicks: 48 }] };

type Part = { readonly ptsTicks: readonly number[]; readonly packetCount?: number; readonly notes?: Partial<RangeNotes> };

function measure(parts: readonly Part[], { interlaced = false, last = null as { ptsTicks: number; durationTicks: number } | null } = {}) {
  const meter = new FilmMeter(TWENTY_FOURTHS, interlaced);
  for (const [index, { ptsTicks, packetCount, notes }] of parts.entries()) {
    const range: ScanRange = { index, startPtsTicks: null, endPtsTicks: null, packetCount: packetCount ?? ptsTicks.length, ptsChecksum: '', keyPtsTicks: [] };
    meter.beginRange(range, ptsTicks.length, { ...SOUND_NOTES, ...notes });
    for (const pts of ptsTicks) meter.push({ ...PICTURE, ptsTicks: pts, isKey: pts % 24 === 0, hash: HASH });
  }
  return meter.finish(last, 24);
}

function judge(parts: readonly Part[], options: { interlaced?: boolean } = {}) {
  return judgeFilm({ measures: measure(parts, options), timeBase: TWENTY_FOURTHS, streamIndex: 0, isInterlaced: options.interlaced ?? false }, true);
}

const codes = (findings: readonly { severity: string; code: string }[]) => findings.map(({ severity, code }) => `${severity} ${code}`);
const count = (length: number, start = 0) => Array.from({ length }, (_, i) => start + i);

test('an even film has no findings, and ends when its last frame does', () => {
  assert.deepEqual(judge([{ ptsTicks: count(48) }]), []);
  assert.equal(measure([{ ptsTicks: count(48) }]).endPtsTicks, 48);
  assert.equal(measure([{ ptsTicks: count(48) }], { last: { ptsTicks: 47, durationTicks: 5 } }).endPtsTicks, 52);
  assert.equal(measure([{ ptsTicks: count(48) }], { last: { ptsTicks: 99, durationTicks: 5 } }).endPtsTicks, 48, 'the listed last frame was not decoded');
  assert.equal(measure([{ ptsTicks: [7] }]).endPtsTicks, 8);
  assert.deepEqual(measure([{ ptsTicks: count(48) }]).keyFrames, [0, 24]);
});

test('a film that cannot be used is refused', () => {
  assert.deepEqual(codes(judge([{ ptsTicks: [] }])), ['refuse SL-207']);
  assert.deepEqual(codes(judge([{ ptsTicks: [0, 1, 2] }, { ptsTicks: [2, 3, 4] }])), ['refuse SL-206']);
  assert.deepEqual(codes(judge([{ ptsTicks: count(5), notes: { timesAscend: false } }])), ['refuse SL-206']);
  assert.deepEqual(codes(judge([{ ptsTicks: count(5) }, { ptsTicks: [], notes: { turns: true } }])), ['refuse SL-214']);
});

test('a size is believed when sound pictures have it and the film is progressive', () => {
  const sizes = (sound: readonly number[], damaged: readonly number[] = []): Partial<RangeNotes> => ({ frameBytes: { sound, damaged } });
  const other = [{ ptsTicks: count(5) }, { ptsTicks: count(5, 5), notes: sizes([50]) }];
  assert.deepEqual(codes(judge(other)), ['warn SL-242']);
  assert.deepEqual(codes(judge([{ ptsTicks: count(5), notes: sizes([100, 50]) }])), ['warn SL-242']);
  assert.deepEqual(codes(judge(other, { interlaced: true })), ['refuse SL-211']);
  const damaged = { ptsTicks: count(96), notes: { ...DAMAGED, ...sizes([100], [50, 100]) } };
  assert.deepEqual(codes(judge([damaged])), ['refuse SL-211', 'warn SL-234']);
  assert.deepEqual(codes(judge([damaged, { ptsTicks: count(5, 96), notes: sizes([50]) }])), ['warn SL-242', 'warn SL-234']);
  assert.deepEqual(codes(judge([{ ptsTicks: count(96), notes: { ...DAMAGED, ...sizes([100], [100]) } }])), ['warn SL-234']);
});

test('what key pictures say otherwise in mid-film is told, or refused where one title cannot hold it', () => {
  const look = { ptsTicks: 0, size: '320x180', sampleAspect: '1/1', isInterlaced: false, range: 'tv', matrix: 'bt709' };
  const changed = (change: object) => judge([{ ptsTicks: count(96), notes: { looks: [look, { ...look, ptsTicks: 48, ...change }] } }]);
  assert.deepEqual(codes(changed({ sampleAspect: '4/3' })), ['warn SL-242']);
  assert.deepEqual(codes(changed({ size: '180x320' })), ['warn SL-242']);
  assert.deepEqual(codes(changed({ isInterlaced: true })), ['warn SL-222']);
  const [color] = changed({ matrix: 'smpte170m' });
  assert.deepEqual([color.code, color.severity, color.place.startSeconds], ['SL-213', 'refuse', 2]);
});

test('missing pictures of a damaged range are told, and refused when many', () => {
  const ptsTicks = count(96).filter((pts) => pts !== 30);
  const findings = judge([{ ptsTicks, packetCount: 96, notes: DAMAGED }]);
  assert.deepEqual(codes(findings), ['warn SL-235', 'warn SL-234']);
  assert.deepEqual(findings[1].place, { streamIndex: 0, startFrame: 24, endFrameExclusive: 47, startSeconds: 1, endSeconds: 2 });
  assert.deepEqual(codes(judge([{ ptsTicks: count(80), packetCount: 96, notes: DAMAGED }])), ['refuse SL-209', 'warn SL-234']);
});

test('damage over a range border is one place', () => {
  const notes: Partial<RangeNotes> = { damaged: [{ startPtsTicks: 20, endPtsTicks: null }] };
  const next: Partial<RangeNotes> = { damaged: [{ startPtsTicks: null, endPtsTicks: 28 }] };
  const { damaged } = measure([
    { ptsTicks: count(24), notes },
    { ptsTicks: count(24, 24), notes: next },
  ]);
  assert.deepEqual(damaged, [{ startFrame: 20, endFrameExclusive: 28, startPtsTicks: 20, endPtsTicks: 28 }]);
});

test('a clean film that decodes otherwise than listed is taken as it decodes', () => {
  assert.deepEqual(codes(judge([{ ptsTicks: count(24), packetCount: 40, notes: { matchesListing: false } }])), ['info SL-237']);
  const fields = { ptsTicks: count(48), packetCount: 96, notes: DAMAGED };
  assert.deepEqual(codes(judge([fields], { interlaced: true })), ['warn SL-234', 'info SL-237'], 'two fields are two packets');
});

test('an uneven pace and gaps are told, many gaps summed up', () => {
  assert.deepEqual(codes(judge([{ ptsTicks: count(100).map((i) => i + Math.floor(i / 3)) }])), ['warn SL-221']);
  const [gap] = judge([{ ptsTicks: [...count(48), ...count(48, 96)] }]);
  assert.equal(gap.code, 'SL-225');
  assert.deepEqual(gap.place, { streamIndex: 0, startFrame: 47, endFrameExclusive: 48, startSeconds: 1.958333, endSeconds: 4 });
  const many = judge([{ ptsTicks: Array.from({ length: 40 }, (_, i) => count(24, i * 100)).flat() }]);
  assert.equal(many.filter(({ code }) => code === 'SL-225').length, 21);
  assert.match(many.at(-1)!.message, /19 more/);
});

test('sound with gaps, damage or nothing at all is told', () => {
  const sound = (changes: Partial<AudioFindings>): AudioFindings => ({
    version: 1,
    inspection: { streamIndex: 1, sampleRate: 48_000, sampleCount: 10, startSeconds: 0, hasGaps: false, loudnessLufs: null, loudnessRangeLu: null },
    gapCount: 0,
    gaps: [],
    isDamaged: false,
    failure: null,
    ...changes,
  });
  assert.deepEqual(judgeSound(sound({}), 0), []);
  const [gaps] = judgeSound(sound({ gapCount: 3, gaps: [{ atSeconds: 101.5, jumpSeconds: 0.1 }] }), 100.2);
  assert.equal(gaps.code, 'SL-226');
  assert.deepEqual(gaps.place, { streamIndex: 1, startSeconds: 1.3 });
  const [change] = judgeSound(sound({ formChange: { atSeconds: 12.016, channels: 6 } }), 10);
  assert.deepEqual([change.severity, change.code, change.place], ['warn', 'SL-253', { streamIndex: 1, startSeconds: 2.016 }]);
  assert.match(change.message, /first at 2\.02 s; all of it is taken as 6 channels at 48000 Hz/);
  const [somewhere] = judgeSound(sound({ formChange: { atSeconds: null, channels: 1 } }), 0);
  assert.match(somewhere.message, /on the way; all of it is taken as 1 channel at/);
  assert.deepEqual(codes(judgeSound(sound({ isDamaged: true }), 0)), ['warn SL-241']);
  assert.deepEqual(codes(judgeSound(sound({}), 1e9)), ['refuse SL-270']);
  assert.deepEqual(codes(judgeSound(sound({ gapCount: 1, gaps: [{ atSeconds: 1, jumpSeconds: 1e6 }] }), 0)), ['refuse SL-270', 'warn SL-226']);
  assert.deepEqual(codes(judgeSound(sound({ failure: 'no decoder', isDamaged: true }), 0)), ['warn SL-233']);
});

test('a film that lasts longer than a day, or is faster than any, is refused', () => {
  const day = 24 * 86_400;
  assert.deepEqual(
    judgeTimes(86_401, 100, 0).map(({ code, severity }) => [severity, code]),
    [['refuse', 'SL-270']],
  );
  assert.deepEqual(judgeTimes(86_399, 100, 0), []);
  assert.deepEqual(codes(judgeTimes(1, 1500, 0)), ['refuse SL-270']);
  assert.deepEqual(judgeTimes(0, 1, 0), []);
  assert.deepEqual(
    judgeTimes(80_000, 9_000_000, 0).map(({ code }) => code),
    ['SL-270'],
  );
  assert.ok(codes(judge([{ ptsTicks: [0, 1, day + 1] }])).includes('refuse SL-270'));
});
