import { type Attempt, type AttemptOutcome, type Evidence, type Job, type JobKind, type JobResult, type JobSpec, MAX_FAILURES } from '../../model/job.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import { checkLimit, decodeCursor, encodeCursor, pageOf } from '../../ports/cursor.ts';
import type { JobCounts, JobQueue, Lease, Spent } from '../../ports/job-queue.ts';
import type { Database } from './database.ts';
import { attemptOf, type JobRow, jobOf, SQL } from './job-rows.ts';

type ListedAttempt = Attempt & { kind: JobKind; part: JobSpec['part']; revision: string };

/** Jobs per transaction of `enqueue`, so that other processes get their turn. */
const ENQUEUE_BATCH = 1000;

export class SqliteJobQueue implements JobQueue {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #isWorkerDead: (worker: string) => boolean;

  /** `isWorkerDead` says true only where it is certain; it is asked inside a transaction and must be quick. */
  constructor(db: Database, world: { clock: Clock; random: Random; isWorkerDead: (worker: string) => boolean }) {
    this.#db = db;
    this.#clock = world.clock;
    this.#random = world.random;
    this.#isWorkerDead = world.isWorkerDead;
  }

  async enqueue(jobs: readonly JobSpec[]): Promise<void> {
    for (let start = 0; start < jobs.length; start += ENQUEUE_BATCH) {
      const batch = jobs.slice(start, start + ENQUEUE_BATCH);
      await this.#db.write(() => {
        const insert = this.#db.sql(SQL.insert);
        for (const job of batch) {
          insert.run(job.id, job.titleId, job.revision, job.kind, job.part.index, job.part.codec ?? '', job.exclusiveKey, job.priority);
        }
      });
    }
  }

  async claim(request: { worker: string; titleIds: readonly string[]; leaseMs: number }): Promise<Lease | null> {
    return this.#db.write(() => {
      this.#takeBackLostLeases();
      const best = this.#bestReady(request.titleIds);
      return best ? this.#lease(best, request.worker, request.leaseMs) : null;
    });
  }

  async renew(lease: Lease, leaseMs: number, framesSoFar: number): Promise<boolean> {
    return this.#db.write(() => {
      const done = this.#db.sql(SQL.renew).run(this.#clock.nowMs() + leaseMs, lease.job.id, lease.fence, lease.attemptId);
      if (done.changes === 0) return false;
      this.#db.sql(SQL.attemptFrames).run(framesSoFar, lease.job.id, lease.fence);
      return true;
    });
  }

  async complete(lease: Lease, result: JobResult, spent: Spent): Promise<boolean> {
    return this.#db.write(() => {
      const done = this.#db.sql(SQL.complete).run(JSON.stringify(result), lease.job.id, lease.fence, lease.attemptId);
      if (done.changes === 0) return false;
      this.#endAttempt(lease, 'done', spent, null);
      return true;
    });
  }

  async fail(lease: Lease, evidence: Evidence, spent: Spent): Promise<'ready' | 'parked' | 'lost'> {
    return this.#db.write(() => {
      const row = this.#db.sql(SQL.fail).get(MAX_FAILURES, lease.job.id, lease.fence, lease.attemptId);
      if (!row) return 'lost';
      this.#endAttempt(lease, 'failed', spent, evidence);
      return row.state === 'parked' ? 'parked' : 'ready';
    });
  }

  async release(lease: Lease, spent: Spent): Promise<boolean> {
    return this.#db.write(() => {
      const done = this.#db.sql(SQL.release).run(lease.job.id, lease.fence, lease.attemptId);
      if (done.changes === 0) return false;
      this.#endAttempt(lease, 'released', spent, null);
      return true;
    });
  }

  async get(jobId: string): Promise<Job | null> {
    return this.#jobOrNull(SQL.byId, [jobId]);
  }

  async counts(titleId: string, revision: string): Promise<JobCounts> {
    const rows = this.#db.read(() => this.#db.sql(SQL.counts).all(titleId, revision)) as unknown as readonly { kind: string; state: string; jobs: number }[];
    const counts: { [kind: string]: { [state: string]: number } } = {};
    for (const { kind, state, jobs } of rows) counts[kind] = { ...counts[kind], [state]: jobs };
    return counts;
  }

  async findParked(titleId: string, revision: string): Promise<Job | null> {
    return this.#jobOrNull(SQL.parked, [titleId, revision]);
  }

  async listDone(titleId: string, revision: string, kind: JobKind, cursor: string | null, limit: number) {
    checkLimit(limit);
    const after = decodeCursor('done', cursor, [0, '', '']) ?? [-1, '', ''];
    const rows = this.#db.read(() => this.#db.sql(SQL.listDone).all(titleId, revision, kind, ...after, limit + 1)) as unknown as readonly JobRow[];
    const page = pageOf(rows, limit, jobOf, (last) => encodeCursor('done', [last.part_index, last.part_codec, last.id]));
    return { jobs: page.items, cursor: page.cursor };
  }

  async listAttempts(titleId: string, cursor: string | null, limit: number): Promise<{ attempts: readonly ListedAttempt[]; cursor: string | null }> {
    checkLimit(limit);
    const [after] = decodeCursor('attempts', cursor, [0]) ?? [0];
    const rows = this.#db.read(() => this.#db.sql(SQL.listAttempts).all(titleId, after, limit + 1));
    const page = pageOf(rows, limit, attemptOf, (last) => encodeCursor('attempts', [Number(last.seq)]));
    return { attempts: page.items, cursor: page.cursor };
  }

  async drop(titleId: string, revision: string): Promise<void> {
    await this.#db.write(() => {
      this.#db.sql(SQL.endDroppedAttempts).run(this.#clock.nowMs(), titleId, revision);
      this.#db.sql(SQL.drop).run(titleId, revision);
    });
  }

  async revive(titleId: string, revision: string): Promise<void> {
    await this.#db.write(() => this.#db.sql(SQL.revive).run(titleId, revision));
  }

  /** Expired leases and those of dead workers, whatever their title: an exclusive key may be held by another title's lost lease. */
  #takeBackLostLeases(): void {
    const nowMs = this.#clock.nowMs();
    const dead = new Map<string, boolean>();
    const isDead = (worker: string) => {
      if (!dead.has(worker)) dead.set(worker, this.#isWorkerDead(worker));
      return dead.get(worker);
    };
    const rows = this.#db.sql(SQL.running).all() as unknown as readonly { seq: number; fence: number; worker: string; lease_until_ms: number }[];
    for (const row of rows) {
      if (row.lease_until_ms > nowMs && !isDead(row.worker)) continue;
      this.#db.sql(SQL.lose).run(row.seq);
      this.#db.sql(SQL.loseAttempt).run(nowMs, row.seq, row.fence);
    }
  }

  #bestReady(titleIds: readonly string[]): JobRow | null {
    let best: JobRow | null = null;
    for (const titleId of titleIds) {
      const row = this.#db.sql(SQL.firstReady).get(titleId) as JobRow | undefined;
      if (row && (!best || row.priority > best.priority || (row.priority === best.priority && row.seq < best.seq))) best = row;
    }
    return best;
  }

  #lease(row: JobRow, worker: string, leaseMs: number): Lease {
    const nowMs = this.#clock.nowMs();
    const attemptId = this.#random.id();
    const fence = row.fence + 1;
    this.#db.sql(SQL.lease).run(fence, attemptId, worker, nowMs + leaseMs, row.seq);
    this.#db.sql(SQL.newAttempt).run(row.seq, fence, attemptId, row.title_id, worker, nowMs);
    return { job: { ...jobOf(row), state: 'running', fence }, attemptId, fence, worker };
  }

  #endAttempt(lease: Lease, outcome: AttemptOutcome, spent: Spent, evidence: Evidence | null): void {
    const evidenceJson = evidence === null ? null : JSON.stringify(evidence);
    this.#db.sql(SQL.endAttempt).run(this.#clock.nowMs(), outcome, spent.frames, spent.cpuSeconds, evidenceJson, lease.job.id, lease.fence);
  }

  #jobOrNull(text: string, values: readonly string[]): Job | null {
    const row = this.#db.read(() => this.#db.sql(text).get(...values)) as JobRow | undefined;
    return row ? jobOf(row) : null;
  }
}
