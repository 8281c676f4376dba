import { decodeIndexHashes, decodeIndexTicks, HASH_BYTES, indexRange } from '../../model/frame-index.ts';
import type { Inspection } from '../../model/inspection.ts';
import { inspectionKeys } from '../../model/inspection.ts';
import type { Job, JobResult } from '../../model/job.ts';
import { titleKeys } from '../../model/plan.ts';
import { planTitle } from '../../stages/plan/plan-title.ts';
import { serialisePlan } from '../../stages/plan/serialise.ts';
import { type HandlerDeps, readJson, titleOf } from './deps.ts';
import { inspectionOf } from './inspect.ts';

/** Frames read from the index at a time. */
const BLOCK_FRAMES = 512;
/** The order is kept in the title's row, which every decision reads. */
const MAX_ORDERED_CHUNKS = 256;

/** Decides what is made of the title and stores it. */
export function planHandler(deps: HandlerDeps) {
  return async (job: Job): Promise<JobResult> => {
    const title = await titleOf(deps, job);
    const inspection = await readJson<Inspection>(deps, inspectionKeys.summary(inspectionOf(title)));
    const { ptsTicks, hashes } = await readTimesAndHashes(deps, inspection);
    const plan = planTitle({
      inspection,
      ladder: title.order.ladder,
      sidecars: title.order.sidecars,
      ptsTicks,
      hashOf: (frame) => hashes.subarray(frame * HASH_BYTES, (frame + 1) * HASH_BYTES),
      complete: true,
    });
    await deps.blobs.put(titleKeys.plan(title.id, title.revision), Buffer.from(serialisePlan(plan)));
    const codecs = [...new Set(plan.rungs.filter((rung) => rung.picturesFrom === null).map((rung) => rung.codec))];
    return {
      codecs,
      chunkCount: plan.chunks.length,
      audioCount: plan.audio.length,
      textCount: plan.text.length,
      renditionCount: plan.rungs.length,
      longestFirst: longestFirst(plan.chunks.map((chunk) => chunk.endFrameExclusive - chunk.startFrame)),
    };
  };
}

/** Numbers of a title's last chunks, the longest chunk first. */
export function longestFirst(chunkFrames: readonly number[]): number[] {
  const first = Math.max(0, chunkFrames.length - MAX_ORDERED_CHUNKS);
  const last = Array.from({ length: chunkFrames.length - first }, (_, i) => first + i);
  return last.sort((a, b) => chunkFrames[b] - chunkFrames[a] || a - b);
}

/** 24 bytes a frame in memory: 6 MB for three hours. */
async function readTimesAndHashes(deps: HandlerDeps, inspection: Inspection): Promise<{ ptsTicks: Float64Array; hashes: Uint8Array }> {
  const { frameCount } = inspection;
  const ptsTicks = new Float64Array(frameCount);
  const hashes = new Uint8Array(frameCount * HASH_BYTES);
  const key = inspectionKeys.index(inspection.id);
  for (let start = 0; start < frameCount; start += BLOCK_FRAMES) {
    const end = Math.min(frameCount, start + BLOCK_FRAMES);
    const records = await deps.blobs.read(key, indexRange(start, end));
    decodeIndexTicks(records, ptsTicks, start);
    decodeIndexHashes(records, hashes, start * HASH_BYTES);
  }
  return { ptsTicks, hashes };
}
