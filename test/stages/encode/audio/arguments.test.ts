import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileInput } from '../../../../src/model/media-input.ts';
import type { AudioPlan } from '../../../../src/model/plan.ts';
import { audioArguments } from '../../../../src/stages/encode/audio/arguments.ts';

const PLAN: AudioPlan = {
  ...{ streamIndex: 3, name: 'audio-eng', language: 'en', title: '', isDefault: true, channels: 2, sampleRate: 48_000, bitrateKbps: 160 },
  ...{ leadSamples: 480, sampleCount: 96_000, followTimes: false },
};

function filtersOf(changes: Partial<AudioPlan>): string {
  const args = audioArguments({ source: fileInput('/films/a.mkv'), audio: { ...PLAN, ...changes }, outPath: 'out.m4a' });
  return args[args.indexOf('-af') + 1];
}

test('the track is taken by its number, from a path that cannot be read as an option or an address', () => {
  const args = audioArguments({ source: fileInput('-http://x'), audio: PLAN, outPath: 'out.m4a' });
  assert.equal(args[args.indexOf('-i') + 1], 'file:-http://x');
  assert.equal(args[args.indexOf('-map') + 1], '0:3');
  assert.ok(args.indexOf('-protocol_whitelist') < args.indexOf('-i'));
});

test('samples are placed by count, after the lead, up to the planned end', () => {
  const filters = filtersOf({});
  assert.ok(filters.startsWith('asetpts=round(N/SR/TB),aresample=48000:'));
  assert.ok(filters.includes('adelay=delays=480S:all=1,apad=whole_len=96480,atrim=end_sample=96480'));
  assert.ok(!filters.includes('async'));
  assert.ok(!filtersOf({ leadSamples: 0 }).includes('adelay'));
});

test('sound with gaps is placed by its times', () => {
  assert.match(filtersOf({ followTimes: true }), /^asetpts=PTS-STARTPTS,aresample=48000:.*:async=1:min_hard_comp=0\.02:first_pts=0,/);
  assert.match(filtersOf({ followTimes: true, changesForm: true }), /:async=1:min_hard_comp=0\.001:first_pts=0,/, 'times of an even copy are exact');
});

test('no instruction of the processor at hand decides the bytes', () => {
  const args = audioArguments({ source: fileInput('a.mkv'), audio: PLAN, outPath: 'out.m4a' });
  assert.equal(args[args.indexOf('-cpuflags') + 1], '0');
  assert.ok(args.includes('+bitexact'));
});

test('every channel count has its layout', () => {
  assert.match(filtersOf({ channels: 1 }), /channel_layouts=mono/);
  assert.match(filtersOf({ channels: 2 }), /channel_layouts=stereo/);
  assert.match(filtersOf({ channels: 6 }), /channel_layouts=5\.1/);
});
