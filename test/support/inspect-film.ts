import { join } from 'node:path';
import { decodeIndexHeader, decodeIndexRecords, INDEX_HEADER_BYTES, type IndexRecord } from '../../src/model/frame-index.ts';
import { type Inspection, inspectionKeys } from '../../src/model/inspection.ts';
import type { StageContext } from '../../src/ports/stage-context.ts';
import { inspectAudio } from '../../src/stages/inspect/inspect-audio.ts';
import { inspectRange } from '../../src/stages/inspect/inspect-range.ts';
import type { SourceScan } from '../../src/stages/inspect/scan.ts';
import { scanSource } from '../../src/stages/inspect/scan-source.ts';
import { stitchInspection } from '../../src/stages/inspect/stitch-inspection.ts';
import { fileSource } from './file-source.ts';
import { stageContext } from './stage-context.ts';

export type InspectedFilm = {
  readonly ctx: StageContext;
  readonly scan: SourceScan;
  readonly inspection: Inspection;
  readonly records: readonly IndexRecord[];
  /** Everything that other stages read. */
  readonly bytes: { readonly index: Uint8Array; readonly thumbnails: Uint8Array; readonly summary: Uint8Array };
};

/** All of inspection, one job after the other, on a store of its own in `folder`. */
export async function inspectFilm(folder: string, sourcePath: string, rangeSeconds = 120, changes: Partial<StageContext> = {}): Promise<InspectedFilm> {
  const ctx = await stageContext(join(folder, `ranges-of-${rangeSeconds}`), changes);
  const input = fileSource(sourcePath);
  const scan = await scanSource({ inspectionId: 'film', ...input, rangeSeconds }, ctx);
  for (const { index } of scan.ranges) await inspectRange({ source: input.source, scan, rangeIndex: index }, ctx);
  for (const { streamIndex } of scan.facts.audio) await inspectAudio({ source: input.source, scan, streamIndex }, ctx);
  const inspection = await stitchInspection({ scan }, ctx);
  const [index, thumbnails, summary] = await Promise.all(
    [inspectionKeys.index, inspectionKeys.thumbnails, inspectionKeys.summary].map((key) => ctx.blobs.read(key('film'))),
  );
  const records = decodeIndexRecords(index.subarray(INDEX_HEADER_BYTES));
  if (decodeIndexHeader(index).frameCount !== records.length) throw new Error('the index does not have the frames it says');
  return { ctx, scan, inspection, records, bytes: { index, thumbnails, summary } };
}
