import { type CassandraSession, openCassandra } from '../../../adapters/cluster/cassandra/session.ts';
import { CassandraTurn } from '../../../adapters/cluster/cassandra/turn.ts';
import { CassandraWorkerRegistry } from '../../../adapters/cluster/cassandra/worker-registry.ts';
import { eventTopic, jobTopicSettings } from '../../../adapters/cluster/dispatch/topics.ts';
import { setUpTopics } from '../../../adapters/cluster/kafka/set-up-topics.ts';
import { lookAtKafka, tryJobTopic } from '../../../adapters/cluster/kafka/try-jobs.ts';
import { checkStore } from '../../../adapters/cluster/s3/check-store.ts';
import { S3Bucket } from '../../../adapters/cluster/s3/s3-bucket.ts';
import { storeNowMs } from '../../../adapters/cluster/s3/store-clock.ts';
import { SystemClock } from '../../../adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../../adapters/embedded/system-random.ts';
import { ERROR_CODES } from '../../../model/error-codes.ts';
import { ScenelineError } from '../../../model/errors.ts';
import type { WorkerNotice } from '../../../ports/job-dispatch.ts';
import { type Check, checkFolder } from '../../doctor/examine.ts';
import type { ClusterConfig } from '../config.ts';
import { cassandraOptions, EVENT_PARTITIONS, kafkaAccess, s3Settings, topicNames } from '../open-cluster.ts';

/** The class of the topic on which jobs are tried: no worker takes it. */
const TRIAL = 'doctor';
/** Clocks that differ by less are as equal as anybody needs. */
const SKEW_MS = 10_000;
const SAFE_COPIES = 3;

type World = { readonly clock: SystemClock; readonly random: SystemRandom };

/**
 * Tries at each server in turn everything that the roles need of it. Makes what the roles would make (topics, keyspace, tables), a topic for trying beside them, and takes
 * away the objects it writes.
 */
export async function examineCluster(config: ClusterConfig): Promise<readonly Check[]> {
  const world = { clock: new SystemClock(), random: new SystemRandom() };
  return [
    ...(await examineKafka(config)),
    ...(await examineCassandra(config, world)),
    ...(await examineStore(config, world)),
    ...(await checkFolder({ folder: config.scratch, name: 'scratch folder', elsewhere: 'name another folder as "scratch" in the configuration' })),
  ];
}

async function examineKafka(config: ClusterConfig): Promise<Check[]> {
  const access = kafkaAccess(config, 'doctor');
  const names = topicNames(config);
  const found = await attempt('kafka', () => lookAtKafka(access));
  if ('fault' in found) return [found.fault];
  const { brokers, hasShareGroups } = found.value;
  const server = fine('kafka', `${brokers === 1 ? '1 broker' : `${brokers} brokers`} at ${config.kafka.brokers.join(', ')}`);
  if (!hasShareGroups) {
    const remedy = 'run Kafka 4.2 or newer, with its feature share.version on: kafka-features.sh upgrade --feature share.version=1';
    return [server, { name: 'share groups', isThere: false, isNeeded: true, finding: 'the brokers do not know them', remedy }];
  }
  const trial = jobTopicSettings(names, TRIAL);
  const topics = { eventTopic: eventTopic(names), eventPartitions: EVENT_PARTITIONS, replicas: names.replicas, jobs: [trial] };
  const ready = await attempt('topics and groups', () => setUpTopics(access, topics));
  if ('fault' in ready) return [server, ready.fault];
  const given = await attempt('jobs through Kafka', () => tryJobTopic(access, trial.topic));
  return [
    server,
    fine('topics and groups', `made, set and checked: ${names.prefix}.*`),
    'fault' in given ? given.fault : fine('jobs through Kafka', 'a record sent came out of its share group'),
    deadLetters(ready.value.hasDeadLetters),
  ];
}

function deadLetters(isThere: boolean): Check {
  const finding = isThere ? 'kept (Kafka 4.4 or newer)' : 'these brokers have none; offers given up are found by their rows only';
  return { name: 'dead letters', isThere, isNeeded: false, finding, remedy: isThere ? null : 'run Kafka 4.4 or newer' };
}

async function examineCassandra(config: ClusterConfig, world: World): Promise<Check[]> {
  const opened = await attempt('cassandra', () => openCassandra(cassandraOptions(config), world));
  if ('fault' in opened) return [opened.fault];
  const session = opened.value;
  try {
    const looked = await attempt('cassandra', () => lookIntoCassandra(session, config, world));
    return 'fault' in looked ? [looked.fault] : looked.value;
  } finally {
    await session.close();
  }
}

