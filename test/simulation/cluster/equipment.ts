import { CassandraJobQueue } from '../../../src/adapters/cluster/cassandra/job-queue.ts';
import { CassandraResultStore } from '../../../src/adapters/cluster/cassandra/result-store.ts';
import type { CassandraSession } from '../../../src/adapters/cluster/cassandra/session.ts';
import { CassandraTitleStore } from '../../../src/adapters/cluster/cassandra/title-store.ts';
import { CassandraTurn } from '../../../src/adapters/cluster/cassandra/turn.ts';
import { CassandraWorkerRegistry } from '../../../src/adapters/cluster/cassandra/worker-registry.ts';
import { serialiseOffer } from '../../../src/adapters/cluster/dispatch/offer-json.ts';
import type { ShareNetwork } from '../../../src/adapters/cluster/share-consumer/network.ts';
import { ScenelineError } from '../../../src/model/errors.ts';
import type { Control } from '../../../src/pipeline/control.ts';
import { createControl } from '../../../src/pipeline/control.ts';
import type { decide } from '../../../src/pipeline/decide.ts';
import type { OpenJobs } from '../../../src/pipeline/steer-titles.ts';
import type { EventLog } from '../../../src/ports/event-log.ts';
import type { JobDispatch, JobSource, Turn, Wake, WorkerRegistry } from '../../../src/ports/job-dispatch.ts';
import type { JobQueue } from '../../../src/ports/job-queue.ts';
import type { ResultStore } from '../../../src/ports/result-store.ts';
import type { TitleStore } from '../../../src/ports/title-store.ts';
import { changed } from '../../pipeline/rows.ts';
import type { SimPorts } from '../sim-ports.ts';
import type { SimBroker } from './broker.ts';
import type { ClusterScenario } from './cluster-scenario.ts';
import type { ClusterTruth } from './cluster-truth.ts';
import type { FakeCassandra } from './fake-cassandra.ts';
import type { ClusterProcess, Trouble } from './trouble.ts';

/** The servers, and who watches. */
export type Bench = {
  readonly cassandra: FakeCassandra;
  readonly broker: SimBroker;
  readonly objects: Map<string, string>;
  readonly trouble: Trouble;
  readonly truth: ClusterTruth;
  readonly scenario: ClusterScenario;
};

export type ClusterQueue = JobQueue & OpenJobs & Pick<CassandraJobQueue, 'claimJob'>;

/** Everything that a process of a cluster has of the world, as `openCluster` gives it: the real stores on simulated servers. */
export type Equipment = Pick<SimPorts, 'objects' | 'readTitle' | 'readRevisions'> & {
  readonly titles: TitleStore;
  readonly queue: ClusterQueue;
  readonly results: ResultStore;
  readonly events: EventLog;
  readonly workers: WorkerRegistry;
  readonly turn: Turn;
  readonly wake: Wake;
  readonly dispatch: JobDispatch;
  readonly control: Control;
};

/** A fault planted in the product, to show that the simulation notices. */
export type PlantedClusterBug = {
  readonly name: string;
  /** Runs in which it shows sooner than in any. */
  readonly adjust: (scenario: ClusterScenario) => ClusterScenario;
  readonly session?: (good: CassandraSession) => Pick<CassandraSession, 'lwt'>;
  readonly network?: (good: ShareNetwork) => ShareNetwork;
  readonly equipment?: (good: Omit<Equipment, 'control'>, bench: Bench, process: ClusterProcess) => Omit<Equipment, 'control'>;
  readonly source?: (good: JobSource, process: ClusterProcess) => JobSource;
  readonly control?: (good: Control) => Control;
  readonly decide?: typeof decide;
};

