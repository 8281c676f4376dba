import type { Job, JobKind, JobSpec } from '../../../model/job.ts';
import { checkLimit, decodeCursor, encodeCursor } from '../../../ports/cursor.ts';
import { inParallel } from './in-parallel.ts';
import { type Bucket, bucketsOf, doneOf, type JobBoard, type Revision } from './job-board.ts';
import { bucketOf, bucketPlace, CQL, compareParts, jobOf, type ListedJob, listedOf, specOf, specValues } from './job-rows.ts';
import type { CassandraSession, Row, Values } from './session.ts';

const WIDTH = 16;
/** List rows written in one step. */
const ROWS_PER_BATCH = 50;
const BUCKET = 'title_id = :titleId AND revision = :revision AND kind = :kind AND bucket = :bucket';
const INSERT_LISTED = `INSERT INTO job_list
  (title_id, revision, kind, bucket, part_index, part_codec, job_id, exclusive_key, priority, enqueued_ms, enqueued_n)
  VALUES (:titleId, :revision, :kind, :bucket, :partIndex, :partCodec, :jobId, :exclusiveKey, :priority, :enqueuedMs, :enqueuedN)`;
const INSERT_DONE = `INSERT INTO job_done
  (title_id, revision, kind, bucket, part_index, part_codec, job_id, exclusive_key, priority, fence, failures, losses, result)
  VALUES (:titleId, :revision, :kind, :bucket, :partIndex, :partCodec, :jobId, :exclusiveKey, :priority, :fence, :failures, :losses, :result)`;

/** The immutable rows about jobs, by title and revision: which jobs there are, and which are done with what result. */
export class JobLists {
  readonly #session: CassandraSession;
  readonly #knownRevisions = new Set<string>();

  constructor(session: CassandraSession) {
    this.#session = session;
  }

