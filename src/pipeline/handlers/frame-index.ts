import { readInto } from '../../media/isobmff/byte-source.ts';
import { ScenelineError } from '../../model/errors.ts';
import {
  decodeIndexHashes,
  decodeIndexHeader,
  decodeIndexTicks,
  HASH_BYTES,
  INDEX_HEADER_BYTES,
  INDEX_RECORD_BYTES,
  type IndexHeader,
  indexRange,
} from '../../model/frame-index.ts';
import { inspectionKeys } from '../../model/inspection.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import { withObjects } from '../../stages/assemble/stored-objects.ts';

/** 640 KiB of index at a time, always in the same memory: a new array for each read would wait for the collector by tens of megabytes. */
const FRAMES_PER_READ = 1024;

/** What an index must be of. */
type IndexedFilm = Pick<IndexHeader, 'frameCount' | 'timeBase'>;

/** Presentation times of every frame, ticks of the time base on the source's clock: eight bytes a frame. Throws SL-905 when it is not the index of that film. */
export async function readFrameTimes(blobs: BlobStore, inspectionId: string, film: IndexedFilm): Promise<Float64Array> {
  const ptsTicks = new Float64Array(film.frameCount);
  await readIndex(blobs, inspectionId, film, (records, frame) => decodeIndexTicks(records, ptsTicks, frame));
  return ptsTicks;
}

/** The same with the hashes of the decoded frames: 24 bytes a frame, 6 MB for three hours. */
export async function readTimesAndHashes(blobs: BlobStore, inspectionId: string, film: IndexedFilm): Promise<{ ptsTicks: Float64Array; hashes: Uint8Array }> {
  const ptsTicks = new Float64Array(film.frameCount);
  const hashes = new Uint8Array(film.frameCount * HASH_BYTES);
  await readIndex(blobs, inspectionId, film, (records, frame) => {
    decodeIndexTicks(records, ptsTicks, frame);
    decodeIndexHashes(records, hashes, frame * HASH_BYTES);
  });
  return { ptsTicks, hashes };
}

/** Gives the whole index to `onRecords`, block by block; what it gets is only good inside the call. */
async function readIndex(
  blobs: BlobStore,
  inspectionId: string,
  { frameCount, timeBase }: IndexedFilm,
  onRecords: (records: Uint8Array, firstFrame: number) => void,
): Promise<void> {
  const key = inspectionKeys.index(inspectionId);
  try {
    await withObjects({ blobs }, async (open) => {
      const { source: index } = await open(key);
      const header = decodeIndexHeader(await index.read(0, Math.min(index.sizeBytes, INDEX_HEADER_BYTES)));
      const isOfTheFilm = header.frameCount === frameCount && header.timeBase.num === timeBase.num && header.timeBase.den === timeBase.den;
      if (!isOfTheFilm) throw new RangeError('it is that of another film');
      const block = new Uint8Array(Math.min(FRAMES_PER_READ, frameCount) * INDEX_RECORD_BYTES);
      for (let frame = 0; frame < frameCount; frame += FRAMES_PER_READ) {
        const { start, endExclusive } = indexRange(frame, Math.min(frameCount, frame + FRAMES_PER_READ));
        const records = block.subarray(0, endExclusive - start);
        await readInto(index, start, records);
        onRecords(records, frame);
      }
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ScenelineError('SL-905', `The frame index ${key} cannot be used: ${error.message}.`, { cause: error });
  }
}
