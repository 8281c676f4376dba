import { availableParallelism, freemem } from 'node:os';
import { dirname } from 'node:path';
import { KafkaJobSource } from '../../adapters/cluster/dispatch/kafka-job-source.ts';
import { BlockCache } from '../../adapters/cluster/range-reader/block-cache.ts';
import { S3Sources } from '../../adapters/cluster/s3/s3-sources.ts';
import { ENCODER_OF_CODEC } from '../../model/ladder.ts';
import { createHandlers } from '../../pipeline/handlers/index.ts';
import { classesOf } from '../../pipeline/job-class.ts';
import { type ServiceNote, serveJobs } from '../../pipeline/serve-jobs.ts';
import type { MediaTools } from '../../ports/media-tools.ts';
import { bytesPerJob } from '../all-in-one.ts';
import { log, troubleFacts } from './log.ts';
import { Registry } from './metrics/registry.ts';
import { roleMetrics } from './metrics/role-metrics.ts';
import { type Listen, withMetricsServed } from './metrics/serve-metrics.ts';
import { workerMetrics } from './metrics/worker-metrics.ts';
import type { Cluster } from './open-cluster.ts';

export type WorkerRole = {
  readonly cluster: Cluster;
  readonly tools: MediaTools;
  /** Jobs at once; null: one per core. */
  readonly slots: number | null;
  readonly drainMs: number;
  /** Where to serve metrics; null: nowhere. */
  readonly metricsAt: Listen | null;
  /** The first wish to stop: finish what runs, take nothing more. */
  readonly signal: AbortSignal;
};

const ANNOUNCE_MS = 15_000;
const CACHE_BYTES = 128 * 1024 * 1024;
const LARGE_PICTURE_PIXELS = 3840 * 2160;
const MEMORY_SHARE = 0.8;

/**
 * Does jobs until `signal` aborts; then finishes those at hand, for `drainMs` at most, and hands back what is not done by then. Nothing is lost either way.
 */
export async function runWorker({ cluster, tools, slots, drainMs, metricsAt, signal }: WorkerRole): Promise<void> {
  const { name, access, names, queue, control, wake, events, workers, clock, bucket } = cluster;
  const atOnce = slots ?? availableParallelism();
  const codecs = Object.entries(ENCODER_OF_CODEC).flatMap(([codec, encoder]) => (tools.abilities.encoders.has(encoder) ? [codec] : []));
  const memory = { bytesPerSlot: (freemem() * MEMORY_SHARE) / atOnce, bytesPerLargeJob: bytesPerJob(LARGE_PICTURE_PIXELS) };
  const classes = classesOf({ encoderBuild: tools.abilities.buildId, codecs, ...memory });
  const halt = new AbortController();
  const leaseMs = names.lockMs;
  const registry = new Registry();
  const role = roleMetrics(registry, 'worker', dirname(cluster.scratchRoot), { encoder_build: tools.abilities.buildId });
  const metrics = workerMetrics(registry, role, atOnce);
  const onTrouble = (error: unknown) => {
    role.trouble(error, 'kafka');
    log('warn', 'trouble with Kafka; repeated', troubleFacts(error));
  };
  const source = await KafkaJobSource.open({ access, names, classes, worker: name, leaseMs, claims: queue, onTrouble });
  const sources = new S3Sources(bucket, new BlockCache(CACHE_BYTES));
  const handlers = metrics.counted(createHandlers({ ...cluster, tools, sources }));
  const announcing = announce(cluster, { worker: name, encoderBuild: tools.abilities.buildId, classes, slots: atOnce }, signal);
  let limit: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', () => {
    log('info', 'draining: finishes what runs, takes nothing more', { limitSeconds: drainMs / 1000 });
    limit = setTimeout(() => halt.abort(), drainMs);
  });
  const observe = (note: ServiceNote) => {
    metrics.hear(note);
    say(note);
  };
  try {
    await withMetricsServed(registry, metricsAt, () =>
      serveJobs({ source, queue, control, wake, events, clock, handlers, slots: atOnce, leaseMs, draining: signal, halt: halt.signal, observe }),
    );
  } finally {
    clearTimeout(limit);
    await announcing;
    await workers.leave(name).catch(() => {});
    await source.close();
    log('info', 'worker left', { name });
  }
}

/** Says that the worker is there when the first notice stands: from then on titles can be planned for it. */
async function announce({ workers, clock }: Cluster, notice: Parameters<Cluster['workers']['announce']>[0], signal: AbortSignal): Promise<void> {
  let isKnown = false;
  while (!signal.aborted) {
    try {
      await workers.announce(notice);
      if (!isKnown) log('info', 'worker is there', { name: notice.worker, slots: notice.slots, classes: notice.classes.join(' ') });
      isKnown = true;
    } catch (error) {
      log('warn', 'cannot announce itself; repeated', troubleFacts(error));
    }
    await clock.sleep(ANNOUNCE_MS, signal);
  }
}

function say(note: ServiceNote): void {
  if (note.type === 'trouble') log('warn', 'trouble; goes on after a pause', troubleFacts(note.error));
  else if (note.type === 'started') log('info', 'job started', { job: note.job.id });
  else log('info', 'job ended', { job: note.job.id, outcome: note.outcome, seconds: note.wallMs / 1000 });
}
