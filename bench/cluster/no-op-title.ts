import { createHash } from 'node:crypto';
import { JOB_KINDS, type JobKind, type JobResult } from '../../src/model/job.ts';
import type { TitleOrder } from '../../src/model/title.ts';
import { classesOf } from '../../src/pipeline/job-class.ts';
import type { JobHandler, JobHandlers } from '../../src/pipeline/job-handlers.ts';

export const BUILD = 'bench-build';

/** What there is to do for a title of which nothing is really done. */
export type Shape = { readonly ranges: number; readonly chunks: number; readonly codecs: readonly string[]; readonly renditions: number };

/** The order of a title that has pictures of its own. */
export function noOpOrder(titleId: string): TitleOrder {
  const sha256 = createHash('sha256').update(titleId).digest('hex');
  return {
    seal: { path: titleId, sha256, sizeBytes: 1, modifiedNs: '1', inode: '1' },
    ladder: { rungs: [], audioKbpsPerChannel: 64 },
    encoderBuild: BUILD,
    outDir: null,
  };
}

/** Classes of a worker with a full encoder build and much memory. */
export function allClasses(): string[] {
  return classesOf({ encoderBuild: BUILD, codecs: ['h264', 'hevc', 'av1'], bytesPerSlot: 1, bytesPerLargeJob: 1 });
}

/** Handlers that leave at once the least that the next decision needs. */
export function noOpHandlers(shapeOf: (titleId: string) => Shape, onStart: (jobId: string) => void): JobHandlers {
  const results: { readonly [K in JobKind]?: (shape: Shape) => JobResult } = {
    scan: ({ ranges }) => ({ refused: false, rangeCount: ranges, pixels: 1920 * 1080, audioStreams: [1], findings: [] }),
    stitch: () => ({ refused: false, frameCount: 100, findings: [] }),
    plan: ({ chunks, codecs, renditions }) => ({ chunkCount: chunks, codecs, audioCount: 1, textCount: 0, renditionCount: renditions }),
  };
  const handler: JobHandler = async (job) => {
    onStart(job.id);
    return results[job.kind]?.(shapeOf(job.titleId)) ?? {};
  };
  return Object.fromEntries(JOB_KINDS.map((kind) => [kind, handler])) as unknown as JobHandlers;
}
