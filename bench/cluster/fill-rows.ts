import { shardOf } from '../../src/adapters/cluster/cassandra/byte-order.ts';
import { inParallel } from '../../src/adapters/cluster/cassandra/in-parallel.ts';
import { bucketOf, specValues } from '../../src/adapters/cluster/cassandra/job-rows.ts';
import { dayOf } from '../../src/adapters/cluster/cassandra/open-days.ts';
import type { CassandraSession, Values } from '../../src/adapters/cluster/cassandra/session.ts';
import type { JobSpec } from '../../src/model/job.ts';
import type { Title } from '../../src/model/title.ts';
import { encodeJobs } from '../../src/pipeline/job-ids.ts';

type Row = { readonly query: string; readonly values: Values };

const SHARDS = 4;
const ROWS_PER_STEP = 60;
const AT_ONCE = 16;
const CHUNKS_PER_BUCKET = 500;
const JOB_COLUMNS = 'title_id, revision, kind, bucket, part_index, part_codec, job_id, exclusive_key, priority';
const JOB_VALUES = ':titleId, :revision, :kind, :bucket, :partIndex, :partCodec, :jobId, :exclusiveKey, :priority';
const LISTED = `INSERT INTO job_list (${JOB_COLUMNS}, enqueued_ms, enqueued_n) VALUES (${JOB_VALUES}, :enqueuedMs, :enqueuedN)`;
const DONE = `INSERT INTO job_done (${JOB_COLUMNS}, fence, failures, losses, result) VALUES (${JOB_VALUES}, 1, 0, 0, '{}')`;
const BUCKET = `INSERT INTO job_bucket (title_id, revision, kind, bucket, version, closed_jobs, write_id)
  VALUES (:titleId, :revision, :kind, :bucket, 1, :closed, 'filled')`;
const TITLE = `INSERT INTO title (title_id, rev, state, created_ms, live_day, body, write_id, create_id)
  VALUES (:id, :rev, :state, :createdMs, :day, :body, 'filled', 'filled')`;
const LIVE = 'INSERT INTO title_live (day, shard, title_id) VALUES (:day, :shard, :id)';

/** Rows of live titles with ready jobs, as the stores would have left them, many at once. Nobody may claim these jobs: they have no rows of their own. */
export async function fillTitles(session: CassandraSession, titles: readonly Title[], jobsOf: (title: Title) => readonly JobSpec[]): Promise<void> {
  const day = dayOf(await session.serverNowMs());
  await write(
    session,
    titles.flatMap((title) => [...titleRows(title, day), ...jobsOf(title).map(listedRow), bucketRow(jobsOf(title)[0], 0)]),
  );
}

/** The first chunks of a title as done. Whole buckets are closed. */
export async function fillDone(session: CassandraSession, title: Title, chunks: number, codecs: readonly string[]): Promise<void> {
  const open = chunks - (chunks % CHUNKS_PER_BUCKET);
  const closed = Array.from(
    { length: open / CHUNKS_PER_BUCKET },
    (_, bucket) => encodeJobs(title, bucket * CHUNKS_PER_BUCKET, bucket * CHUNKS_PER_BUCKET + 1, codecs)[0],
  );
  const jobs = encodeJobs(title, open, chunks, codecs);
  await write(session, [
    ...closed.map((job) => bucketRow(job, CHUNKS_PER_BUCKET * codecs.length)),
    ...jobs.flatMap((job, n) => [listedRow(job, n), { query: DONE, values: { ...specValues(job), bucket: bucketOf(job) } }]),
  ]);
}

function titleRows(title: Title, day: string): Row[] {
  const { id, rev, state, createdMs } = title;
  return [
    { query: TITLE, values: { id, rev, state, createdMs, day, body: JSON.stringify(title) } },
    { query: LIVE, values: { day, shard: shardOf(id, SHARDS), id } },
  ];
}

function listedRow(job: JobSpec, enqueuedN: number): Row {
  return { query: LISTED, values: { ...specValues(job), bucket: bucketOf(job), enqueuedMs: 1, enqueuedN } };
}

function bucketRow(job: JobSpec, closed: number): Row {
  const { titleId, revision, kind } = job;
  return { query: BUCKET, values: { titleId, revision, kind, bucket: bucketOf(job), closed } };
}

async function write(session: CassandraSession, rows: readonly Row[]): Promise<void> {
  const steps = Array.from({ length: Math.ceil(rows.length / ROWS_PER_STEP) }, (_, i) => rows.slice(i * ROWS_PER_STEP, (i + 1) * ROWS_PER_STEP));
  await inParallel(steps, AT_ONCE, (step) => session.writeAll(step));
}