export function equip(process: ClusterProcess, bench: Bench, bug: PlantedClusterBug | undefined): Equipment {
  const { cassandra, objects, trouble, truth, scenario } = bench;
  const { world } = process;
  const good = cassandra.session(process.name, { clock: process, random: world.random }, (name, effect, later) =>
    trouble.call(process, 'cassandra', name, effect, later),
  );
  const session = bug?.session ? changed<CassandraSession>(good, bug.session(good)) : good;
  const store = new CassandraTitleStore(session);
  const readRevisions = new Map<string, string>();
  const stores: Omit<Equipment, 'control'> = {
    titles: changed<TitleStore>(store, {
      get: async (titleId) => {
        const title = await store.get(titleId);
        if (title) readRevisions.set(titleId, title.revision);
        return title;
      },
    }),
    queue: watched(new CassandraJobQueue(session), truth),
    results: new CassandraResultStore(session),
    workers: new CassandraWorkerRegistry(session),
    turn: new CassandraTurn(session, 'control'),
    events: simEventLog(process, bench),
    wake: simWake(process, bench),
    dispatch: simDispatch(process, bench),
    objects: {
      put: (key, text) =>
        trouble.call(process, 's3', `put ${key}`, () => {
          if (process.diskFullUntilMs > world.nowMs) throw new ScenelineError('SL-110', 'No room.');
          if (!objects.has(key)) objects.set(key, text);
        }),
      get: (key) => trouble.call(process, 's3', 'get', () => objects.get(key)),
    },
    readTitle: (titleId) => store.get(titleId),
    readRevisions,
  };
  const used = bug?.equipment?.(stores, bench, process) ?? stores;
  const control = createControl({ ...used, clock: process, window: scenario.window, decide: bug?.decide });
  return { ...used, control: bug?.control?.(control) ?? control };
}

function watched(queue: CassandraJobQueue, truth: ClusterTruth): ClusterQueue {
  const answered = async <T>(call: Promise<T>): Promise<T> => {
    const answer = await call;
    truth.answered(answer !== false && answer !== 'lost');
    return answer;
  };
  return changed<ClusterQueue>(queue, {
    complete: (...call) => answered(queue.complete(...call)),
    fail: (...call) => answered(queue.fail(...call)),
    release: (...call) => answered(queue.release(...call)),
  });
}

/** Our producers wait a minute for a broker that is away. */
async function produce<T>(process: ClusterProcess, { broker, trouble }: Bench, name: string, effect: () => T, later?: (effect: () => T) => void): Promise<T> {
  for (let i = 0; broker.isDown && i < 120; i++) await process.sleep(500);
  return trouble.call(process, 'kafka', name, effect, later);
}

function simEventLog(process: ClusterProcess, bench: Bench): EventLog {
  const { broker, truth } = bench;
  return {
    append: (events) =>
      produce(process, bench, 'append events', () => {
        broker.events.push(...events);
        truth.appended(events.map(({ id }) => id));
      }).catch((cause: unknown) => {
        throw new ScenelineError('SL-151', 'The log does not answer.', { cause });
      }),
    read: () => Promise.reject(new RangeError('nobody reads here')),
  };
}

/** Notes come late, in another order, twice or never. */
function simWake(process: ClusterProcess, bench: Bench): Wake {
  const { broker, scenario, trouble } = bench;
  const { world } = process;
  const { random } = world;
  return {
    ring: (note) =>
      produce(process, bench, 'ring', () => {
        for (const listener of broker.listeners) {
          if (random.chance(scenario.noteLoss)) continue;
          const times = random.chance(scenario.doubling) ? 2 : 1;
          for (let i = 0; i < times; i++) world.after(trouble.delayMs(), () => listener(note));
        }
      }),
    async listen(onNote) {
      const hear = (note: Parameters<typeof onNote>[0]): void => process.whenAwake(() => !process.isCutOff('kafka') && onNote(note));
      await produce(process, bench, 'listen', () => broker.listeners.add(hear));
      return {
        async stop() {
          broker.listeners.delete(hear);
        },
      };
    },
  };
}

/** Records come late, in another order, or twice. */
function simDispatch(process: ClusterProcess, bench: Bench): JobDispatch {
  const { broker, scenario } = bench;
  const { world } = process;
  return {
    async offer(jobClass, jobs) {
      const topic = broker.topic(`jobs.${jobClass}`);
      const sends = jobs.map((job) => {
        const { id } = job;
        const append = (): void => {
          world.tell(process.name, () => `offers ${id} at ${topic.rows.length}`);
          topic.append(serialiseOffer(job));
          if (world.random.chance(scenario.doubling)) topic.append(serialiseOffer(job));
        };
        return produce(process, bench, `offer ${id}`, append, (effect) => void world.after(world.random.between(1, 10_000), effect));
      });
      const failed = (await Promise.allSettled(sends)).find((sent) => sent.status === 'rejected');
      if (failed) throw failed.reason;
    },
  };
}
