import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeIndexHeader } from '../../../src/model/frame-index.ts';
import type { AudioInspection } from '../../../src/model/inspection.ts';
import type { AudioFindings } from '../../../src/stages/inspect/inspect-audio.ts';
import type { SourceScan } from '../../../src/stages/inspect/scan.ts';
import { summariseSound } from '../../../src/stages/inspect/sound-only.ts';
import { planTitle } from '../../../src/stages/plan/plan-title.ts';
import { LADDER } from '../../pipeline/samples.ts';

const SOUND = { codec: 'aac', channels: 2, channelLayout: 'stereo', sampleRate: 48_000, language: 'eng', title: '', isDefault: false, startSeconds: 0 };

function scanOf(tracks: number, durationSeconds: number): SourceScan {
  const audio = Array.from({ length: tracks }, (_, streamIndex) => ({ ...SOUND, streamIndex }));
  const facts = { container: 'mov', durationSeconds, title: '', video: null, otherVideo: [], audio, text: [], chapters: [] };
  return { version: 1, id: 'sound', facts, indexing: 'packets', first: null, last: null, ranges: [], findings: [] };
}

function heard(streamIndex: number, changes: Partial<AudioInspection> = {}, failure: string | null = null): AudioFindings {
  const inspection = {
    streamIndex,
    sampleRate: 48_000,
    sampleCount: 480_000,
    startSeconds: 0,
    hasGaps: false,
    loudnessLufs: -20,
    loudnessRangeLu: 5,
    ...changes,
  };
  return { version: 1, inspection, gapCount: 0, gaps: [], isDamaged: false, failure };
}

const planOf = (scan: SourceScan, sounds: readonly AudioFindings[]) =>
  planTitle({ inspection: summariseSound(scan, sounds).inspection, ladder: LADDER, ptsTicks: [], hashOf: () => assert.fail(), complete: true });

test('the title begins with the earliest sound and ends with the last; its index is empty', () => {
  const { inspection, index } = summariseSound(scanOf(2, 0), [heard(0, { startSeconds: 0.025 }), heard(1, { startSeconds: 2 })]);
  assert.deepEqual(
    [inspection.firstPtsTicks, inspection.endPtsTicks, inspection.frameCount, inspection.facts.durationSeconds],
    [25_000, 12_000_000, 0, 11.975],
  );
  assert.deepEqual(decodeIndexHeader(index), { frameCount: 0, timeBase: inspection.timeBase, endPtsTicks: 12_000_000 });
  assert.deepEqual(inspection.findings, []);
});

test('its plan has sound and nothing else, at the right places', () => {
  const plan = planOf(scanOf(2, 12), [heard(0, { startSeconds: 0.025 }), heard(1, { startSeconds: 2, hasGaps: true })]);
  assert.deepEqual([plan.chunks, plan.rungs, plan.frameCount, plan.videoStartTicks], [[], [], 0, 0]);
  assert.deepEqual(
    plan.audio.map(({ leadSamples, sampleCount }) => [leadSamples, sampleCount]),
    [
      [0, 480_000],
      [94_800, 576_000],
    ],
  );
});

test('sound that nobody can decode is refused', () => {
  const silent = heard(0, { sampleCount: 0 }, 'nothing came out of the decoder');
  const { inspection } = summariseSound(scanOf(1, 5), [silent]);
  assert.deepEqual(
    inspection.findings.map(({ code, severity }) => `${severity} ${code}`),
    ['warn SL-233', 'refuse SL-203'],
  );
  assert.throws(() => planOf(scanOf(1, 5), [silent]), RangeError);
});
