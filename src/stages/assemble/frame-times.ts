import { FileSources, readInto } from '../../media/isobmff/byte-source.ts';
import { ScenelineError } from '../../model/errors.ts';
import { decodeIndexHeader, decodeIndexTicks, INDEX_HEADER_BYTES, indexRange } from '../../model/frame-index.ts';
import { inspectionKeys } from '../../model/inspection.ts';
import type { Plan } from '../../model/plan.ts';
import type { BlobStore } from '../../ports/blob-store.ts';

/** 640 KiB of index at a time, always in the same memory. */
const FRAMES_PER_READ = 1024;

/** Presentation times of every frame of the title, ticks of the plan's time base on the source's clock: eight bytes a frame. Throws SL-905 when index and plan disagree. */
export async function readFrameTimes(blobs: BlobStore, plan: Plan): Promise<Float64Array> {
  const key = inspectionKeys.index(plan.inspectionId);
  const local = await blobs.openLocal(key);
  const files = new FileSources();
  try {
    const index = await files.source(local.path);
    const header = decodeIndexHeader(await index.read(0, Math.min(index.sizeBytes, INDEX_HEADER_BYTES)));
    const { num, den } = header.timeBase;
    if (header.frameCount !== plan.frameCount || num !== plan.timeBase.num || den !== plan.timeBase.den) throw new RangeError('it is not the one of the plan');
    const times = new Float64Array(plan.frameCount);
    const block = new Uint8Array(indexRange(0, Math.min(FRAMES_PER_READ, plan.frameCount)).endExclusive - INDEX_HEADER_BYTES);
    for (let frame = 0; frame < plan.frameCount; frame += FRAMES_PER_READ) {
      const { start, endExclusive } = indexRange(frame, Math.min(plan.frameCount, frame + FRAMES_PER_READ));
      const records = block.subarray(0, endExclusive - start);
      await readInto(index, start, records);
      decodeIndexTicks(records, times, frame);
    }
    return times;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ScenelineError('SL-905', `The frame index ${key} cannot be used: ${error.message}.`, { cause: error });
  } finally {
    await files.close();
    await local.release();
  }
}
