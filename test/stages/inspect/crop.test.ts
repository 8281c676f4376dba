import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CROP_STRIPS, contentBox, cropOf, unionOf } from '../../../src/stages/inspect/crop.ts';

/** Row and column means of a picture that is bright inside the box and black, with noise, around it. */
function strips(widthPx: number, heightPx: number, box: { left: number; top: number; right: number; bottom: number }) {
  const rows = new Uint8Array(heightPx * CROP_STRIPS).fill(18);
  const columns = new Uint8Array(widthPx * CROP_STRIPS).fill(18);
  for (let y = box.top; y < box.bottom; y++) rows[y * CROP_STRIPS + 7] = 120;
  for (let x = box.left; x < box.right; x++) columns[3 * widthPx + x] = 120;
  return contentBox(rows, columns);
}

test('content is found to the line, and a black picture has none', () => {
  assert.deepEqual(strips(64, 36, { left: 5, top: 4, right: 60, bottom: 31 }), { left: 5, top: 4, right: 60, bottom: 31 });
  assert.equal(contentBox(new Uint8Array(36 * CROP_STRIPS).fill(17), new Uint8Array(64 * CROP_STRIPS).fill(17)), null);
});

test('boxes of several pictures are united', () => {
  assert.deepEqual(unionOf(null, { left: 1, top: 2, right: 3, bottom: 4 }), { left: 1, top: 2, right: 3, bottom: 4 });
  assert.deepEqual(unionOf({ left: 1, top: 9, right: 3, bottom: 14 }, { left: 2, top: 2, right: 30, bottom: 4 }), { left: 1, top: 2, right: 30, bottom: 14 });
});

test('the crop is even, holds all content, and needs evidence and real bars', () => {
  const box = { left: 0, top: 141, right: 1920, bottom: 939 };
  assert.deepEqual(cropOf(box, 10, 1920, 1080), { xPx: 0, yPx: 140, widthPx: 1920, heightPx: 800 });
  assert.equal(cropOf(box, 3, 1920, 1080), null);
  assert.equal(cropOf(null, 100, 1920, 1080), null);
  assert.equal(cropOf({ left: 0, top: 0, right: 1920, bottom: 1072 }, 10, 1920, 1080), null);
  assert.deepEqual(cropOf({ left: 1, top: 0, right: 101, bottom: 121 }, 10, 161, 121), { xPx: 0, yPx: 0, widthPx: 102, heightPx: 121 });
});
