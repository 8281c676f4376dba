import type { Database } from '../../src/adapters/embedded/database.ts';
import type { EncodedChunk } from '../../src/model/encoded-chunk.ts';
import type { SceneEvent } from '../../src/model/event.ts';
import { type Job, type JobState, MAX_FAILURES } from '../../src/model/job.ts';
import type { Title, TitleState } from '../../src/model/title.ts';
import { isLive } from '../../src/pipeline/title-changes.ts';
import type { Lease } from '../../src/ports/job-queue.ts';
import type { SimProcess, World } from './world.ts';

/** An attempt as the observer above the world sees it. */
type AttemptTruth = {
  readonly process: SimProcess;
  readonly job: Job;
  /** Something happened that may cost this attempt's work. */
  isExcused: boolean;
};

type JobRow = { readonly id: string; readonly state: JobState };

/** Steps that a title may take; to where it was before is possible besides. */
export const NEXT_STATES: { readonly [S in TitleState]: readonly TitleState[] } = {
  registered: ['inspecting', 'refused', 'failed', 'cancelled'],
  inspecting: ['planning', 'refused', 'failed', 'cancelled'],
  planning: ['encoding', 'failed', 'cancelled'],
  encoding: ['encoding', 'assembling', 'failed', 'cancelled'],
  assembling: ['packaging', 'failed', 'cancelled'],
  packaging: ['published', 'failed', 'cancelled'],
  published: [],
  refused: [],
  failed: [],
  cancelled: [],
};

/** The observer: sees every effect as it happens, and compares what the rows say with what the promises allow. */
export class Truth {
  readonly #world: World;
  readonly #db: Database;
  readonly titles = new Map<string, Title>();
  readonly proven = new Map<string, string>();
  readonly announced = new Map<string, SceneEvent>();
  readonly #attempts = new Map<string, AttemptTruth>();
  readonly #open = new Set<AttemptTruth>();
  readonly #encoders = new Map<string, AttemptTruth[]>();
  readonly #fences = new Map<string, number>();
  readonly #done = new Set<string>();
  readonly #failures = new Map<string, number>();
  #changesSeen = 0;
  zombiesRefused = 0;
  encodes = 0;

  constructor(world: World, db: Database) {
    this.#world = world;
    this.#db = db;
  }

