import type { TimeBase } from '../media/time.ts';

/** Side of the tiny luma picture kept for every frame: 32×18 bytes, row by row. */
export const PICTURE_WIDTH_PX = 32;
export const PICTURE_HEIGHT_PX = 18;
export const PICTURE_BYTES = PICTURE_WIDTH_PX * PICTURE_HEIGHT_PX;

/**
 * The frame index on disk: a header of 64 bytes, then one record of 640 bytes per frame in presentation order, all little endian,
 * so that any stretch of frames is one range read and memory does not grow with the film.
 *
 *   header: "SLIX" | u32 version | u32 frameCount | u32 timeBase.num | u32 timeBase.den | i64 endPtsTicks | zeros
 *   record: i64 ptsTicks | u32 flags (1 = key frame) | u32 zero | 16 bytes hash of the decoded frame | 32 bytes features | 576 bytes picture
 */
export const INDEX_HEADER_BYTES = 64;
export const INDEX_RECORD_BYTES = 640;
export const INDEX_VERSION = 1;
const MAGIC = 0x58494c53;
const HASH_OFFSET = 16;
export const HASH_BYTES = 16;
const FEATURES_OFFSET = 32;
const PICTURE_OFFSET = 64;
export const FEATURE_COUNT = 8;

export type IndexHeader = {
  readonly frameCount: number;
  readonly timeBase: TimeBase;
  /** Presentation time at which the last frame ends. */
  readonly endPtsTicks: number;
};

export type IndexRecord = {
  readonly ptsTicks: number;
  readonly isKey: boolean;
  /** 16 bytes, murmur3-128 of the decoded frame before any filter. */
  readonly hash: Uint8Array;
  /** Up to eight numbers that the shot detector uses; 32-bit floats. */
  readonly features: Float32Array;
  readonly picture: Uint8Array;
};

export function encodeIndexHeader(header: IndexHeader): Uint8Array {
  const bytes = new Uint8Array(INDEX_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, INDEX_VERSION, true);
  view.setUint32(8, header.frameCount, true);
  view.setUint32(12, header.timeBase.num, true);
  view.setUint32(16, header.timeBase.den, true);
  view.setBigInt64(20, BigInt(header.endPtsTicks), true);
  return bytes;
}

/** Throws RangeError when the bytes are not an index header. */
export function decodeIndexHeader(bytes: Uint8Array): IndexHeader {
  if (bytes.byteLength < INDEX_HEADER_BYTES) throw new RangeError('frame index: header is short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError('frame index: wrong magic');
  if (view.getUint32(4, true) !== INDEX_VERSION) throw new RangeError(`frame index: version ${view.getUint32(4, true)} is not ${INDEX_VERSION}`);
  const timeBase = { num: view.getUint32(12, true), den: view.getUint32(16, true) };
  if (timeBase.num === 0 || timeBase.den === 0) throw new RangeError('frame index: time base has a zero');
  return { frameCount: view.getUint32(8, true), timeBase, endPtsTicks: Number(view.getBigInt64(20, true)) };
}

/** Writes one record at `offset` of `into`. */
export function encodeIndexRecord(record: IndexRecord, into: Uint8Array, offset: number): void {
  if (record.hash.byteLength !== HASH_BYTES || record.picture.byteLength !== PICTURE_BYTES || record.features.length > FEATURE_COUNT) {
    throw new RangeError('frame index: record has parts of the wrong size');
  }
  const view = new DataView(into.buffer, into.byteOffset + offset, INDEX_RECORD_BYTES);
  view.setBigInt64(0, BigInt(record.ptsTicks), true);
  view.setUint32(8, record.isKey ? 1 : 0, true);
  view.setUint32(12, 0, true);
  into.set(record.hash, offset + HASH_OFFSET);
  for (let i = 0; i < FEATURE_COUNT; i++) view.setFloat32(FEATURES_OFFSET + 4 * i, record.features[i] ?? 0, true);
  into.set(record.picture, offset + PICTURE_OFFSET);
}

/** Reads records out of whole-record bytes (no header). `hash` and `picture` are views into them. Throws RangeError on a partial record. */
export function decodeIndexRecords(bytes: Uint8Array): IndexRecord[] {
  checkWholeRecords(bytes);
  const records: IndexRecord[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.byteLength; at += INDEX_RECORD_BYTES) {
    const features = new Float32Array(FEATURE_COUNT);
    for (let i = 0; i < FEATURE_COUNT; i++) features[i] = view.getFloat32(at + FEATURES_OFFSET + 4 * i, true);
    records.push({
      ptsTicks: Number(view.getBigInt64(at, true)),
      isKey: (view.getUint32(at + 8, true) & 1) === 1,
      hash: bytes.subarray(at + HASH_OFFSET, at + HASH_OFFSET + HASH_BYTES),
      features,
      picture: bytes.subarray(at + PICTURE_OFFSET, at + PICTURE_OFFSET + PICTURE_BYTES),
    });
  }
  return records;
}

/** Presentation times only, out of whole-record bytes (no header), written to `into` from `at` on. Throws RangeError on a partial record. */
export function decodeIndexTicks(bytes: Uint8Array, into: Float64Array, at: number): void {
  checkWholeRecords(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Two halves make no BigInt for each frame of a film.
  for (let offset = 0; offset < bytes.byteLength; offset += INDEX_RECORD_BYTES)
    into[at++] = view.getInt32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true);
}

/** The hashes only, out of whole-record bytes (no header), 16 bytes each, written to `into` from `at` on. Throws RangeError on a partial record. */
export function decodeIndexHashes(bytes: Uint8Array, into: Uint8Array, at: number): void {
  checkWholeRecords(bytes);
  for (let offset = HASH_OFFSET; offset < bytes.byteLength; offset += INDEX_RECORD_BYTES) {
    for (let i = 0; i < HASH_BYTES; i++) into[at++] = bytes[offset + i];
  }
}

function checkWholeRecords(bytes: Uint8Array): void {
  if (bytes.byteLength % INDEX_RECORD_BYTES !== 0) throw new RangeError('frame index: not a whole number of records');
}

/** Byte range of frames `[startFrame, endFrameExclusive)` in the stored index. */
export function indexRange(startFrame: number, endFrameExclusive: number): { start: number; endExclusive: number } {
  return { start: INDEX_HEADER_BYTES + startFrame * INDEX_RECORD_BYTES, endExclusive: INDEX_HEADER_BYTES + endFrameExclusive * INDEX_RECORD_BYTES };
}
