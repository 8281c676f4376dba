/** Every kind of durable work, in the order a title meets them. */
export const JOB_KINDS = ['scan', 'inspect-range', 'inspect-audio', 'stitch', 'plan', 'encode', 'audio', 'text', 'assemble', 'package', 'publish'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** Job ids are derived from what the job does, so a job cannot exist twice. */
export type JobSpec = {
  /** `<titleId>/<revision>/<kind>/<part>` */
  readonly id: string;
  readonly titleId: string;
  readonly revision: string;
  readonly kind: JobKind;
  /** Which piece: range, track, chunk or rendition number; `codec` for encode jobs. */
  readonly part: { readonly index: number; readonly codec?: string };
  /** Two jobs with the same key never run at once (two titles asking for the same pictures). An economy, not a safety. */
  readonly exclusiveKey: string | null;
  /** Larger runs first. */
  readonly priority: number;
};

/** `ready -> running -> done | parked`; `running -> ready` after a failure, a loss or a release; anything -> `dropped` when its title is cancelled or re-planned. */
export type JobState = 'ready' | 'running' | 'done' | 'parked' | 'dropped';

/** What a failed try leaves for the person who reads it. */
export type Evidence = {
  readonly code: string;
  readonly message: string;
  readonly command?: readonly string[];
  readonly exitStatus?: string;
  readonly stderrTail?: string;
  readonly firstBadFrame?: number;
  /** Blob keys of pictures and files worth looking at. */
  readonly objectKeys?: readonly string[];
};

/** `failed`: seen by a living supervisor, counts. `lost`: the worker died or its lease ran out, does not count. `released`: handed back on purpose. */
export type AttemptOutcome = 'running' | 'done' | 'failed' | 'lost' | 'released';

export type Attempt = {
  readonly attemptId: string;
  readonly jobId: string;
  readonly number: number;
  readonly worker: string;
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly outcome: AttemptOutcome;
  readonly frames: number;
  readonly cpuSeconds: number;
  readonly evidence: Evidence | null;
};

export type JobResult = { readonly [key: string]: unknown };

export type Job = JobSpec & {
  readonly state: JobState;
  readonly fence: number;
  readonly failures: number;
  readonly losses: number;
  readonly result: JobResult | null;
};

/** Third failure parks a job. */
export const MAX_FAILURES = 3;