  /**
   * Makes jobs that do not exist. First their own rows, each by a transaction that the first one wins; then the list rows, of what those say; at last the
   * summaries of the buckets, so that everybody reads the lists again. Cut off in between and called again, it goes on. Gives the jobs that it made itself.
   */
  async add(specs: readonly JobSpec[]): Promise<ListedJob[]> {
    const enqueuedMs = await this.#session.serverNowMs();
    const wanted = specs.map((spec, enqueuedN): ListedJob => ({ spec, enqueuedMs, enqueuedN }));
    const own: ListedJob[] = [];
    for (const group of groupBy(wanted, ({ spec }) => JSON.stringify([spec.titleId, spec.revision, spec.kind, bucketOf(spec)]))) {
      await this.#ensureRevision(group[0].spec, enqueuedMs);
      const listed = new Set((await this.#session.read(`SELECT job_id FROM job_list WHERE ${BUCKET}`, bucketPlace(group[0].spec))).map((row) => row.job_id));
      const missing = group.filter(({ spec }) => !listed.has(spec.id));
      const made = await inParallel(missing, WIDTH, (job) => this.#make(job));
      own.push(...made.filter((job, i) => job === missing[i]));
      const places = groupBy([...made, ...group.filter(({ spec }) => listed.has(spec.id))], ({ spec }) => JSON.stringify(bucketPlace(spec)));
      for (const jobs of places) {
        await this.#list(jobs.filter(({ spec }) => !listed.has(spec.id)));
        await this.#announce(jobs[0].spec);
      }
    }
    return own;
  }

  /** A title's revisions, the first one first. */
  async revisionsOf(titleId: string): Promise<string[]> {
    if (titleId === '') return [];
    const rows = await this.#session.read('SELECT revision, created_ms FROM job_revision WHERE title_id = :titleId', { titleId });
    return rows.sort((a, b) => a.created_ms - b.created_ms).map((row) => row.revision);
  }

  /** The done row of a job: `result` as its own row has it. */
  async addDone(job: JobSpec & Pick<Job, 'fence' | 'failures' | 'losses'>, result: string): Promise<void> {
    const { fence, failures, losses } = job;
    await this.#session.write(INSERT_DONE, { ...specValues(job), bucket: bucketOf(job), fence, failures, losses, result });
  }

  /** Done rows that a process owed when it died. */
  async completeDone(view: Revision, bucket: Bucket): Promise<void> {
    const place = { titleId: view.titleId, revision: view.revision, kind: bucket.kind, bucket: bucket.bucket };
    const rows = await this.#session.read(`SELECT job_id FROM job_done WHERE ${BUCKET}`, place);
    const there = new Set(rows.map((row) => row.job_id));
    const missing = [...bucket.jobs.keys()].filter((jobId) => !there.has(jobId));
    await inParallel(missing, WIDTH, (jobId) => this.#mendDone(jobId));
  }

  async listDone(board: JobBoard, request: { titleId: string; revision: string; kind: JobKind; cursor: string | null; limit: number }) {
    const { titleId, revision, kind, cursor, limit } = request;
    checkLimit(limit);
    const [index, codec, id] = decodeCursor('done', cursor, [0, '', '']) ?? [-1, '', ''];
    const after = { partIndex: index, partCodec: codec, jobId: id };
    const view = await board.look(titleId, revision);
    const jobs: Job[] = [];
    for (const bucket of bucketsOf(view, kind)) {
      if (jobs.length > limit) break;
      const place = { titleId, revision, kind, bucket: bucket.bucket, ...after };
      jobs.push(...(await this.#donePage(bucket, place, limit + 1 - jobs.length)));
    }
    const page = jobs.slice(0, limit);
    const last = page.at(-1);
    return { jobs: page, cursor: jobs.length > limit && last ? encodeCursor('done', [last.part.index, last.part.codec ?? '', last.id]) : null };
  }

  async #make(job: ListedJob): Promise<ListedJob> {
    const { spec, enqueuedMs, enqueuedN } = job;
    const find = { query: CQL.findAny, values: { jobId: spec.id } };
    const values = { ...specValues(spec), enqueuedMs, enqueuedN };
    const { isApplied, row } = await this.#session.lwt({ query: CQL.insert, values, find, isOurs: (found, writeId) => found?.write_id === writeId });
    return isApplied || !row ? job : listedOf(row);
  }

  async #list(jobs: readonly ListedJob[]): Promise<void> {
    for (let at = 0; at < jobs.length; at += ROWS_PER_BATCH) {
      const batch = jobs.slice(at, at + ROWS_PER_BATCH).map(({ spec, enqueuedMs, enqueuedN }) => ({
        query: INSERT_LISTED,
        values: { ...specValues(spec), bucket: bucketOf(spec), enqueuedMs, enqueuedN },
      }));
      await this.#session.writeAll(batch);
    }
  }

  /** The bucket's summary: its list has changed, and it is open, whatever it was. */
  async #announce(spec: JobSpec): Promise<void> {
    const values = bucketPlace(spec);
    const find = { query: `SELECT version, write_id FROM job_bucket WHERE ${BUCKET}`, values };
    const isOurs = (row: Row | null, writeId: string) => row?.write_id === writeId;
    for (;;) {
      const [row] = await this.#session.read(find.query, values);
      const insert = `INSERT INTO job_bucket (title_id, revision, kind, bucket, version, closed_jobs, write_id)
        VALUES (:titleId, :revision, :kind, :bucket, 1, 0, :writeId) IF NOT EXISTS`;
      const update = `UPDATE job_bucket SET version = :next, closed_jobs = 0, write_id = :writeId WHERE ${BUCKET} IF version = :version`;
      const change = row ? { query: update, values: { ...values, version: row.version, next: row.version + 1 } } : { query: insert, values };
      if ((await this.#session.lwt({ ...change, find, isOurs })).isApplied) return;
    }
  }

  async #ensureRevision({ titleId, revision }: JobSpec, createdMs: number): Promise<void> {
    const name = JSON.stringify([titleId, revision]);
    if (this.#knownRevisions.has(name)) return;
    const place = { titleId, revision };
    await this.#session.lwt({
      query: 'INSERT INTO job_revision (title_id, revision, created_ms, write_id) VALUES (:titleId, :revision, :createdMs, :writeId) IF NOT EXISTS',
      values: { ...place, createdMs },
      find: { query: 'SELECT write_id FROM job_revision WHERE title_id = :titleId AND revision = :revision', values: place },
      isOurs: (row, writeId) => row?.write_id === writeId,
    });
    this.#knownRevisions.add(name);
  }

  async #donePage(bucket: Bucket, place: Values & { partIndex: number; partCodec: string; jobId: string }, count: number): Promise<Job[]> {
    const query = `SELECT * FROM job_done WHERE ${BUCKET} AND (part_index, part_codec, job_id) > (:partIndex, :partCodec, :jobId) LIMIT ${count}`;
    const rows = await this.#session.read(query, place);
    const toJob = (row: Row) => jobOf(this.#session, { ...row, state: 'done' });
    if (bucket.closedJobs > 0) return Promise.all(rows.map(toJob));
    const found = new Map(rows.map((row) => [row.job_id, row]));
    const after = { part: { index: place.partIndex, codec: place.partCodec }, id: place.jobId };
    const expected = doneOf(bucket)
      .filter(({ spec }) => compareParts(spec, after) > 0)
      .slice(0, count);
    return inParallel(expected, WIDTH, async ({ spec }) => toJob(found.get(spec.id) ?? (await this.#mendDone(spec.id))));
  }

  async #mendDone(jobId: string): Promise<Row> {
    const [row] = await this.#session.read(CQL.job, { jobId });
    const { fence, failures, losses, result } = row;
    await this.addDone({ ...specOf(row), fence, failures, losses }, result);
    return row;
  }
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): [Item, ...Item[]][] {
  const groups = new Map<string, [Item, ...Item[]]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups.values()];
}
