import type { Database } from '../../src/adapters/embedded/database.ts';
import { SqliteEventLog } from '../../src/adapters/embedded/sqlite-event-log.ts';
import { SqliteJobQueue } from '../../src/adapters/embedded/sqlite-job-queue.ts';
import { SqliteResultStore } from '../../src/adapters/embedded/sqlite-result-store.ts';
import { SqliteTitleStore } from '../../src/adapters/embedded/sqlite-title-store.ts';
import type { Title } from '../../src/model/title.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import type { JobQueue, Lease } from '../../src/ports/job-queue.ts';
import type { ResultStore } from '../../src/ports/result-store.ts';
import type { TitleStore } from '../../src/ports/title-store.ts';
import type { Gate } from './faults.ts';
import type { Truth } from './truth.ts';
import type { SimProcess } from './world.ts';

/** The stores that the pipeline's own rows stand in: the real ones. */
export type Stores = { readonly titles: TitleStore; readonly queue: JobQueue; readonly events: EventLog; readonly results: ResultStore };

/** Immutable objects, create-only, in memory. */
export type Objects = Map<string, string>;

export type SimPorts = Stores & {
  readonly objects: { put(key: string, text: string): Promise<void>; get(key: string): Promise<string | undefined> };
  /** For handlers, whose reads decide nothing. */
  readonly readTitle: (titleId: string) => Promise<Title | null>;
  /** Revision that each title was last read at by this process's control. */
  readonly readRevisions: Map<string, string>;
};

export function realStores(db: Database, process: SimProcess, deathsAreSeen: boolean, processes: ReadonlySet<{ name: string }>): Stores {
  const isWorkerDead = (worker: string): boolean => deathsAreSeen && ![...processes].some(({ name }) => name === worker);
  return {
    titles: new SqliteTitleStore(db),
    queue: new SqliteJobQueue(db, { clock: process, random: process.world.random, isWorkerDead }),
    events: new SqliteEventLog(db),
    results: new SqliteResultStore(db),
  };
}

/** The stores as one process sees them: every call goes through the gate, and the observer sees what it did. */
export function simPorts(process: SimProcess, stores: Stores, objects: Objects, gate: Gate, truth: Truth): SimPorts {
  const readRevisions = new Map<string, string>();
  return {
    titles: gatedTitles(process, stores.titles, gate, truth, readRevisions),
    queue: gatedQueue(process, stores.queue, gate, truth),
    events: {
      append: (events) => gate.pass(process, 'events.append', 'write', () => stores.events.append(events)),
      read: (cursor, limit) => gate.pass(process, 'events.read', 'read', () => stores.events.read(cursor, limit)),
    },
    results: gatedResults(process, stores.results, gate, truth),
    objects: {
      put: (key, text) => gate.pass(process, `objects.put ${key}`, 'write', async () => void (objects.has(key) || objects.set(key, text))),
      get: (key) => gate.pass(process, 'objects.get', 'read', async () => objects.get(key)),
    },
    readTitle: (titleId) => gate.pass(process, 'titles.get', 'read', () => stores.titles.get(titleId)),
    readRevisions,
  };
}

function gatedTitles(process: SimProcess, real: TitleStore, gate: Gate, truth: Truth, readRevisions: Map<string, string>): TitleStore {
  const pass = <T>(name: string, kind: 'read' | 'write', effect: () => Promise<T>) => gate.pass(process, `titles.${name}`, kind, effect);
  return {
    create: (title, events) =>
      pass('create', 'write', async () => {
        const isNew = await real.create(title, events);
        if (isNew) truth.titleWritten(0, title, events);
        return isNew;
      }),
    get: async (titleId) => {
      const title = await pass('get', 'read', () => real.get(titleId));
      if (title) readRevisions.set(titleId, title.revision);
      return title;
    },
    update: (expectedRev, title, events) =>
      pass(`update to ${title.state}`, 'write', async () => {
        const isFirst = await real.update(expectedRev, title, events);
        if (isFirst) truth.titleWritten(expectedRev, title, events);
        return isFirst;
      }),
    pendingEvents: (limit) => pass('pendingEvents', 'read', () => real.pendingEvents(limit)),
    settleEvents: (ids) => pass('settleEvents', 'write', () => real.settleEvents(ids)),
    listByDay: (...query) => real.listByDay(...query),
    listDays: (...query) => real.listDays(...query),
    listByPrefix: (...query) => real.listByPrefix(...query),
    listLive: (...query) => real.listLive(...query),
  };
}

function gatedQueue(process: SimProcess, real: JobQueue, gate: Gate, truth: Truth): JobQueue {
  const read = <T>(name: string, effect: () => Promise<T>) => gate.pass(process, `queue.${name}`, 'read', effect);
  const write = <T>(name: string, effect: () => Promise<T>) =>
    gate.pass(process, `queue.${name}`, 'write', async () => {
      const value = await effect();
      truth.checkJobs();
      return value;
    });
  const settle = async <T>(lease: Lease, how: string, call: Promise<T>): Promise<T> => {
    const answer = await call;
    truth.settled(lease, how, answer !== false && answer !== 'lost');
    return answer;
  };
  return {
    enqueue: (jobs) => write(`enqueue ${jobs.length} from ${jobs[0].id}`, () => real.enqueue(jobs)),
    claim: (request) =>
      write('claim', async () => {
        const lease = await real.claim(request);
        if (lease) truth.claimed(process, lease);
        return lease;
      }),
    renew: (lease, leaseMs, frames) => gate.pass(process, `queue.renew ${lease.job.id}`, 'write', () => real.renew(lease, leaseMs, frames)),
    complete: (lease, result, spent) => write(`complete ${lease.job.id}`, () => settle(lease, 'completion', real.complete(lease, result, spent))),
    fail: (lease, evidence, spent) => write(`fail ${lease.job.id}`, () => settle(lease, 'failure', real.fail(lease, evidence, spent))),
    release: (lease, spent) => write(`release ${lease.job.id}`, () => settle(lease, 'release', real.release(lease, spent))),
    get: (jobId) => read('get', () => real.get(jobId)),
    counts: (titleId, revision) => read('counts', () => real.counts(titleId, revision)),
    findParked: (titleId, revision) => read('findParked', () => real.findParked(titleId, revision)),
    drop: (titleId, revision) =>
      write(`drop ${revision}`, () => {
        truth.excuse(({ job }) => job.titleId === titleId && job.revision === revision);
        return real.drop(titleId, revision);
      }),
    revive: (titleId, revision) =>
      write(`revive ${revision}`, () => {
        truth.reviving(titleId, revision);
        return real.revive(titleId, revision);
      }),
    listDone: (...query) => real.listDone(...query),
    listAttempts: (...query) => real.listAttempts(...query),
  };
}

function gatedResults(process: SimProcess, real: ResultStore, gate: Gate, truth: Truth): ResultStore {
  return {
    lookup: (owner, address) =>
      gate.pass(process, `results.lookup ${address}`, 'read', async () => {
        const found = await real.lookup(owner, address);
        truth.lookedUp(address, found);
        return found;
      }),
    record: (owner, result) =>
      gate.pass(process, `results.record ${result.address}`, 'write', async () => {
        const answer = await real.record(owner, result);
        truth.recorded(result.address, result.objectKey, answer);
        return answer;
      }),
    revoke: (...which) => real.revoke(...which),
    list: (...query) => real.list(...query),
  };
}
