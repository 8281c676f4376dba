import type { Attempt, AttemptOutcome, Evidence, Job, JobKind, JobSpec, JobState } from '../../../model/job.ts';
import { compareText } from './byte-order.ts';
import { loadJson } from './long-text.ts';
import type { CassandraSession, Row } from './session.ts';

/** Parts of a kind's jobs that share a bucket: its list, its done rows, its summary. */
const PARTS_PER_BUCKET = 500;
/** Parts that share a slice: what is read again while one of them is unfinished. */
const PARTS_PER_SLICE = 50;

/** A job as its list row says, and the place in the order of enqueueing. */
export type ListedJob = { readonly spec: JobSpec; readonly enqueuedMs: number; readonly enqueuedN: number };

/** The job's row as far as its transactions look at it. */
export type JobHead = {
  readonly state: JobState;
  /** Grows with every change of state. */
  readonly version: number;
  /** Grows with every claim. */
  readonly fence: number;
  /** Grows with every renewal of the lease. */
  readonly beat: number;
  readonly failures: number;
  readonly losses: number;
  readonly worker: string;
  readonly delivery: string;
  readonly leaseMs: number;
};

/** Of a job that was just made. */
export const UNCLAIMED: JobHead = { state: 'ready', version: 0, fence: 0, beat: 0, failures: 0, losses: 0, worker: '', delivery: '', leaseMs: 0 };

const SPEC = 'title_id, revision, kind, part_index, part_codec, exclusive_key, priority';
const HEAD = 'state, version, fence, beat, failures, losses, worker, delivery, lease_ms';
const HELD = "WHERE job_id = :jobId AND number = :fence IF fence = :fence AND attempt_id = :attemptId AND state = 'running'";
const END = 'write_id = :writeId, end_id = :writeId, ended_ms = :nowMs, outcome = :outcome';
const SPENT = 'frames = :frames, cpu_seconds = :cpuSeconds';
const LEASE = `fence = :fence, beat = 0, lease_ms = :leaseMs, worker = :worker, delivery = :delivery, attempt_id = :writeId, write_id = :writeId`;
const BEGIN = "own_id = :writeId, own_worker = :worker, started_ms = :nowMs, outcome = 'running', frames = 0, cpu_seconds = 0";

/** The queue's transactions and reads of a job's own partition. An attempt's number is the fence of its claim. */
export const CQL = {
  job: `SELECT DISTINCT job_id, ${SPEC}, enqueued_ms, enqueued_n, ${HEAD}, result FROM job WHERE job_id = :jobId`,
  attempts: 'SELECT number, own_id, own_worker, started_ms, ended_ms, outcome, frames, cpu_seconds, evidence FROM job WHERE job_id = :jobId',
  find: 'SELECT write_id, own_id, end_id FROM job WHERE job_id = :jobId AND number = :fence',
  findAny: 'SELECT DISTINCT job_id, write_id FROM job WHERE job_id = :jobId',
  insert: `INSERT INTO job (job_id, ${SPEC}, enqueued_ms, enqueued_n, ${HEAD}, write_id)
    VALUES (:jobId, :titleId, :revision, :kind, :partIndex, :partCodec, :exclusiveKey, :priority, :enqueuedMs, :enqueuedN,
      'ready', 0, 0, 0, 0, 0, '', '', 0, :writeId) IF NOT EXISTS`,
  claim: `UPDATE job SET state = 'running', version = :next, ${LEASE}, ${BEGIN}
    WHERE job_id = :jobId AND number = :fence IF version = :version AND state = 'ready'`,
  takeOver: `BEGIN BATCH
    UPDATE job SET version = :next, losses = :losses, ${LEASE} WHERE job_id = :jobId IF version = :version AND state = 'running';
    UPDATE job SET outcome = 'lost', ended_ms = :nowMs, end_id = :writeId WHERE job_id = :jobId AND number = :lostFence;
    UPDATE job SET ${BEGIN} WHERE job_id = :jobId AND number = :fence;
    APPLY BATCH`,
  takeBack: `UPDATE job SET state = 'ready', version = :next, losses = :losses, ${END}
    WHERE job_id = :jobId AND number = :fence IF version = :version AND beat = :beat AND state = 'running'`,
  renew: `UPDATE job SET beat = :beat, frames = :frames, lease_ms = :leaseMs, write_id = :writeId ${HELD}`,
  complete: `UPDATE job SET state = 'done', version = :next, result = :result, ${END}, ${SPENT} ${HELD}`,
  fail: `UPDATE job SET state = :state, version = :next, failures = :failures, evidence = :evidence, ${END}, ${SPENT} ${HELD}`,
  release: `UPDATE job SET state = 'ready', version = :next, ${END}, ${SPENT} ${HELD}`,
  dropRunning: `UPDATE job SET state = 'dropped', version = :next, ${END} WHERE job_id = :jobId AND number = :fence IF version = :version AND state = 'running'`,
  dropReady: "UPDATE job SET state = 'dropped', version = :next, write_id = :writeId WHERE job_id = :jobId IF version = :version AND state = 'ready'",
  revive: `UPDATE job SET state = 'ready', version = :next, failures = 0, write_id = :writeId
    WHERE job_id = :jobId IF version = :version AND state IN ('parked', 'dropped')`,
} as const;

