import type { JobKind, JobSpec } from '../../../model/job.ts';
import type { JobCounts } from '../../../ports/job-queue.ts';
import { inParallel } from './in-parallel.ts';
import { bucketOf, CQL, compareParts, headOf, type JobHead, type ListedJob, listedOf, sliceOf, UNCLAIMED } from './job-rows.ts';
import type { CassandraSession, Row } from './session.ts';

/** What is known of one job of an open bucket. `head` null: ready, and nobody ever touched it. */
export type BoardJob = ListedJob & { head: JobHead | null };

export type Bucket = {
  readonly kind: JobKind;
  readonly bucket: number;
  /** Of the summary row when the list was read; grows with every enqueueing into the bucket. */
  listVersion: number;
  /** Above zero: all its jobs, so many, are done, and nothing of it needs to be read again. */
  closedJobs: number;
  /** The version of the summary in which it was last seen closed. */
  closedVersion: number;
  readonly jobs: Map<string, BoardJob>;
  isClosing: boolean;
};

export type Revision = {
  readonly titleId: string;
  readonly revision: string;
  readonly buckets: Map<string, Bucket>;
  /** Jobs of its open buckets when it was last looked at; null before that. */
  openCount: number | null;
  /** This process has changed which jobs there are since it last looked. */
  isOutdated: boolean;
};

const WIDTH = 16;
/** Revisions, and jobs of them all, kept in memory: some 200 MB. What was let go and is asked for again is read again. */
const REVISIONS_KEPT = 50_000;
const JOBS_KEPT = 500_000;
const BUCKET = 'title_id = :titleId AND revision = :revision AND kind = :kind AND bucket = :bucket';

/** The head of a job known only to be done, which is its last state. */
const DONE: JobHead = { ...UNCLAIMED, state: 'done', version: Number.MAX_SAFE_INTEGER };

/**
 * What this process knows of the jobs of titles, and how it catches up. A change of a job's state is announced in the job's slice *before* it is made
 * (`touch`), with the version that it will give the job; versions only grow. So whoever has seen a version needs to read the job again only when a
 * higher one was announced: catching up costs one read per bucket summary, one per slice with unfinished jobs and one per changed job. An
 * announcement whose change never came costs that one read each time, until the change is made by somebody. Buckets in which everything is done are
 * closed: their summary row says so, for every process.
 */
export class JobBoard {
  readonly #session: CassandraSession;
  readonly #revisions = new Map<string, Revision>();
  #jobsKept = 0;
  readonly #completeDone: (revision: Revision, bucket: Bucket) => Promise<void>;

  /** `completeDone` sees to it that every job of a bucket, all of them done, has its done row. */
  constructor(session: CassandraSession, completeDone: (revision: Revision, bucket: Bucket) => Promise<void>) {
    this.#session = session;
    this.#completeDone = completeDone;
  }

