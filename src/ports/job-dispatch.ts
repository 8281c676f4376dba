import type { AttemptOutcome, JobSpec } from '../model/job.ts';
import type { Lease } from './job-queue.ts';

/**
 * Jobs that one kind of worker can do: an encoder build, what it must be able to encode, and how much memory it takes.
 * Text of `[a-z0-9-]{1,60}`, because topics are named after it.
 */
export type JobClass = string;

/** A job that can be done, as control sees it. `fence`: how often it was claimed so far. */
export type ReadyJob = JobSpec & { readonly fence: number };

/** Hands jobs from control to workers. Only an economy: what a job's row says decides who may settle it. */
export interface JobDispatch {
  /** Offers jobs to the workers of a class. Offering one twice is harmless. Returns when no crash can lose the offers. */
  offer(jobClass: JobClass, jobs: readonly ReadyJob[]): Promise<void>;
}

/** A worker's side of the dispatch. */
export interface JobSource {
  /**
   * The next job offered to this worker, claimed for it; null when none came within `waitMs`. One call at a time. `isUnwanted` is asked beside each claim, and sees to
   * it that the job is not in anybody's hands when it says so.
   */
  take(waitMs: number, isUnwanted: (job: JobSpec) => Promise<boolean>): Promise<Lease | null>;
  /** Aborts when the dispatch gives this job to somebody else. */
  lostSignal(lease: Lease): AbortSignal;
  /** The job is settled or handed back: the offer is used up. */
  settled(lease: Lease): Promise<void>;
}

/** What somebody tells control so that it looks sooner than its next round. Losing a note costs that time, nothing else. */
export type WakeNote = { readonly titleId: string; readonly jobId: string | null; readonly outcome: AttemptOutcome | null };

export interface Wake {
  ring(note: WakeNote): Promise<void>;
  /** Hears notes until `stop`; those rung before it was called may be missed. */
  listen(onNote: (note: WakeNote) => void): Promise<{ stop(): Promise<void> }>;
}

/** A worker as it announces itself. */
export type WorkerNotice = {
  readonly worker: string;
  readonly encoderBuild: string;
  /** Classes it takes jobs of, and how many jobs it runs at once. */
  readonly classes: readonly JobClass[];
  readonly slots: number;
};

/** Who is there. A worker that no longer announces itself is forgotten within a minute. */
export interface WorkerRegistry {
  announce(notice: WorkerNotice): Promise<void>;
  leave(worker: string): Promise<void>;
  list(): Promise<readonly WorkerNotice[]>;
}

/** One of several processes at a time. An economy: two that both believe to have it do nothing wrong. */
export interface Turn {
  /** Takes or keeps the turn. False: somebody else has it. To be called more often than every `TURN_MS / 3`. */
  hold(owner: string): Promise<boolean>;
  release(owner: string): Promise<void>;
}
