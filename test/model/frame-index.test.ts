import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeIndexHeader,
  decodeIndexRecords,
  encodeIndexHeader,
  encodeIndexRecord,
  INDEX_HEADER_BYTES,
  INDEX_RECORD_BYTES,
  type IndexRecord,
  indexRange,
  PICTURE_BYTES,
} from '../../src/model/frame-index.ts';

const header = { frameCount: 172_800, timeBase: { num: 1001, den: 30_000 }, endPtsTicks: -5 };

function record(ptsTicks: number): IndexRecord {
  return {
    ptsTicks,
    isKey: ptsTicks % 2 === 0,
    hash: new Uint8Array(16).fill(ptsTicks & 255),
    features: Float32Array.from([1.5, -2, 0, 0, 0, 0, 0, 7]),
    picture: new Uint8Array(PICTURE_BYTES).fill(ptsTicks & 127),
  };
}

test('header and records come back as they went in', () => {
  assert.deepEqual(decodeIndexHeader(encodeIndexHeader(header)), header);
  const bytes = new Uint8Array(2 * INDEX_RECORD_BYTES);
  encodeIndexRecord(record(-1_000_000_000_000), bytes, 0);
  encodeIndexRecord(record(3), bytes, INDEX_RECORD_BYTES);
  const [first, second] = decodeIndexRecords(bytes);
  assert.deepEqual({ ...first, hash: Uint8Array.from(first.hash), picture: Uint8Array.from(first.picture) }, record(-1_000_000_000_000));
  assert.equal(second.ptsTicks, 3);
  assert.equal(second.isKey, false);
});

test('a stretch of frames is one range of bytes', () => {
  assert.deepEqual(indexRange(10, 12), { start: INDEX_HEADER_BYTES + 10 * INDEX_RECORD_BYTES, endExclusive: INDEX_HEADER_BYTES + 12 * INDEX_RECORD_BYTES });
});

test('hostile bytes are refused', () => {
  const good = encodeIndexHeader(header);
  for (let length = 0; length < good.byteLength; length++) assert.throws(() => decodeIndexHeader(good.subarray(0, length)), RangeError);
  assert.throws(() => decodeIndexHeader(new Uint8Array(INDEX_HEADER_BYTES)), RangeError);
  const zeroBase = encodeIndexHeader({ ...header, timeBase: { num: 1, den: 0 } });
  assert.throws(() => decodeIndexHeader(zeroBase), RangeError);
  for (const length of [1, INDEX_RECORD_BYTES - 1, INDEX_RECORD_BYTES + 1]) assert.throws(() => decodeIndexRecords(new Uint8Array(length)), RangeError);
  assert.throws(() => encodeIndexRecord({ ...record(1), hash: new Uint8Array(15) }, new Uint8Array(INDEX_RECORD_BYTES), 0), RangeError);
});
