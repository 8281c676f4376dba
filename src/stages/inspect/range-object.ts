import { INDEX_RECORD_BYTES } from '../../model/frame-index.ts';
import type { ContentBox } from './crop.ts';
import { asObject, integerAt, type JsonObject, objectAt, objectsAt, textAt } from './json-access.ts';
import type { Look } from './looks.ts';
import { LUMA_BYTES } from './shots/features.ts';

/**
 * What a range leaves, all little endian:
 *
 *   header 64 bytes: "SLRG" | u32 version | u32 rangeIndex | u32 frameCount | u32 notesBytes | u32 thumbnailBytes | zeros
 *   frameCount index records (src/model/frame-index.ts); the first one lacks what needs the frame before
 *   64×36 luma of the first and of the last frame, unless there are none
 *   notes: JSON | thumbnails: JPEG pictures, one after the other
 */
export const RANGE_HEADER_BYTES = 64;
const RANGE_VERSION = 3;
const MAGIC = 0x47524c53;
const LARGEST_NOTES_BYTES = 16 * 1024 * 1024;
const MOST_NOTES = 1_000_000;

export type RangeHeader = {
  readonly rangeIndex: number;
  readonly frameCount: number;
  readonly notesBytes: number;
  readonly thumbnailBytes: number;
};

/** Times of a stretch of damaged pictures; null: to the start or end of the film. */
export type DamagedStretch = { readonly startPtsTicks: number | null; readonly endPtsTicks: number | null };

export function isWithin(ptsTicks: number, { startPtsTicks, endPtsTicks }: DamagedStretch): boolean {
  return (startPtsTicks === null || ptsTicks >= startPtsTicks) && (endPtsTicks === null || ptsTicks < endPtsTicks);
}

export type RangeThumbnail = {
  readonly ptsTicks: number;
  /** Of its JPEG. */
  readonly sizeBytes: number;
  /** Where the picture is not black. */
  readonly content: ContentBox | null;
};

export type RangeNotes = {
  readonly thumbnails: readonly RangeThumbnail[];
  readonly damaged: readonly DamagedStretch[];
  /** Whether the decoded frames are those that the container lists; null when its list is not trusted. */
  readonly matchesListing: boolean | null;
  /** Decoded frames follow each other in time. */
  readonly timesAscend: boolean;
  /** All sizes in bytes of decoded frames, of those outside damage and of those inside. */
  readonly frameBytes: { readonly sound: readonly number[]; readonly damaged: readonly number[] };
  /** Of the first picture looked at, and of each that has another one than the picture before. */
  readonly looks: readonly Look[];
  /** Pictures begin or cease to say how they are turned: the film is refused, and neither its frames nor thumbnails are whole. */
  readonly turns: boolean;
};

