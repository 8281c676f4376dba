import { CassandraJobQueue } from '../../src/adapters/cluster/cassandra/job-queue.ts';
import { KafkaDispatch } from '../../src/adapters/cluster/dispatch/kafka-dispatch.ts';
import { KafkaJobSource } from '../../src/adapters/cluster/dispatch/kafka-job-source.ts';
import { jobTopicSettings } from '../../src/adapters/cluster/dispatch/topics.ts';
import { connectionOptions } from '../../src/adapters/cluster/kafka/access.ts';
import { JobTopic } from '../../src/adapters/cluster/kafka/job-topic.ts';
import { setUpTopics } from '../../src/adapters/cluster/kafka/set-up-topics.ts';
import { ShareConsumer } from '../../src/adapters/cluster/share-consumer/share-consumer.ts';
import type { JobSpec } from '../../src/model/job.ts';
import { createControl } from '../../src/pipeline/control.ts';
import { serveJobs } from '../../src/pipeline/serve-jobs.ts';
import { steerTitles } from '../../src/pipeline/steer-titles.ts';
import { readClusterConfig } from '../../src/roles/cluster/config.ts';
import { type Cluster, openCluster } from '../../src/roles/cluster/open-cluster.ts';
import { ClusterPlace } from '../../test/cluster/cluster-place.ts';
import { countTrips } from '../cluster/count-trips.ts';
import { allClasses, BUILD, noOpHandlers, noOpOrder, type Shape } from '../cluster/no-op-title.ts';
import type { BenchResult } from '../measure.ts';
import { percentile } from '../percentile.ts';

const TITLES = 100;
const WARM_UP_TITLES = 2;
const RAW_PER_TITLE = 8;
const SMALL: Shape = { ranges: 1, chunks: 2, codecs: ['h264'], renditions: 1 };
const LARGE: Shape = { ranges: 1, chunks: 600, codecs: ['h264'], renditions: 1 };
const WORKERS = 4;
const SLOTS = 4;
/** As in open-cluster. */
const WINDOW = 512;
const ANNOUNCE_MS = 15_000;

/** Notes when a job's row was there for everybody to see. */
class TimedQueue extends CassandraJobQueue {
  readonly readyAtMs = new Map<string, number>();

  override async enqueue(jobs: readonly JobSpec[]): Promise<void> {
    await super.enqueue(jobs);
    for (const job of jobs) this.readyAtMs.set(job.id, performance.now());
  }
}

type Stage = { readonly control: Cluster; readonly worker: Cluster; readonly queue: TimedQueue; readonly startedAtMs: Map<string, number> };

/**
 * From a job's row being ready to its handler running, through the product's control and worker loops with nothing to do in the handlers, against one lightweight
 * transaction and one message through Kafka in the same run. Workers have all classes of a full encoder build, and are idle.
 */
export async function run(): Promise<BenchResult> {
  const place = await ClusterPlace.start();
  try {
    const config = readClusterConfig(place.configPath('cluster'), { TEST_S3_KEY: place.s3.settings.credentials?.accessKeyId });
    const [control, worker] = [await openCluster(config, 'control'), await openCluster(config, 'worker')];
    try {
      return await measureDispatch({ control, worker, queue: new TimedQueue(control.session), startedAtMs: new Map() });
    } finally {
      await Promise.all([control.close(), worker.close()]);
    }
  } finally {
    await place.stop();
  }
}

