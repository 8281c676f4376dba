import type { JobSpec } from '../model/job.ts';
import type { EventLog } from '../ports/event-log.ts';

/** Tells of a chunk whose encoded chunks at one codec are proven and recorded. Telling it again is harmless: the id is the same. Other kinds of jobs have nothing to tell. */
export async function announceProven(events: Pick<EventLog, 'append'>, job: JobSpec, nowMs: number): Promise<void> {
  if (job.kind !== 'encode') return;
  const { id, titleId, revision, part } = job;
  const data = { chunk: part.index, codec: part.codec };
  await events.append([{ id: `${id}/chunk.proven`, type: 'chunk.proven', titleId, revision, atMs: nowMs, version: 1, data }]);
}
