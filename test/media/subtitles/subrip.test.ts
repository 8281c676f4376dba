import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSubRip } from '../../../src/media/subtitles/subrip.ts';
import { writeWebVtt } from '../../../src/media/webvtt/cues.ts';
import { normaliseCues } from '../../../src/media/webvtt/normalise.ts';
import { mangledTexts } from '../../support/mangle-text.ts';
import { checkProportion } from '../../support/proportion.ts';

const USUAL = `1
00:00:01,001 --> 00:00:03,999
<i>Hello</i>
there

2
00:01:02,500 --> 00:01:04,000 X1:10 X2:20 Y1:30 Y2:40
{\\an8}Top

3
100:00:00,000 --> 100:00:01,000
Late
`;

test('cues of a usual file, whatever its line ends', () => {
  for (const text of [USUAL, USUAL.replaceAll('\n', '\r\n'), USUAL.replaceAll('\n', '\r')]) {
    assert.deepEqual(parseSubRip(text), [
      { startMs: 1001, endMs: 3999, payload: '<i>Hello</i>\nthere' },
      { startMs: 62_500, endMs: 64_000, payload: '{\\an8}Top', settings: 'line:0' },
      { startMs: 360_000_000, endMs: 360_001_000, payload: 'Late' },
    ]);
  }
});

test('what players take is taken: no numbers, no empty lines between, short fractions, points, empty lines inside, numbers as text', () => {
  const cues = parseSubRip(
    '00:01.5-->00:02:00\n1984\n\n\n0:0:3.25 --> 0:0:4,000\none\n\ntwo\n7\n 00:00:05,000  -->  00:00:06,000\n\n42\n\n8\n00:00:07,000 --> 00:00:08,000\n',
  );
  assert.deepEqual(
    cues.map(({ startMs, endMs, payload }) => [startMs, endMs, payload]),
    [
      [1500, 2000, '1984'],
      [3250, 4000, 'one\n\ntwo\n7'],
      [5000, 6000, '42'],
      [7000, 8000, ''],
    ],
  );
});

test('times before zero, as ffmpeg writes them', () => {
  const times = (stamps: string) => parseSubRip(`1\n${stamps}\na\n`).map(({ startMs, endMs }) => [startMs, endMs]);
  assert.deepEqual(times('00:00:-1,-500 --> 00:00:02,250'), [[-1500, 2250]]);
  assert.deepEqual(times('-1:00:-1,-05 --> 00:-1:00,-70'), [[-3_601_005, -60_070]]);
});

test('alignments of both forms are places; senseless ones are none', () => {
  const settings = (tag: string) => parseSubRip(`1\n00:00:01,000 --> 00:00:02,000\n${tag}a\n`)[0].settings;
  assert.deepEqual(['{\\an2}', '{\\a6}', '{\\a11}', '{\\an7\\i1}', '{\\an0}', '{\\an99}', '{\\a4}', '{\\anx}', '{an8}'].map(settings), [
    undefined,
    'line:0',
    'line:47% position:95% align:right',
    'line:0 position:5% align:left',
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('what is no SubRip has no cues', () => {
  for (const text of ['', 'a', '{1}{25}MicroDVD', '1\n00:00:01,000 -> later\na', '\u0000'.repeat(1000)]) assert.deepEqual(parseSubRip(text), []);
});

test('mangled and hostile files are read or refused, and what is read can be written', async () => {
  for (const text of mangledTexts(USUAL, 3000)) writeWebVtt(normaliseCues(parseSubRip(text), 0));
  assert.throws(() => parseSubRip('00:00:00,000 --> 00:00:01,000\n'.repeat(200_001)), RangeError);
  assert.throws(() => parseSubRip('a'.repeat(64 * 1024 * 1024 + 1)), RangeError);
  for (const part of ['-->', '00:', ' ', '1\n', '\n', '{\\an', '-', '00:00:00,000 --> ', '9'])
    await checkProportion(50_000, (size) => writeWebVtt(normaliseCues(parseSubRip(`1\n00:00:00,000 --> 00:00:01,000\n${part.repeat(size)}`), 0)));
});