export function encodeRangeHeader(header: RangeHeader): Uint8Array {
  const bytes = new Uint8Array(RANGE_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  [MAGIC, RANGE_VERSION, header.rangeIndex, header.frameCount, header.notesBytes, header.thumbnailBytes].forEach((value, i) => {
    view.setUint32(4 * i, value, true);
  });
  return bytes;
}

/**
 * @param objectBytes size of the whole object: every part must lie inside it and fill it.
 * Throws RangeError when it is not so.
 */
export function decodeRangeHeader(bytes: Uint8Array, objectBytes: number): RangeHeader {
  if (bytes.byteLength < RANGE_HEADER_BYTES) throw new RangeError('range object: header is short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [magic, version, rangeIndex, frameCount, notesBytes, thumbnailBytes] = [0, 4, 8, 12, 16, 20].map((at) => view.getUint32(at, true));
  if (magic !== MAGIC) throw new RangeError('range object: wrong magic');
  if (version !== RANGE_VERSION) throw new RangeError(`range object: version ${version} is not ${RANGE_VERSION}`);
  if (notesBytes > LARGEST_NOTES_BYTES) throw new RangeError('range object: notes are too large');
  const header = { rangeIndex, frameCount, notesBytes, thumbnailBytes };
  if (rangeParts(header).endExclusive !== objectBytes) throw new RangeError('range object: its parts do not add up to its size');
  return header;
}

/** Where the parts of an object start, in bytes. */
export function rangeParts(header: RangeHeader) {
  const records = RANGE_HEADER_BYTES;
  const borderLuma = records + header.frameCount * INDEX_RECORD_BYTES;
  const notes = borderLuma + (header.frameCount > 0 ? 2 * LUMA_BYTES : 0);
  const thumbnails = notes + header.notesBytes;
  return { records, borderLuma, notes, thumbnails, endExclusive: thumbnails + header.thumbnailBytes };
}

export function encodeRangeNotes(notes: RangeNotes): Uint8Array {
  return Buffer.from(JSON.stringify(notes));
}

/** Throws RangeError when the bytes are no notes, or name more thumbnail bytes than there are. */
export function decodeRangeNotes(bytes: Uint8Array, thumbnailBytes: number): RangeNotes {
  const root = parseObject(bytes);
  const thumbnails = objectsAt(root, 'thumbnails', MOST_NOTES).map(readThumbnail);
  if (thumbnails.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) !== thumbnailBytes) throw new RangeError('range notes: thumbnails do not add up');
  const damaged = objectsAt(root, 'damaged', MOST_NOTES).map((item) => ({
    startPtsTicks: item.startPtsTicks === null ? null : wholeAt(item, 'startPtsTicks'),
    endPtsTicks: item.endPtsTicks === null ? null : wholeAt(item, 'endPtsTicks'),
  }));
  const { matchesListing, timesAscend } = root;
  if (typeof timesAscend !== 'boolean' || (matchesListing !== null && typeof matchesListing !== 'boolean')) {
    throw new RangeError('range notes: an answer is missing');
  }
  const looks = objectsAt(root, 'looks', MOST_NOTES).map(readLook);
  const sizes = objectAt(root, 'frameBytes');
  const frameBytes = { sound: sizesAt(sizes, 'sound'), damaged: sizesAt(sizes, 'damaged') };
  return { thumbnails, damaged, matchesListing, timesAscend, frameBytes, looks, turns: root.turns === true };
}

function readLook(item: JsonObject): Look {
  const [size, sampleAspect, range, matrix] = ['size', 'sampleAspect', 'range', 'matrix'].map((key) => textAt(item, key));
  return { ptsTicks: wholeAt(item, 'ptsTicks'), size, sampleAspect, isInterlaced: item.isInterlaced === true, range, matrix };
}

function sizesAt(parent: JsonObject, key: string): number[] {
  const sizes = parent[key];
  if (!Array.isArray(sizes) || !sizes.every(Number.isSafeInteger)) throw new RangeError(`range notes: ${key} are no sizes`);
  return sizes;
}

function readThumbnail(item: JsonObject): RangeThumbnail {
  const sizeBytes = wholeAt(item, 'sizeBytes');
  if (sizeBytes < 0) throw new RangeError('range notes: a thumbnail has less than no bytes');
  const box = asObject(item.content);
  const content = box && { left: wholeAt(box, 'left'), top: wholeAt(box, 'top'), right: wholeAt(box, 'right'), bottom: wholeAt(box, 'bottom') };
  return { ptsTicks: wholeAt(item, 'ptsTicks'), sizeBytes, content };
}

function parseObject(bytes: Uint8Array): JsonObject {
  let root: JsonObject | null = null;
  try {
    root = asObject(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new RangeError('range notes: not JSON', { cause });
  }
  if (root === null) throw new RangeError('range notes: not an object');
  return root;
}

function wholeAt(parent: JsonObject, key: string): number {
  const value = integerAt(parent, key);
  if (value === null) throw new RangeError(`range notes: ${key} is not a whole number`);
  return value;
}