  /** A fault at a process, or a step of the title that stops work: what is in flight there may be done again. */
  excuse(which: (attempt: { process: SimProcess; job: Job }) => boolean): void {
    for (const attempt of this.#open) if (which(attempt)) attempt.isExcused = true;
  }

  /** What a process does of a job may be done again. */
  excuseJob(job: Job, process: SimProcess): void {
    this.excuse((attempt) => attempt.job.id === job.id && attempt.process === process);
  }

  claimed(process: SimProcess, lease: Lease): void {
    const { job, fence, attemptId } = lease;
    if (fence <= (this.#fences.get(job.id) ?? 0)) this.#world.violate(`fence ${fence} of ${job.id} did not grow`);
    if (this.#done.has(job.id)) this.#world.violate(`${job.id} is done and was given out again`);
    this.#fences.set(job.id, fence);
    const attempt = { process, job, isExcused: false };
    this.#attempts.set(attemptId, attempt);
    this.#open.add(attempt);
  }

  /** The work of an attempt is over, whatever came of it. */
  ended(attemptId: string): void {
    const attempt = this.#attempts.get(attemptId);
    if (attempt) this.#open.delete(attempt);
  }

  settled(lease: Lease, how: string, accepted: boolean): void {
    if (!accepted) {
      this.zombiesRefused++;
      return;
    }
    const newest = this.#fences.get(lease.job.id);
    if (newest !== lease.fence) this.#world.violate(`${how} of ${lease.job.id} with fence ${lease.fence} was accepted; the newest is ${newest}`);
    if (this.#done.has(lease.job.id)) this.#world.violate(`${how} of ${lease.job.id} was accepted after it was done`);
  }

  starts(attemptId: string, lastReadRevision: string | undefined): void {
    const { process, job, isExcused } = this.#attempts.get(attemptId)!;
    if (this.#done.has(job.id) && !isExcused) this.#world.violate(`${job.id} is done and runs again`);
    if (job.revision !== lastReadRevision) this.#world.violate(`${process.name} runs ${job.id} though it read that the title is at ${lastReadRevision}`);
  }

  toolFailed(job: Job): void {
    this.#failures.set(job.id, (this.#failures.get(job.id) ?? 0) + 1);
  }

  lookedUp(address: string, found: EncodedChunk | null): void {
    const proven = this.proven.get(address);
    if ((found?.objectKey ?? undefined) !== proven) this.#world.violate(`look-up of ${address} says ${found?.objectKey}, proven is ${proven}`);
  }

  startsEncoding(attemptId: string, address: string): void {
    this.encodes++;
    if (this.proven.has(address) && !this.#attempts.get(attemptId)!.isExcused) this.#world.violate(`${address} is proven and is encoded again`);
    const encoders = this.#encoders.get(address) ?? [];
    encoders.push(this.#attempts.get(attemptId)!);
    this.#encoders.set(address, encoders);
    const unexcused = encoders.filter((attempt) => !attempt.isExcused);
    if (unexcused.length > 1) this.#world.violate(`${address} is encoded again though nothing happened to ${unexcused[0].process.name}`);
  }

  recorded(address: string, objectKey: string, answer: EncodedChunk): void {
    const first = this.proven.get(address) ?? objectKey;
    this.proven.set(address, first);
    const stored = this.#db.sql('SELECT object_key FROM result WHERE address = ?').get(address)?.object_key;
    if (answer.objectKey !== first || stored !== first) this.#world.violate(`${address} was proven as ${first} and is now ${String(stored)}`);
  }

  /** Just before jobs are revived: those that will be start with a clean slate. */
  reviving(titleId: string, revision: string): void {
    const sql = "SELECT id FROM job WHERE title_id = ? AND revision = ? AND state IN ('parked', 'dropped')";
    for (const row of this.#db.sql(sql).all(titleId, revision)) this.#failures.delete(String(row.id));
  }

  titleWritten(expectedRev: number, next: Title, events: readonly SceneEvent[]): void {
    const before = this.titles.get(next.id);
    this.titles.set(next.id, next);
    this.#world.tell(next.id, () => `is ${next.state}, rev ${next.rev}, revision ${next.revision}`);
    if (before) this.#checkStep(before, next, expectedRev);
    if (before?.revision !== next.revision || !isLive(next)) {
      this.excuse(({ job }) => job.titleId === next.id && (job.revision !== next.revision || !isLive(next)));
    }
    for (const event of events) {
      if (this.announced.has(event.id)) this.#world.violate(`${event.id} is announced by two changes`);
      this.announced.set(event.id, event);
    }
  }

  #checkStep(before: Title, next: Title, expectedRev: number): void {
    const step = `${before.state} (rev ${before.rev}) -> ${next.state} (rev ${next.rev})`;
    if (before.rev !== expectedRev || next.rev !== expectedRev + 1) this.#world.violate(`${step} was written by one who had read rev ${expectedRev}`);
    if (before.revision !== next.revision) {
      if (next.state !== 'registered') this.#world.violate(`${step}: a new revision starts at registered`);
      return;
    }
    const legal = before.resumeState === null ? NEXT_STATES[before.state] : [before.resumeState];
    if (!legal.includes(next.state)) this.#world.violate(`${step} is not legal`);
    if (before.state === 'encoding' && next.state === 'encoding' && (next.progress.admittedChunks ?? 0) <= (before.progress.admittedChunks ?? 0)) {
      this.#world.violate(`${step} does not admit more chunks`);
    }
    if (next.state === 'assembling') this.#expectDone(next, 'encode', (next.progress.chunkCount ?? 0) * (next.progress.codecs?.length ?? 0));
    if (next.state === 'packaging') this.#expectDone(next, 'assemble', next.progress.renditionCount ?? 0);
    if (next.state === 'published') this.#expectDone(next, 'publish', 1);
    if (next.state === 'failed' && this.#stateOf(next.failedJobId ?? '') !== 'parked') this.#world.violate(`${step}, but ${next.failedJobId} is not parked`);
  }

  #expectDone(title: Title, kind: string, jobs: number): void {
    const sql = "SELECT count(*) AS n FROM job WHERE title_id = ? AND revision = ? AND kind = ? AND state = 'done'";
    const done = this.#db.sql(sql).get(title.id, title.revision, kind)?.n;
    if (done !== jobs || jobs === 0) this.#world.violate(`${title.id} is ${title.state} with ${done} of ${jobs} ${kind} jobs done`);
  }

  #stateOf(jobId: string): unknown {
    return this.#db.sql('SELECT state FROM job WHERE id = ?').get(jobId)?.state;
  }

  /** After every change of jobs: counters equal a recount, done stays done, nothing is parked that did not fail three times. */
  checkJobs(): void {
    const changes = Number(this.#db.sql('SELECT total_changes() AS n').get()?.n);
    if (changes === this.#changesSeen) return;
    this.#changesSeen = changes;
    const recount = new Map<string, number>();
    for (const row of this.#db.sql('SELECT id, state FROM job').all() as unknown as JobRow[]) {
      const key = `${row.id.slice(0, row.id.lastIndexOf('/'))} ${row.state}`;
      recount.set(key, (recount.get(key) ?? 0) + 1);
      if (row.state === 'done') this.#done.add(row.id);
      else if (this.#done.has(row.id)) this.#world.violate(`${row.id} was done and is ${row.state}`);
      if (row.state === 'parked' && (this.#failures.get(row.id) ?? 0) < MAX_FAILURES) {
        this.#world.violate(`${row.id} is parked after ${this.#failures.get(row.id) ?? 0} failures`);
      }
    }
    const counters = "SELECT title_id || '/' || revision || '/' || kind || ' ' || state AS key, jobs FROM job_count WHERE jobs <> 0";
    for (const { key, jobs } of this.#db.sql(counters).all() as unknown as readonly { key: string; jobs: number }[]) {
      if (jobs !== recount.get(key)) this.#world.violate(`counter ${key} is ${jobs}, rows are ${recount.get(key) ?? 0}`);
      recount.delete(key);
    }
    for (const [key, rows] of recount) this.#world.violate(`${rows} rows of ${key} are not counted`);
  }

  /** When everybody has gone home. */
  checkEnd(): void {
    for (const title of this.titles.values()) {
      if (isLive(title)) this.#world.violate(`${title.id} is still ${title.state}`);
      const sql = "SELECT count(*) AS n FROM job WHERE title_id = ? AND revision = ? AND state IN ('ready', 'running')";
      const left = this.#db.sql(sql).get(title.id, title.revision)?.n;
      if (left !== 0) this.#world.violate(`${left} jobs of ${title.id} are left over`);
    }
    const told = new Set(
      this.#db
        .sql('SELECT id FROM event')
        .all()
        .map((row) => row.id),
    );
    for (const id of this.announced.keys()) if (!told.has(id)) this.#world.violate(`${id} was never announced`);
    if (told.size !== this.announced.size) this.#world.violate(`${told.size} events in the log, ${this.announced.size} were written`);
  }
}
