import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstOfSegments, scoredPositions } from '../../src/model/quality.ts';

const timeBase = { num: 1, den: 24 };
const steady = (frames: number) => Array.from({ length: frames }, (_, i) => i);

test('of a segment the pictures on show at half a second and every second from there are scored', () => {
  assert.deepEqual(scoredPositions({ ptsTicks: steady(240), idrPositions: [0], timeBase }), [12, 36, 60, 84, 108, 132, 156, 180, 204, 228]);
  assert.deepEqual(scoredPositions({ ptsTicks: steady(240), idrPositions: [0, 100], timeBase }), [12, 36, 60, 84, 112, 136, 160, 184, 208, 232]);
});

test('every segment has one, however short', () => {
  assert.deepEqual(scoredPositions({ ptsTicks: steady(30), idrPositions: [0, 4, 5, 12], timeBase }), [1, 4, 8, 24]);
  assert.deepEqual(scoredPositions({ ptsTicks: [7], idrPositions: [0], timeBase }), [0]);
  assert.deepEqual(scoredPositions({ ptsTicks: [0, 1e15], idrPositions: [0], timeBase }), [0]);
});

test('a picture that stays for long is scored once', () => {
  const ptsTicks = [0, 6, 9, 9 + 24 * 3600, 9 + 24 * 3601];
  assert.deepEqual(scoredPositions({ ptsTicks, idrPositions: [0], timeBase }), [2, 3]);
});

test('where the chunk stands in the film decides nothing', () => {
  const here = scoredPositions({ ptsTicks: steady(100), idrPositions: [0, 50], timeBase });
  const there = scoredPositions({ ptsTicks: steady(100).map((at) => at + 123_457), idrPositions: [0, 50], timeBase });
  assert.deepEqual(there, here);
});

test('the first picture of each segment is found among the scored ones', () => {
  assert.deepEqual(firstOfSegments([12, 36, 60, 84, 112, 136], [0, 100]), [0, 4]);
  assert.deepEqual(firstOfSegments([], [0]), []);
});
