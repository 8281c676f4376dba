import { Fields } from '../isobmff/boxes.ts';
import { parseSidx } from '../isobmff/sidx.ts';
import type { CmafSegment, CmafTrack } from './track.ts';

export type TimedSegments = Pick<CmafTrack, 'timescale' | 'segments'>;

/** A track's segments as its index tells them; decode times are in the fragments. */
export type IndexedSegments = { readonly timescale: number; readonly segments: readonly Omit<CmafSegment, 'decodeTicks'>[] };

/**
 * The segments of a single-file track as its own segment index tells them. `bytes` are those of the index range, which starts at `offsetBytes` of the file.
 * Throws RangeError unless the range is exactly one `sidx` whose entries start at once, are all of media, start with a SAP of type 1, and end with the file.
 */
export function readTrackIndex(bytes: Uint8Array, offsetBytes: number, fileSizeBytes: number): IndexedSegments {
  const header = new Fields(bytes);
  const sizeBytes = header.u32();
  if (header.fourCc() !== 'sidx' || sizeBytes !== bytes.byteLength) throw new RangeError('the index range is not one sidx box');
  const index = parseSidx(bytes.subarray(8));
  let at = offsetBytes + bytes.byteLength + index.firstOffsetBytes;
  let startTicks = index.earliestTicks;
  const segments = index.references.map((reference, i) => {
    if (reference.isIndex || !reference.startsWithSap || reference.sapType !== 1) throw new RangeError(`entry ${i} of the index is no segment`);
    const segment = { offsetBytes: at, sizeBytes: reference.sizeBytes, startTicks, durationTicks: reference.durationTicks };
    at += reference.sizeBytes;
    startTicks += reference.durationTicks;
    return segment;
  });
  if (segments.length === 0) throw new RangeError('the index has no entries');
  if (at !== fileSizeBytes) throw new RangeError(`the index ends at byte ${at} of ${fileSizeBytes}`);
  return { timescale: index.timescale, segments };
}

/** As much of a segment's beginning as holds its `tfdt`. */
export const FRAGMENT_HEAD_BYTES = 128;

/**
 * Decode time of a segment's first sample, from its first bytes (`moof` with `mfhd`, then `traf` with `tfhd` and `tfdt`, ISO/IEC 14496-12 section 8.8).
 * Throws RangeError when they are something else.
 */
export function readDecodeTicks(head: Uint8Array): number {
  const fields = new Fields(head);
  enter(fields, 'moof');
  skip(fields, 'mfhd');
  enter(fields, 'traf');
  skip(fields, 'tfhd');
  enter(fields, 'tfdt');
  const { version } = fields.fullBox();
  return version === 0 ? fields.u32() : fields.u64();
}

function enter(fields: Fields, type: string): number {
  const sizeBytes = fields.u32();
  const found = fields.fourCc();
  if (found !== type) throw new RangeError(`a segment has ${JSON.stringify(found)} where ${type} belongs`);
  return sizeBytes;
}

function skip(fields: Fields, type: string): void {
  fields.skip(enter(fields, type) - 8);
}
