import type { Job, JobKind, JobResult } from '../model/job.ts';
import type { StageName } from '../model/stage.ts';

/** What a handler gets besides its job. */
export type JobContext = {
  /** New objects go under keys that contain it. */
  readonly attemptId: string;
  /** Aborted when the lease is lost or the run stops: end all processes, then throw anything. */
  readonly signal: AbortSignal;
  /** Frames of this job done so far. */
  readonly onFrames: (frames: number) => void;
  /** Adds CPU seconds to the cost of a stage. */
  readonly spend: (stage: StageName, cpuSeconds: number) => void;
};

/**
 * Does one job. What it returns is kept with the job and must be small; `framesEncoded` and `framesReused` in it are counted in the title's cost.
 * It may run again after it ended, and beside itself: what it leaves is written create-only, under keys of its attempt or its content.
 */
export type JobHandler = (job: Job, context: JobContext) => Promise<JobResult>;

export type JobHandlers = { readonly [K in JobKind]: JobHandler };
