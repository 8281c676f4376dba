import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Look, LookMeter, parseLooks } from '../../../src/stages/inspect/looks.ts';

const told = (ptsTicks: number, sampleAspect: string, fields: string, colors: string) =>
  [
    `[Parsed_showinfo_2 @ 0x55ba] [info] n:   1 pts: ${ptsTicks} pts_time:1.4     pos:      564 fmt:yuv420p sar:${sampleAspect} s:320x180 i:${fields} iskey:1 type:I `,
    '[Parsed_showinfo_2 @ 0x55ba] [info]   side data - pan/scan',
    `[Parsed_showinfo_2 @ 0x55ba] [info] ${colors} color_primaries:unknown color_trc:unknown`,
  ].join('\n');
const TV709 = 'color_range:tv color_space:bt709';
const look = (changes: Partial<Look>): Look => ({
  ptsTicks: 0,
  size: '320x180',
  sampleAspect: '1/1',
  isInterlaced: false,
  range: 'tv',
  matrix: 'bt709',
  ...changes,
});

test('what ffmpeg tells of key pictures is read, without what repeats itself', () => {
  const log = [
    '[info] frame=    1 fps=0.0',
    told(-5, '16/15', 'P', TV709),
    told(90, '16/15', 'P', TV709),
    told(180, '64/45', 'B', 'color_range:pc color_space:unknown'),
    '[Parsed_showinfo_2 @ 0x55ba] [info] n:   9 pts: cut off',
  ].join('\n');
  assert.deepEqual(parseLooks(log), [
    look({ ptsTicks: -5, sampleAspect: '16/15' }),
    look({ ptsTicks: 180, sampleAspect: '64/45', isInterlaced: true, range: 'pc', matrix: 'unknown' }),
  ]);
  assert.deepEqual(parseLooks('color_range:tv color_space:bt709 \nn: 0 pts: 1 sar:1/1 s:2x2 i:P '), []);
});

function changesOf(looks: readonly Look[]) {
  const meter = new LookMeter();
  for (const each of looks) meter.push(each);
  const { shapePtsTicks, colorPtsTicks, interlacedPtsTicks } = meter.changes;
  return [shapePtsTicks, colorPtsTicks, interlacedPtsTicks];
}

test('only what pictures say otherwise than those before is a change', () => {
  assert.deepEqual(changesOf([]), [null, null, null]);
  assert.deepEqual(changesOf([look({}), look({ ptsTicks: 7, sampleAspect: '4/3' }), look({ ptsTicks: 9, sampleAspect: '4/3' })]), [7, null, null]);
  assert.deepEqual(changesOf([look({ range: 'unknown', matrix: 'unknown' }), look({ matrix: 'smpte170m' }), look({ matrix: 'bt470bg' })]), [null, null, null]);
  assert.deepEqual(changesOf([look({}), look({ matrix: 'unknown' }), look({ ptsTicks: 5, matrix: 'smpte170m' })]), [null, 5, null]);
  assert.deepEqual(changesOf([look({}), look({ ptsTicks: 5, range: 'pc' })]), [null, 5, null]);
  const meter = new LookMeter();
  for (const each of [look({}), look({ ptsTicks: 8, size: '180x320' })]) meter.push(each);
  assert.equal(meter.changes.sizePtsTicks, 8);
  assert.deepEqual(changesOf([look({ sampleAspect: '0/1' }), look({}), look({ ptsTicks: 3, isInterlaced: true })]), [null, null, 3]);
});
