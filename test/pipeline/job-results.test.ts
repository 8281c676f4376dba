import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPlanResult, readScanResult, readStitchResult } from '../../src/pipeline/job-results.ts';

const READERS = [
  { read: readScanResult, good: { refused: false, rangeCount: 3, pixels: 100, audioStreams: [1, 2], findings: [] } },
  { read: readStitchResult, good: { refused: false, frameCount: 10, findings: [{ code: 'SL-105', severity: 'warn', place: {}, message: 'x' }] } },
  { read: readPlanResult, good: { chunkCount: 3, codecs: ['h264'], audioCount: 0, textCount: 0, renditionCount: 1, longestFirst: [2, 0, 1] } },
];
/** Rows of versions that did not tell these yet are read as well. */
const LATER_NAMES = ['pixels', 'longestFirst'];

test('what the handlers leave is read, and what they leave besides is left out', () => {
  for (const { read, good } of READERS) assert.deepEqual(read({ ...good, cost: { inspect: 1 } }), good);
});

test('anything else is an internal fault: a wrong count would stop a title for good', () => {
  const wrongs = [undefined, null, -1, 0.5, Number.NaN, 2 ** 60, '3', 'h264', {}, [null], ['h264', 'h264'], [1, 1], [-0.5], ['../x']];
  for (const { read, good } of READERS) {
    for (const name of Object.keys(good)) {
      const wrongsOfIt = LATER_NAMES.includes(name) ? wrongs.slice(1) : wrongs;
      for (const wrong of wrongsOfIt) assert.throws(() => read({ ...good, [name]: wrong }), { code: 'SL-901' }, `${name}: ${JSON.stringify(wrong)}`);
    }
  }
});

test('an order that is not one of the last chunks is an internal fault; none is as good', () => {
  const plan = { chunkCount: 3, codecs: ['h264'], audioCount: 0, textCount: 0, renditionCount: 1 };
  for (const longestFirst of [[0, 1], [0, 1, 3], [0, 1, -1], [0, 1, 2, 3], [2, 1, 1], [1]])
    assert.throws(() => readPlanResult({ ...plan, longestFirst }), { code: 'SL-901' });
  assert.deepEqual(readPlanResult(plan).longestFirst, []);
  assert.deepEqual(readPlanResult({ ...plan, longestFirst: [2, 1] }).longestFirst, [2, 1]);
});

test('a refused source need not have ranges or frames', () => {
  assert.equal(readScanResult({ refused: true, rangeCount: 0, audioStreams: [], findings: [] }).refused, true);
  assert.equal(readStitchResult({ refused: true, frameCount: 0, findings: [] }).refused, true);
  assert.throws(() => readScanResult({ refused: false, rangeCount: 0, audioStreams: [], findings: [] }), { code: 'SL-901' });
  assert.equal(readScanResult({ refused: false, rangeCount: 0, audioStreams: [0], findings: [] }).rangeCount, 0);
  const sound = { chunkCount: 0, codecs: [], audioCount: 1, textCount: 0, renditionCount: 0 };
  assert.equal(readPlanResult(sound).chunkCount, 0);
  assert.throws(() => readPlanResult({ ...sound, audioCount: 0 }), { code: 'SL-901' });
  assert.throws(() => readPlanResult({ chunkCount: 1, codecs: [], audioCount: 0, textCount: 0, renditionCount: 1 }), { code: 'SL-901' });
});
