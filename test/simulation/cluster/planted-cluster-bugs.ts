import type { CassandraSession, Decided } from '../../../src/adapters/cluster/cassandra/session.ts';
import type { ShareReply } from '../../../src/adapters/cluster/share-consumer/messages.ts';
import { ScenelineError } from '../../../src/model/errors.ts';
import { decide } from '../../../src/pipeline/decide.ts';
import { moved } from '../../../src/pipeline/title-changes.ts';
import type { Lease } from '../../../src/ports/job-queue.ts';
import { changed } from '../../pipeline/rows.ts';
import type { Bench, ClusterQueue, Equipment, PlantedClusterBug } from './equipment.ts';
import type { Cells } from './tables.ts';
import type { ClusterFault } from './trouble.ts';

type Stores = Omit<Equipment, 'control'>;

const EVIDENCE = { code: 'SL-301', message: 'planted' };
const NOTHING_SPENT = { frames: 0, cpuSeconds: 0 };
const NOT_MADE: Decided = { isApplied: false, row: null, writeId: '' };

type Adjust = PlantedClusterBug['adjust'];

const calm: Adjust = (scenario) => ({ ...scenario, noteLoss: 0, trouble: { ...scenario.trouble, budget: 0 } });
const struckBy =
  (...kinds: readonly ClusterFault[]): Adjust =>
  (scenario) => ({ ...scenario, trouble: { kinds, rate: 0.03, budget: 12 } });
/** Two titles of the same film at once. */
const twins: Adjust = (scenario) => {
  const [first] = scenario.titles;
  return { ...calm(scenario), workers: [2, 2], titles: ['one', 'two'].map((id) => ({ ...first, id, submitAfterMs: 0 })), cancelAfterMs: null };
};
/** A title that is urgent and comes later, and so few workers that somebody has to wait. */
const rivals: Adjust = (scenario) => {
  const [first] = scenario.titles;
  const long = { ...first.master, chunks: Array.from({ length: 30 }, (_, index) => `long-${index}`) };
  const urgent = { ...first.master, order: { ...first.master.order, seal: { ...first.master.order.seal, sha256: 'urgent'.padEnd(64, '0') } } };
  const titles = [
    { id: 'back', master: long, urgency: 0, submitAfterMs: 0 },
    { id: 'urgent', master: urgent, urgency: 3, submitAfterMs: 20_000 },
  ];
  return {
    ...calm(scenario),
    titles,
    masters: [long, urgent, first.master],
    workers: [1],
    window: 40,
    cancelAfterMs: null,
    redeliverAfterMs: null,
    slownessMs: 0,
  };
};

