import type { Attempt, Evidence, Job, JobKind, JobResult, JobSpec, JobState } from '../model/job.ts';

/** Timed ownership of a job. `fence` grows with every claim; only the holder of the newest fence can settle the job. */
export type Lease = {
  readonly job: Job;
  readonly attemptId: string;
  readonly fence: number;
  readonly worker: string;
};

export type JobCounts = { readonly [K in JobKind]?: { readonly [S in JobState]?: number } };

export type Spent = { readonly frames: number; readonly cpuSeconds: number };

export interface JobQueue {
  /** Adds jobs; an id that exists, in whatever state, is left untouched. */
  enqueue(jobs: readonly JobSpec[]): Promise<void>;
  /**
   * Leases the best ready job of these titles, or null: the highest priority, then the oldest; a job that was lost gives way to
   * all others of its title: it may take too long for the machine's peace, or be what kills the worker. Takes back leases that ran out or whose worker is known dead (a loss) first.
   */
  claim(request: { worker: string; titleIds: readonly string[]; leaseMs: number }): Promise<Lease | null>;
  /** Prolongs. False: the lease is lost and the work must stop. */
  renew(lease: Lease, leaseMs: number, framesSoFar: number): Promise<boolean>;
  /** Settles as done. False: the lease was lost, nothing changed. */
  complete(lease: Lease, result: JobResult, spent: Spent): Promise<boolean>;
  /** Counts a failure; the third parks the job with its evidence. */
  fail(lease: Lease, evidence: Evidence, spent: Spent): Promise<'ready' | 'parked' | 'lost'>;
  /** Hands back without counting. */
  release(lease: Lease, spent: Spent): Promise<boolean>;
  get(jobId: string): Promise<Job | null>;
  /** Kept as jobs change, so asking costs the same for ten jobs and for a hundred thousand. */
  counts(titleId: string, revision: string): Promise<JobCounts>;
  /** A parked job of this revision, if any. */
  findParked(titleId: string, revision: string): Promise<Job | null>;
  /** Done jobs of one kind in part order, by pages. `cursor` is opaque; null starts. */
  listDone(titleId: string, revision: string, kind: JobKind, cursor: string | null, limit: number): Promise<{ jobs: readonly Job[]; cursor: string | null }>;
  /** Every attempt of a title, newest revision last, by pages. */
  listAttempts(
    titleId: string,
    cursor: string | null,
    limit: number,
  ): Promise<{ attempts: readonly (Attempt & { kind: JobKind; part: JobSpec['part']; revision: string })[]; cursor: string | null }>;
  /** Drops the ready and running jobs of a title's revision; running attempts lose their lease and end as `released`. Parked jobs stay, with their evidence. */
  drop(titleId: string, revision: string): Promise<void>;
  /** Makes parked and dropped jobs of the revision ready again, failures forgotten. */
  revive(titleId: string, revision: string): Promise<void>;
}
