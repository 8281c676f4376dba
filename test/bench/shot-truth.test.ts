import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countBorders, gradualHits, scoreOf } from '../support/shot-truth.ts';

const cut = (frame: number) => ({ frame, endFrame: frame, isGradual: false });
const LISTED = [cut(100), cut(103), { frame: 200, endFrame: 220, isGradual: true }, cut(300)];

test('a border counts for one listed within two frames, and the nearest', () => {
  assert.deepEqual(countBorders([100, 103, 300], LISTED), { right: 3, wrong: 0, missed: 0 });
  assert.deepEqual(countBorders([102], LISTED), { right: 1, wrong: 0, missed: 2 });
  assert.deepEqual(countBorders([101, 102, 297], LISTED), { right: 2, wrong: 1, missed: 1 });
  assert.deepEqual(countBorders([100, 101], [cut(100)]), { right: 1, wrong: 1, missed: 0 });
});

test('borders inside a gradual change count neither way, and are counted apart', () => {
  assert.deepEqual(countBorders([198, 210, 222, 223], LISTED), { right: 0, wrong: 1, missed: 3 });
  assert.deepEqual(
    gradualHits([198, 210, 223], LISTED).map(({ borders }) => borders),
    [2],
  );
});

test('scores of several files are of all their borders together', () => {
  const { f1, recall, precision } = scoreOf([
    { right: 8, wrong: 0, missed: 1 },
    { right: 1, wrong: 1, missed: 0 },
  ]);
  assert.deepEqual([f1, recall, precision], [0.9, 0.9, 0.9]);
  assert.deepEqual(scoreOf([{ right: 0, wrong: 0, missed: 0 }]), { f1: 1, recall: 1, precision: 1 });
});
