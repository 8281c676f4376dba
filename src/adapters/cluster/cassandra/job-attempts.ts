import type { Attempt, JobKind, JobSpec } from '../../../model/job.ts';
import { checkLimit, decodeCursor, encodeCursor } from '../../../ports/cursor.ts';
import { compareText } from './byte-order.ts';
import { inParallel } from './in-parallel.ts';
import type { JobLists } from './job-lists.ts';
import { attemptOf, bucketOf, CQL, compareParts, specOf } from './job-rows.ts';
import type { CassandraSession, Row } from './session.ts';

type ListedAttempt = Attempt & { kind: JobKind; part: JobSpec['part']; revision: string };
type Found = { readonly spec: JobSpec; readonly attempt: ListedAttempt };
/** Revision, kind, bucket, part, codec, job and number of the last attempt of a page. */
type Place = [string, string, number, number, string, string, number];

const START: Place = ['', '', 0, 0, '', '', 0];
const WIDTH = 32;

/**
 * Every attempt of a title by pages: revisions in the order they came, jobs in the order of their kind and part, attempts as they were made. Reads each
 * job's own partition: for reports.
 */
export async function listAttempts(
  session: CassandraSession,
  lists: JobLists,
  request: { titleId: string; cursor: string | null; limit: number },
): Promise<{ attempts: readonly ListedAttempt[]; cursor: string | null }> {
  const { titleId, cursor, limit } = request;
  checkLimit(limit);
  const place = decodeCursor('attempts', cursor, START);
  const found: Found[] = [];
  for await (const spec of jobsOf(session, titleId, await lists.revisionsOf(titleId), place)) {
    found.push(...spec);
    if (found.length > limit) break;
  }
  const attempts = found.slice(0, limit).map(({ attempt }) => attempt);
  return { attempts, cursor: found.length > limit ? encodeCursor('attempts', placeOf(found[limit - 1])) : null };
}

async function* jobsOf(session: CassandraSession, titleId: string, revisions: readonly string[], place: Place | null): AsyncGenerator<Found[]> {
  const from = place ? revisions.indexOf(place[0]) : 0;
  for (const revision of revisions.slice(Math.max(0, from))) {
    const buckets = await session.read('SELECT kind, bucket FROM job_bucket WHERE title_id = :titleId AND revision = :revision', { titleId, revision });
    for (const { kind, bucket } of buckets) {
      if (place && revision === place[0] && (compareText(kind, place[1]) || bucket - place[2]) < 0) continue;
      const rows = await session.read('SELECT * FROM job_list WHERE title_id = :titleId AND revision = :revision AND kind = :kind AND bucket = :bucket', {
        titleId,
        revision,
        kind,
        bucket,
      });
      const specs = rows
        .map(specOf)
        .filter((spec) => place === null || spec.revision !== place[0] || spec.kind !== place[1] || compareParts(spec, lastOf(place)) >= 0);
      for (let at = 0; at < specs.length; at += WIDTH) {
        const groups = await inParallel(specs.slice(at, at + WIDTH), WIDTH, (spec) => attemptsOf(session, spec, place));
        yield groups.flat();
      }
    }
  }
}

async function attemptsOf(session: CassandraSession, spec: JobSpec, place: Place | null): Promise<Found[]> {
  const rows = await session.read(CQL.attempts, { jobId: spec.id });
  const isBehind = (row: Row) => row.number !== null && !(place && spec.id === place[5] && row.number <= place[6]);
  const { kind, part, revision } = spec;
  return Promise.all(rows.filter(isBehind).map(async (row) => ({ spec, attempt: { ...(await attemptOf(session, spec.id, row)), kind, part, revision } })));
}

function lastOf(place: Place): Pick<JobSpec, 'part' | 'id'> {
  return { part: { index: place[3], codec: place[4] }, id: place[5] };
}

function placeOf({ spec, attempt }: Found): Place {
  return [spec.revision, spec.kind, bucketOf(spec), spec.part.index, spec.part.codec ?? '', spec.id, attempt.number];
}