async function lookIntoCassandra(session: CassandraSession, { cassandra }: ClusterConfig, { random }: World): Promise<Check[]> {
  const [local] = await session.read('SELECT release_version, data_center FROM system.local', {});
  const [keyspace] = await session.read('SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = :name', { name: cassandra.keyspace });
  const copies = Number(keyspace.replication[cassandra.localDataCenter] ?? keyspace.replication.replication_factor ?? 0);
  const turn = new CassandraTurn(session, TRIAL);
  const owner = random.id();
  const decided = await attempt('decisions in Cassandra', async () => {
    await turn.hold(owner);
    await turn.release(owner);
  });
  return [
    fine('cassandra', `${local.release_version}, data centre ${local.data_center}, at ${cassandra.contactPoints.join(', ')}`),
    copiesCheck(copies, cassandra.keyspace, cassandra.localDataCenter),
    ...commitLog(session.warnings),
    'fault' in decided ? decided.fault : fine('decisions in Cassandra', 'schema is there; rows are read, written and decided'),
    skewCheck('clock of Cassandra', await skewOf(() => session.serverNowMs())),
    workersCheck(await new CassandraWorkerRegistry(session).list()),
  ];
}

function copiesCheck(copies: number, keyspace: string, dataCenter: string): Check {
  const isThere = copies >= SAFE_COPIES;
  const alter = `ALTER KEYSPACE ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', '${dataCenter}': 3}`;
  const finding = `${copies === 1 ? '1 copy' : `${copies} copies`} of every row in ${dataCenter}${isThere ? '' : ': no node may be away'}`;
  return { name: `keyspace ${keyspace}`, isThere, isNeeded: false, finding, remedy: isThere ? null : `with three nodes: ${alter}, then repair` };
}

function commitLog(warnings: readonly string[]): Check[] {
  const name = 'commit log';
  if (warnings.length === 0) return [fine(name, 'acknowledged writes are on disk')];
  return warnings.map((finding) => ({ name, isThere: false, isNeeded: false, finding, remedy: ERROR_CODES['SL-143'].remedy }));
}

/** Pure: who is there, by encoder build. */
export function workersCheck(workers: readonly WorkerNotice[]): Check {
  const name = 'workers';
  if (workers.length === 0) {
    return { name, isThere: false, isNeeded: false, finding: 'none has announced itself', remedy: 'start one with: sceneline worker --config FILE' };
  }
  const builds = [...Map.groupBy(workers, ({ encoderBuild }) => encoderBuild)].map(([build, ofBuild]) => {
    const slots = ofBuild.reduce((sum, worker) => sum + worker.slots, 0);
    return `${ofBuild.length} with ${slots} slots of build ${build.slice(0, 12)}`;
  });
  return fine(name, builds.join('; '));
}

async function examineStore(config: ClusterConfig, { random }: World): Promise<Check[]> {
  const bucket = new S3Bucket(s3Settings(config));
  try {
    const checked = await attempt('object store', () => checkStore(bucket, random));
    if ('fault' in checked) return [checked.fault];
    if (checked.value.length > 0) return checked.value.map((problem) => faultOf('object store', problem));
    const { endpoint, region, bucket: name } = bucket.settings;
    return [
      fine('object store', `bucket ${name} at ${endpoint ?? `AWS ${region}`}: every permission and promise`),
      skewCheck('clock of the store', await skewOf(() => storeNowMs(bucket))),
    ];
  } finally {
    bucket.client.destroy();
  }
}

/** How far a server's clock is ahead of ours; null: it did not say. Half the way there and back is taken off. */
async function skewOf(ask: () => Promise<number | null>): Promise<number | null> {
  const askedMs = Date.now();
  const nowMs = await ask().catch(() => null);
  return nowMs === null ? null : nowMs - (askedMs + Date.now()) / 2;
}

/** Pure. A warning only: nothing that is decided compares clocks. */
export function skewCheck(name: string, skewMs: number | null): Check {
  if (skewMs === null) return { name, isThere: false, isNeeded: false, finding: 'the server does not tell the time', remedy: null };
  const isThere = Math.abs(skewMs) < SKEW_MS;
  const finding = isThere ? 'agrees with ours' : `is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} ours`;
  return {
    name,
    isThere,
    isNeeded: false,
    finding,
    remedy: isThere ? null : 'let a time service set both: the times in logs do not fit, and S3 refuses 15 minutes',
  };
}

function fine(name: string, finding: string): Check {
  return { name, isThere: true, isNeeded: true, finding, remedy: null };
}

function faultOf(name: string, { code, lines }: ScenelineError): Check {
  return { name, isThere: false, isNeeded: true, finding: `${code} ${lines.join(' ')}`, remedy: ERROR_CODES[code].remedy };
}

/** The value, or what is raised on purpose as a check; anything else is a fault of ours and thrown. */
async function attempt<T>(name: string, work: () => Promise<T>): Promise<{ readonly value: T } | { readonly fault: Check }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof ScenelineError) return { fault: faultOf(name, error) };
    throw error;
  }
}
