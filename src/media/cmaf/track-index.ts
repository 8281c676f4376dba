import { Fields } from '../isobmff/boxes.ts';
import { parseSidx } from '../isobmff/sidx.ts';
import type { CmafTrack } from './track.ts';

export type TimedSegments = Pick<CmafTrack, 'timescale' | 'segments'>;

/**
 * The segments of a single-file track as its own segment index tells them. `bytes` are those of the index range, which starts at `offsetBytes` of the file.
 * Throws RangeError unless the range is exactly one `sidx` whose entries start at once, are all of media, start with a SAP of type 1, and end with the file.
 */
export function readTrackIndex(bytes: Uint8Array, offsetBytes: number, fileSizeBytes: number): TimedSegments {
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