async function measureDispatch(stage: Stage): Promise<BenchResult> {
  const stop = new AbortController();
  const shapes = new Map<string, Shape>();
  const published = new Map<string, () => void>();
  const handlers = noOpHandlers(
    (titleId) => shapes.get(titleId)!,
    (jobId) => stage.startedAtMs.set(jobId, performance.now()),
  );
  const loops = await startLoops(stage, handlers, stop.signal, (titleId) => published.get(titleId)?.());
  const toEnd = async (titleId: string, shape: Shape): Promise<void> => {
    shapes.set(titleId, shape);
    const end = new Promise<void>((done) => published.set(titleId, done));
    await stage.control.control.register(titleId, noOpOrder(titleId));
    await stage.control.wake.ring({ titleId, jobId: null, outcome: null });
    await end;
  };
  const raw = await openRaw(stage.worker);
  try {
    for (let i = 0; i < WARM_UP_TITLES; i++) await toEnd(`warm-${i}`, SMALL);
    await raw.sample();
    const rawMs: number[] = [];
    const trips = countTrips([stage.control.session, stage.worker.session]);
    const before = trips();
    for (let i = 0; i < TITLES; i++) {
      await toEnd(`title-${i}`, SMALL);
      for (let n = 0; n < RAW_PER_TITLE; n++) rawMs.push(await raw.sample());
    }
    const after = trips();
    const dispatchMs = delaysOf(stage, /^title-/);
    await toEnd('large', LARGE);
    const perJob = (after - before - rawMs.length) / dispatchMs.length;
    return dispatchResult(dispatchMs, rawMs, { tripsPerJobOfSmallTitle: perJob, noOpJobsPerSecond: rateOf(stage, /^large\/.*\/encode\//) });
  } finally {
    stop.abort();
    await raw.close();
    await loops.ended;
  }
}

function dispatchResult(dispatchMs: readonly number[], rawMs: readonly number[], more: { readonly [name: string]: number }): BenchResult {
  const ofDispatch = { medianMs: percentile(dispatchMs, 0.5), p99Ms: percentile(dispatchMs, 0.99), samples: dispatchMs.length };
  const ofRaw = { medianMs: percentile(rawMs, 0.5), p99Ms: percentile(rawMs, 0.99), samples: rawMs.length };
  return {
    name: 'dispatch',
    figure: ofDispatch.p99Ms / ofRaw.p99Ms,
    target: 3,
    detail: {
      dispatch: ofDispatch,
      raw: ofRaw,
      medianRatio: ofDispatch.medianMs / ofRaw.medianMs,
      p99ToRawMedian: ofDispatch.p99Ms / ofRaw.medianMs,
      classesPerWorker: allClasses().length,
      ...more,
    },
  };
}

async function startLoops(
  stage: Stage,
  handlers: ReturnType<typeof noOpHandlers>,
  signal: AbortSignal,
  onPublished: (titleId: string) => void,
): Promise<{ readonly ended: Promise<unknown> }> {
  const { control: here, worker: there, queue } = stage;
  const { titles, events, clock, access, names, wake, turn } = here;
  const leaseMs = names.lockMs;
  const heard = { onTrouble: () => {}, onSettled: async () => {} };
  const open = (worker: string) => KafkaJobSource.open({ access: there.access, names, classes: allClasses(), worker, leaseMs, claims: there.queue, ...heard });
  const sources = await Promise.all(Array.from({ length: WORKERS }, (_, i) => open(`${there.name}-${i}`)));
  const serving = sources.map(async (source) => {
    const service = { source, queue: there.queue, control: there.control, wake: there.wake, events: there.events, clock, handlers, slots: SLOTS, leaseMs };
    await serveJobs({ ...service, draining: signal, halt: signal });
    await source.close();
  });
  const announcing = (async () => {
    for (; !signal.aborted; await clock.sleep(ANNOUNCE_MS, signal)) {
      await here.workers.announce({ worker: there.name, encoderBuild: BUILD, classes: allClasses(), slots: WORKERS * SLOTS });
    }
  })();
  const control = createControl({ titles, queue, events, clock, window: WINDOW });
  const dispatch = new KafkaDispatch(access, names);
  const steering = steerTitles({
    owner: here.name,
    titles,
    jobs: queue,
    control,
    dispatch,
    wake,
    workers: here.workers,
    turn,
    clock,
    signal,
    observe: (note) => {
      if (note.type === 'title' && note.title.state === 'published') onPublished(note.title.id);
      if (note.type === 'trouble') process.stderr.write(`${String(note.error)}\n`);
    },
  }).finally(() => dispatch.close());
  return { ended: Promise.all([...serving, announcing, steering]) };
}

/** One lightweight transaction, then one message produced durably and handed out by a share group. */
async function openRaw(cluster: Cluster): Promise<{ sample(): Promise<number>; close(): Promise<void> }> {
  const { access, names, session, random } = cluster;
  const settings = jobTopicSettings(names, 'raw');
  await setUpTopics(access, { eventTopic: `${names.prefix}.events`, eventPartitions: 8, jobs: [settings] });
  const topic = new JobTopic(access, settings.topic);
  const { bootstrapBrokers, ...options } = connectionOptions(access);
  const consumer = await ShareConsumer.open({ brokers: bootstrapBrokers, clientId: 'raw', options, topic: settings.topic, group: settings.topic });
  const insert = 'INSERT INTO exclusive_key (exclusive_key, job_id, fence, write_id) VALUES (:key, :key, 0, :writeId) IF NOT EXISTS';
  return {
    async sample() {
      const key = random.id();
      const polled = consumer.poll(30_000);
      const startedMs = performance.now();
      await session.lwt({
        query: insert,
        values: { key },
        find: { query: 'SELECT write_id FROM exclusive_key WHERE exclusive_key = :key', values: { key } },
        isOurs: () => false,
      });
      await topic.send([{ key, value: Buffer.from('{}') }]);
      const record = await polled;
      const ms = performance.now() - startedMs;
      await record?.accept();
      return ms;
    },
    async close() {
      await consumer.close();
      await topic.close();
    },
  };
}

function delaysOf({ queue, startedAtMs }: Stage, jobs: RegExp): number[] {
  return [...startedAtMs].filter(([jobId]) => jobs.test(jobId)).map(([jobId, atMs]) => atMs - queue.readyAtMs.get(jobId)!);
}

function rateOf({ startedAtMs }: Stage, jobs: RegExp): number {
  const times = [...startedAtMs].filter(([jobId]) => jobs.test(jobId)).map(([, atMs]) => atMs);
  return (times.length - 1) / ((Math.max(...times) - Math.min(...times)) / 1000);
}
