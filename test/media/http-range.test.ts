import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rangeAnswer } from '../../src/media/http-range.ts';

const part = (start: number, endExclusive: number) => ({ status: 206, start, endExclusive });

test('single ranges of a file of 100 bytes', () => {
  for (const [range, answer] of [
    ['bytes=0-0', part(0, 1)],
    ['bytes=0-99', part(0, 100)],
    ['bytes=10-', part(10, 100)],
    ['bytes=99-5000', part(99, 100)],
    ['bytes=-1', part(99, 100)],
    ['bytes=-500', part(0, 100)],
    ['bytes=100-', { status: 416 }],
    [`bytes=${'9'.repeat(200)}-`, { status: 416 }],
    ['bytes=-0', { status: 416 }],
  ] as const) {
    assert.deepEqual(rangeAnswer(range, 100, '"e"', undefined), answer, range);
  }
});

test('anything else is answered with the whole file', () => {
  for (const range of [
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=5-2',
    'bytes=0-1,5-6',
    'bytes=a-b',
    'lines=0-1',
    'bytes=0x1-2',
    'bytes= 0-1',
    'bytes=1e1-',
    '-5',
  ]) {
    assert.deepEqual(rangeAnswer(range, 100, '"e"', undefined), { status: 200 }, range);
  }
});

test('If-Range with another version gives the whole file, an empty file has no ranges', () => {
  assert.deepEqual(rangeAnswer('bytes=0-1', 100, '"e"', '"e"'), part(0, 2));
  assert.deepEqual(rangeAnswer('bytes=0-1', 100, '"e"', '"other"'), { status: 200 });
  assert.deepEqual(rangeAnswer('bytes=0-1', 100, '"e"', 'Sun, 22 Nov 2026 19:00:00 GMT'), { status: 200 });
  assert.deepEqual(rangeAnswer('bytes=0-', 0, '"e"', undefined), { status: 416 });
  assert.deepEqual(rangeAnswer('bytes=-5', 0, '"e"', undefined), { status: 416 });
});
