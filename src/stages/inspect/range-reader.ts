import { ScenelineError } from '../../model/errors.ts';
import { INDEX_RECORD_BYTES } from '../../model/frame-index.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import { decodeRangeHeader, decodeRangeNotes, RANGE_HEADER_BYTES, type RangeNotes, rangeParts } from './range-object.ts';
import { LUMA_BYTES } from './shots/features.ts';

const RECORDS_PER_READ = 256;

/** A stored range, read piece by piece. */
export type StoredRange = {
  readonly frameCount: number;
  readonly notes: RangeNotes;
  /** 64×36 luma of the first and the last frame; null when there are none. */
  readonly border: { readonly first: Uint8Array; readonly last: Uint8Array } | null;
  /** Whole index records, a few hundred at a time. */
  readonly records: () => AsyncGenerator<Uint8Array>;
  /** The JPEG pictures, in the order of the notes. */
  readonly thumbnails: () => AsyncGenerator<Uint8Array>;
};

/** Throws SL-905 when the object is missing or is no range. */
export async function openRange(key: string, blobs: BlobStore): Promise<StoredRange> {
  const facts = await blobs.stat(key);
  if (facts === null) throw new ScenelineError('SL-905', `The stored object ${key} is missing.`);
  const read = (start: number, endExclusive: number) => blobs.read(key, { start, endExclusive });
  try {
    const header = decodeRangeHeader(await read(0, Math.min(RANGE_HEADER_BYTES, facts.sizeBytes)), facts.sizeBytes);
    const parts = rangeParts(header);
    const notes = decodeRangeNotes(await read(parts.notes, parts.thumbnails), header.thumbnailBytes);
    const luma = header.frameCount > 0 ? await read(parts.borderLuma, parts.notes) : null;
    return {
      frameCount: header.frameCount,
      notes,
      border: luma && { first: luma.subarray(0, LUMA_BYTES), last: luma.subarray(LUMA_BYTES) },
      records: async function* () {
        const step = RECORDS_PER_READ * INDEX_RECORD_BYTES;
        for (let at = parts.records; at < parts.borderLuma; at += step) yield await read(at, Math.min(at + step, parts.borderLuma));
      },
      thumbnails: async function* () {
        let at = parts.thumbnails;
        for (const { sizeBytes } of notes.thumbnails) {
          yield await read(at, at + sizeBytes);
          at += sizeBytes;
        }
      },
    };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ScenelineError('SL-905', `The stored object ${key} is damaged: ${cause.message}.`, { cause });
  }
}
