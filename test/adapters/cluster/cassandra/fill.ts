import { inParallel } from '../../../../src/adapters/cluster/cassandra/in-parallel.ts';
import type { CassandraSession } from '../../../../src/adapters/cluster/cassandra/session.ts';
import { job } from '../../../contract/samples.ts';

const PER_BUCKET = 500;
const PER_SLICE = 50;

/** A title's rows after so many jobs were done one after the other, without doing them: full buckets closed, the last one open. */
export async function fillWithDone(session: CassandraSession, titleId: string, jobs: number): Promise<void> {
  const place = { titleId, revision: 'r1', kind: 'encode' };
  await session.write("INSERT INTO job_revision (title_id, revision, created_ms, write_id) VALUES (:titleId, :revision, 0, 'fill')", place);
  await inParallel(
    Array.from({ length: jobs }, (_, index) => index),
    32,
    async (partIndex) => {
      const bucket = Math.floor(partIndex / PER_BUCKET);
      const { id: jobId } = job(titleId, partIndex);
      const key = { ...place, bucket, partIndex, jobId };
      const columns = 'title_id, revision, kind, bucket, part_index, part_codec, job_id, exclusive_key, priority';
      const values = ":titleId, :revision, :kind, :bucket, :partIndex, '', :jobId, '', 0";
      await Promise.all([
        session.write(
          `INSERT INTO job (job_id, title_id, revision, kind, part_index, part_codec, exclusive_key, priority, enqueued_ms, enqueued_n, state, version, fence, beat,
            failures, losses, worker, delivery, lease_ms, write_id, result, number, own_id, own_worker, started_ms, ended_ms, outcome, frames, cpu_seconds)
           VALUES (:jobId, :titleId, :revision, :kind, :partIndex, '', '', 0, 0, :partIndex, 'done', 2, 1, 0, 0, 0, 'w', '', 1000, 'fill', '{}',
            1, 'own', 'w', 0, 1, 'done', 1, 1)`,
          { ...place, partIndex, jobId },
        ),
        session.write(`INSERT INTO job_list (${columns}, enqueued_ms, enqueued_n) VALUES (${values}, 0, :partIndex)`, key),
        session.write(`INSERT INTO job_done (${columns}, fence, failures, losses, result) VALUES (${values}, 1, 0, 0, '{}')`, key),
        ...[1, 2].map((version) =>
          session.write(
            'INSERT INTO job_touch (title_id, revision, kind, slice, job_id, version) VALUES (:titleId, :revision, :kind, :slice, :jobId, :version)',
            { ...place, slice: Math.floor(partIndex / PER_SLICE), jobId, version },
          ),
        ),
      ]);
    },
  );
  for (let bucket = 0; bucket * PER_BUCKET < jobs; bucket += 1) {
    const closedJobs = (bucket + 1) * PER_BUCKET <= jobs ? PER_BUCKET : 0;
    await session.write(
      "INSERT INTO job_bucket (title_id, revision, kind, bucket, version, closed_jobs, write_id) VALUES (:titleId, :revision, :kind, :bucket, 1, :closedJobs, 'fill')",
      { ...place, bucket, closedJobs },
    );
  }
}