  /** Announces a change of the job to this version. */
  async touch({ spec }: ListedJob, version: number): Promise<void> {
    const { titleId, revision, kind, id } = spec;
    await this.#session.write(
      'INSERT INTO job_touch (title_id, revision, kind, slice, job_id, version) VALUES (:titleId, :revision, :kind, :slice, :jobId, :version)',
      { titleId, revision, kind, slice: sliceOf(spec), jobId: id, version },
    );
  }

  /** Keeps what was just read or written, unless something newer is known. */
  learn({ spec }: ListedJob, head: JobHead): void {
    const bucket = this.#revisions.get(nameOf(spec.titleId, spec.revision))?.buckets.get(bucketName(spec.kind, bucketOf(spec)));
    const job = bucket?.jobs.get(spec.id);
    if (job && isNewer(head, job.head)) job.head = head;
  }

  /** The revision as it is now. */
  async look(titleId: string, revision: string): Promise<Revision> {
    const view = this.#kept(titleId, revision);
    view.isOutdated = false;
    const rows = await this.#session.read('SELECT kind, bucket, version, closed_jobs FROM job_bucket WHERE title_id = :titleId AND revision = :revision', {
      titleId,
      revision,
    });
    await inParallel(rows, WIDTH, (row) => this.#lookAtBucket(view, row));
    this.#recount(view);
    return view;
  }

  /** The revision as it was when this process last looked; null when it did not, has forgotten, or has added jobs since. */
  lastSeen(titleId: string, revision: string): Revision | null {
    const view = this.#revisions.get(nameOf(titleId, revision));
    return view && view.openCount !== null && !view.isOutdated ? view : null;
  }

  /** Jobs were just made. Their revisions are still as they were seen, with these. */
  add(made: readonly ListedJob[]): void {
    for (const job of made) {
      const { titleId, revision, kind, id } = job.spec;
      const view = this.#revisions.get(nameOf(titleId, revision));
      if (!view) continue;
      const bucket = bucketIn(view, kind, bucketOf(job.spec));
      // It is open again, and what else it holds was forgotten.
      if (bucket.closedJobs > 0) view.isOutdated = true;
      else if (!bucket.jobs.has(id)) bucket.jobs.set(id, { ...job, head: null });
    }
  }

  /** Some of these jobs may have been made: their revisions are not as they were seen any more. */
  outdate(jobs: readonly JobSpec[]): void {
    for (const { titleId, revision } of jobs) {
      const view = this.#revisions.get(nameOf(titleId, revision));
      if (view) view.isOutdated = true;
    }
  }

  async #lookAtBucket(view: Revision, row: Row): Promise<void> {
    const bucket = bucketIn(view, row.kind, row.bucket);
    if (row.closed_jobs > 0) {
      Object.assign(bucket, { closedVersion: row.version, listVersion: row.version, closedJobs: row.closed_jobs });
      bucket.jobs.clear();
      return;
    }
    if (row.version > bucket.listVersion) {
      await this.#readList(view, bucket);
      bucket.listVersion = Math.max(bucket.listVersion, row.version);
    }
    await this.#catchUp(view, bucket);
    // Another look may have seen it closed since: what was open in that version is then older news.
    if (row.version <= bucket.closedVersion) return;
    bucket.closedJobs = 0;
    await this.#close(view, bucket);
  }

  /** Done jobs are known from their done rows, without asking each of them. */
  async #readList(view: Revision, { kind, bucket, jobs }: Bucket): Promise<void> {
    const place = { titleId: view.titleId, revision: view.revision, kind, bucket };
    const [listed, done] = await Promise.all(
      ['* FROM job_list', 'job_id FROM job_done'].map((what) => this.#session.read(`SELECT ${what} WHERE ${BUCKET}`, place)),
    );
    const isDone = new Set(done.map((row) => row.job_id));
    for (const row of listed) if (!jobs.has(row.job_id)) jobs.set(row.job_id, { ...listedOf(row), head: isDone.has(row.job_id) ? DONE : null });
  }

  async #catchUp(view: Revision, bucket: Bucket): Promise<void> {
    const unfinished = [...bucket.jobs.values()].filter((job) => job.head?.state !== 'done');
    const slices = [...new Set(unfinished.map((job) => sliceOf(job.spec)))];
    const touched = await inParallel(slices, WIDTH, (slice) =>
      this.#session.read(
        `SELECT job_id, max(version) AS version FROM job_touch WHERE title_id = :titleId AND revision = :revision AND kind = :kind AND slice = :slice
          GROUP BY job_id`,
        { titleId: view.titleId, revision: view.revision, kind: bucket.kind, slice },
      ),
    );
    const changed = touched.flat().flatMap((row) => {
      const job = bucket.jobs.get(row.job_id);
      return job && row.version > (job.head?.version ?? 0) ? [job] : [];
    });
    await inParallel(changed, WIDTH, async (job) => {
      const [row] = await this.#session.read(CQL.job, { jobId: job.spec.id });
      if (row && isNewer(headOf(row), job.head)) job.head = headOf(row);
    });
  }

  async #close(view: Revision, bucket: Bucket): Promise<void> {
    const jobs = [...bucket.jobs.values()];
    if (bucket.isClosing || jobs.length === 0 || jobs.some((job) => job.head?.state !== 'done')) return;
    bucket.isClosing = true;
    try {
      await this.#completeDone(view, bucket);
      const place = { titleId: view.titleId, revision: view.revision, kind: bucket.kind, bucket: bucket.bucket };
      await this.#session.lwt({
        query: `UPDATE job_bucket SET closed_jobs = :jobs, write_id = :writeId WHERE ${BUCKET} IF version = :version AND closed_jobs = 0`,
        values: { ...place, jobs: jobs.length, version: bucket.listVersion },
        find: { query: `SELECT write_id FROM job_bucket WHERE ${BUCKET}`, values: place },
        isOurs: (row, writeId) => row?.write_id === writeId,
      });
    } finally {
      bucket.isClosing = false;
    }
  }

  #kept(titleId: string, revision: string): Revision {
    const name = nameOf(titleId, revision);
    const view = this.#revisions.get(name) ?? { titleId, revision, buckets: new Map(), openCount: null, isOutdated: false };
    this.#revisions.delete(name);
    this.#revisions.set(name, view);
    return view;
  }

  /** Lets go of the revisions that were not looked at for longest, as far as there are too many. */
  #recount(view: Revision): void {
    if (this.#revisions.get(nameOf(view.titleId, view.revision)) !== view) return;
    const openCount = [...view.buckets.values()].reduce((sum, bucket) => sum + bucket.jobs.size, 0);
    this.#jobsKept += openCount - (view.openCount ?? 0);
    view.openCount = openCount;
    for (const [name, oldest] of this.#revisions) {
      if (oldest === view || (this.#revisions.size <= REVISIONS_KEPT && this.#jobsKept <= JOBS_KEPT)) return;
      this.#revisions.delete(name);
      this.#jobsKept -= oldest.openCount ?? 0;
    }
  }
}

/** Jobs of the open buckets. */
export function openJobs(view: Revision): BoardJob[] {
  return [...view.buckets.values()].flatMap((bucket) => (bucket.closedJobs > 0 ? [] : [...bucket.jobs.values()]));
}

export function isReady(job: BoardJob): boolean {
  return job.head === null || job.head.state === 'ready';
}

export function tally(view: Revision): JobCounts {
  const counts: { [kind: string]: { [state: string]: number } } = {};
  const add = (kind: string, state: string, jobs: number) => {
    counts[kind] ??= {};
    counts[kind][state] = (counts[kind][state] ?? 0) + jobs;
  };
  for (const bucket of view.buckets.values()) {
    if (bucket.closedJobs > 0) add(bucket.kind, 'done', bucket.closedJobs);
    else for (const job of bucket.jobs.values()) add(bucket.kind, job.head?.state ?? 'ready', 1);
  }
  return counts;
}

/** Buckets of one kind in part order. */
export function bucketsOf(view: Revision, kind: JobKind): Bucket[] {
  return [...view.buckets.values()].filter((bucket) => bucket.kind === kind).sort((a, b) => a.bucket - b.bucket);
}

/** Done jobs of an open bucket in part order. */
export function doneOf(bucket: Bucket): BoardJob[] {
  return [...bucket.jobs.values()].filter((job) => job.head?.state === 'done').sort((a, b) => compareParts(a.spec, b.spec));
}

function isNewer(head: JobHead, known: JobHead | null): boolean {
  return known === null || head.version > known.version || (head.version === known.version && head.beat > known.beat);
}

function bucketIn(view: Revision, kind: JobKind, bucket: number): Bucket {
  const name = bucketName(kind, bucket);
  const found = view.buckets.get(name) ?? { kind, bucket, listVersion: 0, closedJobs: 0, closedVersion: 0, jobs: new Map(), isClosing: false };
  view.buckets.set(name, found);
  return found;
}

function bucketName(kind: string, bucket: number): string {
  return `${kind} ${bucket}`;
}

function nameOf(titleId: string, revision: string): string {
  return JSON.stringify([titleId, revision]);
}
