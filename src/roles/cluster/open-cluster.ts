import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { CassandraJobQueue } from '../../adapters/cluster/cassandra/job-queue.ts';
import { CassandraResultStore } from '../../adapters/cluster/cassandra/result-store.ts';
import { type CassandraSession, openCassandra } from '../../adapters/cluster/cassandra/session.ts';
import { CassandraTitleStore } from '../../adapters/cluster/cassandra/title-store.ts';
import { CassandraTurn } from '../../adapters/cluster/cassandra/turn.ts';
import { CassandraWorkerRegistry } from '../../adapters/cluster/cassandra/worker-registry.ts';
import { KafkaWake } from '../../adapters/cluster/dispatch/kafka-wake.ts';
import { eventTopic, type TopicNames, wakeTopic } from '../../adapters/cluster/dispatch/topics.ts';
import type { KafkaAccess } from '../../adapters/cluster/kafka/access.ts';
import { KafkaEventLog } from '../../adapters/cluster/kafka/kafka-event-log.ts';
import { setUpTopics } from '../../adapters/cluster/kafka/set-up-topics.ts';
import { S3BlobStore } from '../../adapters/cluster/s3/s3-blob-store.ts';
import { S3Bucket } from '../../adapters/cluster/s3/s3-bucket.ts';
import type { S3Settings } from '../../adapters/cluster/s3/settings.ts';
import { NodeFiles } from '../../adapters/embedded/node-files.ts';
import { SystemClock } from '../../adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../adapters/embedded/system-random.ts';
import { type Control, createControl } from '../../pipeline/control.ts';
import type { ClusterConfig } from './config.ts';

/** Unfinished encode jobs kept as rows per title: enough for hundreds of workers. */
const ENCODE_WINDOW = 512;
export const EVENT_PARTITIONS = 8;
/** How long a call waits for a database that is away before it gives up; the process then pauses and asks again. */
const PATIENCE_MS = 20_000;

/** Everything that a process of a cluster needs, whatever its role. */
export type Cluster = {
  /** Name of this process: unique, and says where it runs. */
  readonly name: string;
  readonly access: KafkaAccess;
  readonly names: TopicNames;
  readonly session: CassandraSession;
  readonly bucket: S3Bucket;
  readonly titles: CassandraTitleStore;
  readonly queue: CassandraJobQueue;
  readonly results: CassandraResultStore;
  readonly events: KafkaEventLog;
  readonly blobs: S3BlobStore;
  readonly workers: CassandraWorkerRegistry;
  readonly turn: CassandraTurn;
  readonly wake: KafkaWake;
  readonly control: Control;
  readonly files: NodeFiles;
  readonly clock: SystemClock;
  readonly random: SystemRandom;
  readonly scratchRoot: string;
  close(): Promise<void>;
};

/** Connects to all three servers. Throws within seconds what is wrong with which (SL-141 to SL-165), and SL-110 without room for the scratch folder. */
export async function openCluster(config: ClusterConfig, role: string): Promise<Cluster> {
  const clock = new SystemClock();
  const random = new SystemRandom();
  const name = `${hostname()}-${role}-${random.id()}`;
  const access = kafkaAccess(config, role);
  const names = topicNames(config);
  const scratchRoot = join(resolve(config.scratch), name);
  const session = await openCassandra(cassandraOptions(config), { clock, random });
  const closing: (() => Promise<void>)[] = [() => session.close()];
  const close = async () => {
    for (const step of closing.reverse()) await step().catch(() => {});
  };
  try {
    await setUpTopics(access, { eventTopic: eventTopic(names), eventPartitions: EVENT_PARTITIONS, replicas: names.replicas, jobs: [] });
    const events = new KafkaEventLog(access, eventTopic(names));
    closing.push(() => events.close());
    const wake = await KafkaWake.open(access, wakeTopic(names), names.replicas);
    closing.push(() => wake.close());
    const bucket = new S3Bucket(s3Settings(config));
    const files = new NodeFiles();
    await files.mkdir(scratchRoot);
    closing.push(() => files.remove(scratchRoot));
    const blobs = await S3BlobStore.open({ bucket, clock, random, localDir: join(scratchRoot, 'objects') });
    const [titles, queue, results] = [new CassandraTitleStore(session), new CassandraJobQueue(session), new CassandraResultStore(session)];
    const control = createControl({ titles, queue, events, clock, window: ENCODE_WINDOW });
    const shared = { titles, queue, results, events, blobs, wake, control, files, clock, random };
    const workers = new CassandraWorkerRegistry(session);
    const turn = new CassandraTurn(session, 'control');
    return { name, access, names, session, bucket, workers, turn, ...shared, scratchRoot: join(scratchRoot, 'attempts'), close };
  } catch (error) {
    await close();
    throw error;
  }
}

export function kafkaAccess({ kafka }: ClusterConfig, role: string): KafkaAccess {
  return { brokers: kafka.brokers, clientId: `sceneline-${role}`, tls: kafka.tls, sasl: kafka.sasl };
}

export function topicNames({ kafka, lockSeconds }: ClusterConfig): TopicNames {
  return { prefix: kafka.prefix, lockMs: lockSeconds * 1000, replicas: kafka.replicationFactor };
}

export function cassandraOptions({ cassandra }: ClusterConfig): Parameters<typeof openCassandra>[0] {
  const { contactPoints, localDataCenter, keyspace, replicationFactor, tls, auth } = cassandra;
  return {
    contactPoints,
    localDataCenter,
    keyspace,
    replicationFactor,
    ...(auth && { login: { user: auth.username, password: auth.password } }),
    ...(tls && { tls }),
    patienceMs: PATIENCE_MS,
  };
}

export function s3Settings({ s3 }: ClusterConfig): S3Settings {
  const { endpoint, region, bucket, prefix, pathStyle, accessKeyId, secretAccessKey, ca } = s3;
  return {
    endpoint: endpoint ?? null,
    region,
    bucket,
    prefix,
    pathStyle,
    credentials: { accessKeyId, secretAccessKey },
    tls: ca === undefined ? null : { ca },
  };
}
