import { dirname } from 'node:path';
import { KafkaDispatch } from '../../adapters/cluster/dispatch/kafka-dispatch.ts';
import { jobTopicSettings } from '../../adapters/cluster/dispatch/topics.ts';
import { countDeadLetters } from '../../adapters/cluster/kafka/dead-letters.ts';
import { sweepUploads } from '../../adapters/cluster/s3/sweep-uploads.ts';
import { type SteeringNote, steerTitles } from '../../pipeline/steer-titles.ts';
import { log, troubleFacts } from './log.ts';
import { type ControlMetrics, controlMetrics } from './metrics/control-metrics.ts';
import { Registry } from './metrics/registry.ts';
import { roleMetrics } from './metrics/role-metrics.ts';
import { type Listen, withMetricsServed } from './metrics/serve-metrics.ts';
import type { Cluster } from './open-cluster.ts';

/** Longer than any upload takes; what is older was begun by a process that is gone. */
const ABANDONED_MS = 24 * 3_600_000;
/** How often to ask for what nobody tells, and how far to count. */
const BACKLOG_MS = 15_000;
const STAND_BY_MS = 1000;
const BACKLOG_COUNTED = 1000;

export type ControlRole = {
  readonly cluster: Cluster;
  /** Where to serve metrics; null: nowhere. */
  readonly metricsAt: Listen | null;
  readonly signal: AbortSignal;
};

/** Moves titles along until `signal` aborts. Several may run at once: one has the turn, the others stand by. */
export async function runControl({ cluster, metricsAt, signal }: ControlRole): Promise<void> {
  const { access, names, titles, queue, control, wake, workers, turn, clock } = cluster;
  const registry = new Registry();
  const role = roleMetrics(registry, 'control', dirname(cluster.scratchRoot));
  const metrics = controlMetrics(registry, role);
  const dispatch = new KafkaDispatch(access, names);
  const trouble = (error: unknown) => {
    role.trouble(error);
    log('warn', 'trouble; goes on after a pause', troubleFacts(error));
  };
  const observe = (note: SteeringNote) => {
    metrics.hear(note);
    say(note);
  };
  log('info', 'control is there', { name: cluster.name });
  for (const warning of cluster.session.warnings) log('warn', warning);
  try {
    await withMetricsServed(registry, metricsAt, async () => {
      await sweep(cluster).catch(trouble);
      const watching = metricsAt === null ? null : watchBacklog(cluster, metrics, { signal, trouble });
      await steerTitles({ owner: cluster.name, titles, jobs: queue, control, dispatch, wake, workers, turn, clock, signal, observe });
      await watching;
    });
  } finally {
    await dispatch.close();
    log('info', 'control left', { name: cluster.name });
  }
}

async function sweep({ bucket, clock }: Cluster): Promise<void> {
  const swept = await sweepUploads(bucket, clock.nowMs() - ABANDONED_MS);
  if (swept > 0) log('info', 'abandoned uploads aborted', { count: swept });
}

async function watchBacklog(cluster: Cluster, metrics: ControlMetrics, { signal, trouble }: { signal: AbortSignal; trouble: (error: unknown) => void }) {
  const { access, names, titles, clock } = cluster;
  const prefix = jobTopicSettings(names, '').deadLetterTopic;
  for (; !signal.aborted; await clock.sleep(metrics.hasTurn ? BACKLOG_MS : STAND_BY_MS, signal)) {
    if (!metrics.hasTurn) continue;
    try {
      const [pending, letters] = await Promise.all([titles.pendingEvents(BACKLOG_COUNTED), countDeadLetters(access, prefix)]);
      const deadLetters = new Map([...letters].map(([topic, count]) => [topic.slice(prefix.length), count]));
      metrics.backlog({ pendingEvents: pending.length, deadLetters });
    } catch (error) {
      trouble(error);
    }
  }
}

function say(note: SteeringNote): void {
  if (note.type === 'turn') log('info', note.isOurs ? 'has the turn' : 'stands by');
  else if (note.type === 'trouble') log('warn', 'trouble; goes on after a pause', troubleFacts(note.error));
  else if (note.type === 'stranded') log('warn', 'jobs wait for a worker of a class that nobody has', { jobClass: note.jobClass, jobs: note.jobs });
}
