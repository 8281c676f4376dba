import { HASH_BYTES } from '../../model/frame-index.ts';
import type { Inspection } from '../../model/inspection.ts';
import { inspectionKeys } from '../../model/inspection.ts';
import type { Job, JobResult } from '../../model/job.ts';
import { titleKeys } from '../../model/plan.ts';
import { planTitle } from '../../stages/plan/plan-title.ts';
import { serialisePlan } from '../../stages/plan/serialise.ts';
import { type HandlerDeps, readJson, titleOf } from './deps.ts';
import { readTimesAndHashes } from './frame-index.ts';
import { inspectionOf } from './inspect.ts';

/** The order is kept in the title's row, which every decision reads. */
const MAX_ORDERED_CHUNKS = 256;

/** Decides what is made of the title and stores it. */
export function planHandler(deps: HandlerDeps) {
  return async (job: Job): Promise<JobResult> => {
    const title = await titleOf(deps, job);
    const inspection = await readJson<Inspection>(deps, inspectionKeys.summary(inspectionOf(title)));
    const { ptsTicks, hashes } = await readTimesAndHashes(deps.blobs, inspection.id, inspection);
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