export function bucketOf(spec: JobSpec): number {
  return Math.floor(spec.part.index / PARTS_PER_BUCKET);
}

export function sliceOf(spec: JobSpec): number {
  return Math.floor(spec.part.index / PARTS_PER_SLICE);
}

/** A job's description by the names that the statements use. */
export function specValues(spec: JobSpec) {
  return {
    jobId: spec.id,
    titleId: spec.titleId,
    revision: spec.revision,
    kind: spec.kind,
    partIndex: spec.part.index,
    partCodec: spec.part.codec ?? '',
    exclusiveKey: spec.exclusiveKey ?? '',
    priority: spec.priority,
  };
}

export function bucketPlace(spec: JobSpec) {
  return { titleId: spec.titleId, revision: spec.revision, kind: spec.kind, bucket: bucketOf(spec) };
}

export function specOf(row: Row): JobSpec {
  return {
    id: row.job_id,
    titleId: row.title_id,
    revision: row.revision,
    kind: row.kind as JobKind,
    part: row.part_codec === '' ? { index: row.part_index } : { index: row.part_index, codec: row.part_codec },
    exclusiveKey: row.exclusive_key === '' ? null : row.exclusive_key,
    priority: row.priority,
  };
}

export function headOf(row: Row): JobHead {
  const { state, version, fence, beat, failures, losses, worker, delivery, lease_ms } = row;
  return { state, version, fence, beat, failures, losses, worker, delivery, leaseMs: lease_ms };
}

export function listedOf(row: Row): ListedJob {
  return { spec: specOf(row), enqueuedMs: row.enqueued_ms, enqueuedN: row.enqueued_n };
}

export async function jobOf(session: CassandraSession, row: Row): Promise<Job> {
  const { state, fence, failures, losses, result } = row;
  return { ...specOf(row), state, fence, failures, losses, result: result === null ? null : await loadJson(session, result) };
}

export async function attemptOf(session: CassandraSession, jobId: string, row: Row): Promise<Attempt> {
  return {
    attemptId: row.own_id,
    jobId,
    number: row.number,
    worker: row.own_worker,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    outcome: row.outcome as AttemptOutcome,
    frames: row.frames,
    cpuSeconds: row.cpu_seconds,
    evidence: row.evidence === null ? null : await loadJson<Evidence>(session, row.evidence),
  };
}

/** As the tables order a bucket. */
export function compareParts(a: Pick<JobSpec, 'part' | 'id'>, b: Pick<JobSpec, 'part' | 'id'>): number {
  return a.part.index - b.part.index || compareText(a.part.codec ?? '', b.part.codec ?? '') || compareText(a.id, b.id);
}

type Turn = ListedJob & { readonly head: JobHead | null };

/** Those that were lost last, then the highest priority first, then as enqueued. */
export function compareTurns(a: Turn, b: Turn): number {
  return Number(wasLost(a)) - Number(wasLost(b)) || compareUrgency(a, b);
}

/** Highest priority first, then as enqueued. */
export function compareUrgency(a: ListedJob, b: ListedJob): number {
  return b.spec.priority - a.spec.priority || a.enqueuedMs - b.enqueuedMs || a.enqueuedN - b.enqueuedN || compareText(a.spec.id, b.spec.id);
}

function wasLost({ head }: Turn): boolean {
  return head !== null && head.losses > 0;
}
