import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INDEX_RECORD_BYTES } from '../../../src/model/frame-index.ts';
import {
  decodeRangeHeader,
  decodeRangeNotes,
  encodeRangeHeader,
  encodeRangeNotes,
  RANGE_HEADER_BYTES,
  type RangeNotes,
  rangeParts,
} from '../../../src/stages/inspect/range-object.ts';
import { LUMA_BYTES } from '../../../src/stages/inspect/shots/features.ts';
import { mangledTexts, seededRandom } from '../../support/mangle-text.ts';

const NOTES: RangeNotes = {
  thumbnails: [
    { ptsTicks: -3, sizeBytes: 10, content: { left: 0, top: 2, right: 8, bottom: 6 } },
    { ptsTicks: 90, sizeBytes: 20, content: null },
  ],
  damaged: [{ startPtsTicks: null, endPtsTicks: 17 }],
  matchesListing: null,
  timesAscend: true,
  frameBytes: { sound: [3_110_400], damaged: [3_110_400, 115_200] },
  looks: [{ ptsTicks: 4, size: '1920x1080', sampleAspect: '16/15', isInterlaced: true, range: 'tv', matrix: 'unknown' }],
  turns: true,
};
const HEADER = { rangeIndex: 7, frameCount: 3, notesBytes: encodeRangeNotes(NOTES).byteLength, thumbnailBytes: 30 };
const SIZE = RANGE_HEADER_BYTES + 3 * INDEX_RECORD_BYTES + 2 * LUMA_BYTES + HEADER.notesBytes + 30;

test('header and notes come back', () => {
  assert.deepEqual(decodeRangeHeader(encodeRangeHeader(HEADER), SIZE), HEADER);
  assert.equal(rangeParts(HEADER).endExclusive, SIZE);
  assert.deepEqual(decodeRangeNotes(encodeRangeNotes(NOTES), 30), NOTES);
  const empty = { rangeIndex: 0, frameCount: 0, notesBytes: 5, thumbnailBytes: 0 };
  assert.deepEqual(decodeRangeHeader(encodeRangeHeader(empty), RANGE_HEADER_BYTES + 5), empty);
});

test('an object that is not as large as it says is refused, whatever it says', () => {
  const bytes = encodeRangeHeader(HEADER);
  for (const size of [0, SIZE - 1, SIZE + 1, SIZE + INDEX_RECORD_BYTES, 2 ** 40]) assert.throws(() => decodeRangeHeader(bytes, size), RangeError);
  for (let length = 0; length < bytes.length; length++) assert.throws(() => decodeRangeHeader(bytes.subarray(0, length), SIZE), RangeError);
  const random = seededRandom(11);
  for (let i = 0; i < 2000; i++) {
    const flipped = Uint8Array.from(bytes);
    flipped[Math.floor(random() * 24)] ^= 1 << Math.floor(random() * 8);
    try {
      const { rangeIndex, ...parts } = decodeRangeHeader(flipped, SIZE);
      assert.deepEqual({ ...parts, rangeIndex: 7 }, HEADER, 'only the range number is not held to the size');
      assert.notEqual(rangeIndex, 7);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
});

test('hostile notes are notes or a RangeError', () => {
  assert.throws(() => decodeRangeNotes(encodeRangeNotes(NOTES), 31), RangeError);
  for (const text of mangledTexts(Buffer.from(encodeRangeNotes(NOTES)).toString(), 2000)) {
    try {
      const notes = decodeRangeNotes(Buffer.from(text), 30);
      assert.ok(notes.thumbnails.every(({ sizeBytes, ptsTicks }) => sizeBytes >= 0 && sizeBytes <= 30 && Number.isSafeInteger(ptsTicks)));
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
});
