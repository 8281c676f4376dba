import type { Attempt, AttemptOutcome, Job, JobKind, JobSpec, JobState } from '../../model/job.ts';
import { parseRow } from './parse-row.ts';

export type JobRow = {
  readonly seq: number;
  readonly id: string;
  readonly title_id: string;
  readonly revision: string;
  readonly kind: JobKind;
  readonly part_index: number;
  readonly part_codec: string;
  readonly exclusive_key: string | null;
  readonly priority: number;
  readonly state: JobState;
  readonly fence: number;
  readonly failures: number;
  readonly losses: number;
  readonly result: string | null;
};

const JOB = 'seq, id, title_id, revision, kind, part_index, part_codec, exclusive_key, priority, state, fence, failures, losses, result';
const HELD = "WHERE id = ? AND state = 'running' AND fence = ? AND attempt_id = ?";
/** An attempt's number is the fence of its claim. */
const ATTEMPT = 'WHERE job_seq = (SELECT seq FROM job WHERE id = ?) AND number = ?';
const NO_LEASE = 'attempt_id = NULL, worker = NULL, lease_until_ms = NULL';

/** The queue's statements. Each one that runs per job finds its rows through an index (test: none scans the table). */
export const SQL = {
  insert: `INSERT INTO job (id, title_id, revision, kind, part_index, part_codec, exclusive_key, priority, state)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'ready') ON CONFLICT DO NOTHING`,
  running: "SELECT seq, fence, worker, lease_until_ms FROM job INDEXED BY job_running WHERE state = 'running'",
  lose: `UPDATE job SET state = 'ready', losses = losses + 1, ${NO_LEASE} WHERE seq = ?`,
  loseAttempt: "UPDATE attempt SET outcome = 'lost', ended_ms = ? WHERE job_seq = ? AND number = ?",
  firstReady: `SELECT ${JOB} FROM job INDEXED BY job_ready WHERE state = 'ready' AND title_id = ? AND (exclusive_key IS NULL OR NOT EXISTS (
      SELECT 1 FROM job AS other INDEXED BY job_running WHERE other.state = 'running' AND other.exclusive_key = job.exclusive_key))
    ORDER BY losses > 0, priority DESC, seq LIMIT 1`,
  lease: "UPDATE job SET state = 'running', fence = ?, attempt_id = ?, worker = ?, lease_until_ms = ? WHERE seq = ?",
  newAttempt: "INSERT INTO attempt (job_seq, number, attempt_id, title_id, worker, started_ms, outcome) VALUES (?, ?, ?, ?, ?, ?, 'running')",
  renew: `UPDATE job SET lease_until_ms = ? ${HELD}`,
  attemptFrames: `UPDATE attempt SET frames = ? ${ATTEMPT}`,
  complete: `UPDATE job SET state = 'done', result = ?, ${NO_LEASE} ${HELD}`,
  fail: `UPDATE job SET state = iif(failures + 1 >= ?, 'parked', 'ready'), failures = failures + 1, ${NO_LEASE} ${HELD} RETURNING state`,
  release: `UPDATE job SET state = 'ready', ${NO_LEASE} ${HELD}`,
  endAttempt: `UPDATE attempt SET ended_ms = ?, outcome = ?, frames = ?, cpu_seconds = ?, evidence = ? ${ATTEMPT}`,
  byId: `SELECT ${JOB} FROM job WHERE id = ?`,
  counts: 'SELECT kind, state, jobs FROM job_count WHERE title_id = ? AND revision = ? AND jobs > 0',
  parked: `SELECT ${JOB} FROM job INDEXED BY job_open WHERE title_id = ? AND revision = ? AND state = 'parked' AND state <> 'done' ORDER BY seq LIMIT 1`,
  listDone: `SELECT ${JOB} FROM job INDEXED BY job_done WHERE state = 'done' AND title_id = ? AND revision = ? AND kind = ?
    AND (part_index, part_codec, id) > (?, ?, ?) ORDER BY part_index, part_codec, id LIMIT ?`,
  listAttempts: `SELECT attempt.seq, attempt.attempt_id, job.id AS job_id, number, attempt.worker, started_ms, ended_ms, outcome, frames, cpu_seconds, evidence,
      kind, part_index, part_codec, revision
    FROM attempt JOIN job ON job.seq = attempt.job_seq WHERE attempt.title_id = ? AND attempt.seq > ? ORDER BY attempt.seq LIMIT ?`,
  endDroppedAttempts: `UPDATE attempt SET outcome = 'released', ended_ms = ? WHERE (job_seq, number) IN (
    SELECT seq, fence FROM job INDEXED BY job_open WHERE title_id = ? AND revision = ? AND state = 'running' AND state <> 'done')`,
  drop: `UPDATE job INDEXED BY job_open SET state = 'dropped', ${NO_LEASE}
    WHERE title_id = ? AND revision = ? AND state IN ('ready', 'running') AND state <> 'done'`,
  revive: `UPDATE job INDEXED BY job_open SET state = 'ready', failures = 0
    WHERE title_id = ? AND revision = ? AND state IN ('parked', 'dropped') AND state <> 'done'`,
} as const;

export function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    titleId: row.title_id,
    revision: row.revision,
    kind: row.kind,
    part: partOf(row.part_index, row.part_codec),
    exclusiveKey: row.exclusive_key,
    priority: row.priority,
    state: row.state,
    fence: row.fence,
    failures: row.failures,
    losses: row.losses,
    result: row.result === null ? null : parseRow(`job ${row.id}`, row.result),
  };
}

export function attemptOf(row: { readonly [column: string]: unknown }): Attempt & { kind: JobKind; part: JobSpec['part']; revision: string } {
  return {
    attemptId: String(row.attempt_id),
    jobId: String(row.job_id),
    number: Number(row.number),
    worker: String(row.worker),
    startedMs: Number(row.started_ms),
    endedMs: row.ended_ms === null ? null : Number(row.ended_ms),
    outcome: row.outcome as AttemptOutcome,
    frames: Number(row.frames),
    cpuSeconds: Number(row.cpu_seconds),
    evidence: row.evidence === null ? null : parseRow(`attempt ${row.attempt_id}`, row.evidence),
    kind: row.kind as JobKind,
    part: partOf(Number(row.part_index), String(row.part_codec)),
    revision: String(row.revision),
  };
}

function partOf(index: number, codec: string): JobSpec['part'] {
  return codec === '' ? { index } : { index, codec };
}