/** Mistakes that one could really make in this layer, each as a small change around the good code. The simulation must notice every one of them. */
export const PLANTED_CLUSTER_BUGS: readonly PlantedClusterBug[] = [
  {
    name: 'the fence is not checked: a late completion of an old owner is taken',
    adjust: (scenario) => ({ ...struckBy('freeze')(scenario), workers: [2, 2], trouble: { kinds: ['freeze'], rate: 0.06, budget: 20 } }),
    session: (good) => ({
      lwt: (decision) =>
        good.lwt({ ...decision, query: decision.query.replace("IF fence = :fence AND attempt_id = :attemptId AND state = 'running'", "IF state = 'running'") }),
    }),
  },
  {
    name: 'a job that runs under another record is taken over',
    adjust: (scenario) => ({ ...calm(scenario), doubling: 0.5, workers: [2, 2] }),
    equipment: (good, bench) =>
      withQueue(good, {
        claimJob: (jobId, request) => good.queue.claimJob(jobId, { ...request, delivery: String(rowOf(bench, jobId).delivery || request.delivery) }),
      }),
  },
  {
    name: 'a job that failed is taken to be offered still, for ever',
    adjust: (scenario) => ({ ...calm(scenario), toolFailuresLeft: 3, toolFailureRate: 0.3 }),
    equipment: (good) => ({
      ...withQueue(good, {
        readyJobs: async (...query) => (await good.queue.readyJobs(...query)).map((job) => ({ ...job, fence: 0 })),
        get: async (jobId) => {
          const job = await good.queue.get(jobId);
          return job?.state === 'ready' ? { ...job, state: 'running' } : job;
        },
      }),
      wake: { ...good.wake, listen: (onNote) => good.wake.listen((note) => onNote({ ...note, jobId: note.outcome === 'failed' ? null : note.jobId })) },
    }),
  },
  {
    name: 'an offer whose sending failed half-way is not remembered, and made again and again',
    adjust: (scenario) => ({ ...calm(scenario), workers: [1], slownessMs: 60_000, doubling: 0 }),
    equipment: (good) => ({
      ...good,
      dispatch: {
        offer: async (jobClass, jobs) => {
          await good.dispatch.offer(jobClass, jobs);
          throw new ScenelineError('SL-151', 'planted');
        },
      },
    }),
  },
  {
    name: 'a job is done before anybody was told of its proven chunk',
    adjust: calm,
    equipment: (good) => ({
      ...good,
      events: { ...good.events, append: async (events) => good.events.append(events.filter(({ type }) => type !== 'chunk.proven')) },
    }),
  },
  {
    name: 'an exclusive key is never given back',
    adjust: twins,
    equipment: (good, bench) =>
      withQueue(good, {
        claimJob: async (jobId, request) => {
          const key = bench.cassandra.tables.find('exclusive_key', [rowOf(bench, jobId).exclusive_key ?? '']);
          return key && key.rows[0].job_id !== jobId ? 'busy' : good.queue.claimJob(jobId, request);
        },
      }),
  },
  {
    name: 'a job goes on though its key was another one’s when it got its row',
    adjust: twins,
    session: (good) => ({
      lwt: async (decision) => {
        const decided = await good.lwt(decision);
        return decision.query.startsWith('INSERT INTO exclusive_key') ? { ...decided, isApplied: true } : decided;
      },
    }),
  },
  {
    name: 'a job is claimed as it was made, whatever became of it',
    adjust: (scenario) => ({ ...scenario, doubling: 0.5, slownessMs: 20_000, trouble: { kinds: ['terminate', 'freeze'], rate: 0.02, budget: 40 } }),
    session: (good) => ({
      lwt: (decision) => good.lwt({ ...decision, query: decision.query.replace("IF version = :version AND state = 'ready'", "IF state = 'ready'") }),
    }),
  },
  {
    name: 'exclusive keys are not looked at: two titles make the same pictures at once',
    adjust: twins,
    equipment: (good) => withQueue(good, { enqueue: (jobs) => good.queue.enqueue(jobs.map((job) => ({ ...job, exclusiveKey: null }))) }),
  },
  {
    name: 'the signal that a lock is lost is not heard',
    adjust: (scenario) => ({ ...struckBy('cutLink')(scenario), workers: [1], slownessMs: 30_000 }),
    source: (good) => ({ ...good, lostSignal: () => new AbortController().signal }),
  },
  {
    name: 'neither a lost lock nor a refused renewal is heard',
    adjust: (scenario) => ({ ...scenario, workers: [1, 1], slownessMs: 30_000, trouble: { kinds: ['freeze'], rate: 0.01, budget: 20 } }),
    source: (good) => ({ ...good, lostSignal: () => new AbortController().signal }),
    equipment: (good) => withQueue(good, { renew: async (...call) => (await good.queue.renew(...call)) || true }),
  },
  {
    name: 'leases are not renewed',
    adjust: (scenario) => ({ ...calm(scenario), slownessMs: 30_000 }),
    equipment: (good) => withQueue(good, { renew: async () => true }),
  },
  {
    name: 'locks are not renewed',
    adjust: (scenario) => ({ ...calm(scenario), slownessMs: 30_000 }),
    network: (good) => ({
      ...good,
      async connect(name) {
        const link = await good.connect(name);
        const request = async (...[asked]: Parameters<typeof link.request>): Promise<ShareReply> => {
          if (asked.kind !== 'acknowledge' || asked.type !== 'renew' || !asked.place) return link.request(asked);
          // Takes the place of the renewal, so that the epochs go on: a gap that was settled long ago.
          const partitions = [{ topicId: asked.place.topicId, errorCode: 0, message: null }];
          const reply = await link.request({ ...asked, type: 'gap', place: { ...asked.place, first: -1n, last: -1n } });
          return reply.errorCode === 0 ? { kind: 'acknowledge', errorCode: 0, message: null, partitions } : reply;
        };
        return { isOpen: () => link.isOpen(), whenClosed: (listener) => link.whenClosed(listener), close: () => link.close(), request };
      },
    }),
  },
  {
    name: 'events are settled before the log has them',
    adjust: struckBy('kill', 'fail'),
    equipment: (good) => ({
      ...good,
      titles: changed(good.titles, {
        pendingEvents: async (limit) => {
          const events = await good.titles.pendingEvents(limit);
          await good.titles.settleEvents(events.map(({ id }) => id));
          return events;
        },
      }),
    }),
  },
  {
    name: 'an unknown outcome is taken for refused',
    adjust: struckBy('fail', 'limbo'),
    session: (good) => ({ lwt: (decision) => good.lwt({ ...decision, patienceMs: 0 }).catch(() => NOT_MADE) }),
  },
  {
    name: 'an unknown outcome is taken for made',
    adjust: struckBy('fail', 'limbo'),
    session: (good) => ({ lwt: (decision) => good.lwt({ ...decision, patienceMs: 0 }).catch(() => ({ ...NOT_MADE, isApplied: true })) }),
  },
  {
    name: 'leases that ran out are not taken back',
    adjust: struckBy('kill', 'archive'),
    session: (good) => ({ lwt: (decision) => (isTakeBack(decision) ? Promise.resolve(NOT_MADE) : good.lwt(decision)) }),
  },
  {
    name: 'titles are looked at only when a note says so',
    adjust: (scenario) => ({ ...calm(scenario), noteLoss: 0.5 }),
    equipment: (good) => ({ ...good, titles: changed(good.titles, { listLive: async () => ({ titles: [], cursor: null }) }) }),
  },
  {
    name: 'the urgent comes last',
    adjust: rivals,
    equipment: (good) =>
      withQueue(good, {
        readyJobs: async (...query) => (await good.queue.readyJobs(...query)).map((job) => ({ ...job, priority: -job.priority })),
      }),
  },
  {
    name: 'a lost lease counts as a failure',
    adjust: (scenario) => ({ ...scenario, slownessMs: 20_000, trouble: { kinds: ['kill', 'powerOff'], rate: 0.015, budget: 60 } }),
    equipment: (good) =>
      withQueue(good, {
        claimJob: async (jobId, request) => {
          const lease = await good.queue.claimJob(jobId, request);
          if (typeof lease === 'string' || lease.job.losses + lease.job.failures < 3) return lease;
          let again: Lease | string = lease;
          while (typeof again !== 'string' && (await good.queue.fail(again, EVIDENCE, NOTHING_SPENT)) === 'ready') {
            again = await good.queue.claimJob(jobId, request);
          }
          return 'settled';
        },
      }),
  },
  {
    name: 'jobs of an earlier revision are run',
    adjust: (scenario) => ({ ...struckBy('freeze', 'kill')(scenario), titles: scenario.titles.slice(0, 1), redeliverAfterMs: 8000 }),
    control: (good) => ({ ...good, dropIfUnwanted: async () => false }),
  },
  {
    name: 'published is announced when the package is made, before it is shown',
    adjust: calm,
    decide: (input) => {
      const { title, counts } = input;
      const isMade = title.state === 'packaging' && (counts.package?.done ?? 0) > 0;
      return isMade ? { enqueue: [], events: [], jobs: 'keep', next: moved(title, { state: 'published' }) } : decide(input);
    },
  },
];

function withQueue(good: Stores, change: Partial<ClusterQueue>): Stores {
  return { ...good, queue: changed(good.queue, change) };
}

function rowOf({ cassandra }: Bench, jobId: string): Cells {
  return cassandra.tables.find('job', [jobId])?.statics ?? {};
}

function isTakeBack({ values }: Parameters<CassandraSession['lwt']>[0]): boolean {
  return values.outcome === 'lost' && 'beat' in values;
}
