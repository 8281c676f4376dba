import { KafkaDispatch } from '../../adapters/cluster/dispatch/kafka-dispatch.ts';
import { sweepUploads } from '../../adapters/cluster/s3/sweep-uploads.ts';
import { type SteeringNote, steerTitles } from '../../pipeline/steer-titles.ts';
import { log, troubleFacts } from './log.ts';
import type { Cluster } from './open-cluster.ts';

/** Longer than any upload takes; what is older was begun by a process that is gone. */
const ABANDONED_MS = 24 * 3_600_000;

/** Moves titles along until `signal` aborts. Several may run at once: one has the turn, the others stand by. */
export async function runControl(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const { access, names, titles, queue, control, wake, workers, turn, clock, bucket } = cluster;
  const dispatch = new KafkaDispatch(access, names);
  log('info', 'control is there', { name: cluster.name });
  for (const warning of cluster.session.warnings) log('warn', warning);
  try {
    const swept = await sweepUploads(bucket, clock.nowMs() - ABANDONED_MS);
    if (swept > 0) log('info', 'abandoned uploads aborted', { count: swept });
    await steerTitles({ owner: cluster.name, titles, jobs: queue, control, dispatch, wake, workers, turn, clock, signal, observe: say });
  } finally {
    await dispatch.close();
    log('info', 'control left', { name: cluster.name });
  }
}

function say(note: SteeringNote): void {
  if (note.type === 'turn') log('info', note.isOurs ? 'has the turn' : 'stands by');
  else if (note.type === 'trouble') log('warn', 'trouble; goes on after a pause', troubleFacts(note.error));
  else if (note.type === 'stranded') log('warn', 'jobs wait for a worker of a class that nobody has', { jobClass: note.jobClass, jobs: note.jobs });
}
