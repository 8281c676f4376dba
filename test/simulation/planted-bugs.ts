import { decide } from '../../src/pipeline/decide.ts';
import { moved } from '../../src/pipeline/title-changes.ts';
import type { Lease } from '../../src/ports/job-queue.ts';
import { changed } from '../pipeline/rows.ts';
import type { Stores } from './sim-ports.ts';
import type { PlantedBug } from './simulate.ts';

const EVIDENCE = { code: 'SL-301', message: 'planted' };
const NOTHING_SPENT = { frames: 0, cpuSeconds: 0 };

/** Mistakes that one could really make, each as a small change around the good code. The simulation must notice every one of them. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'the fence is not checked: a late completion of an old owner is taken',
    stores: (real, { sql }) =>
      withQueue(real, {
        complete: (lease, result, spent) => {
          const [row] = sql('SELECT fence, attempt_id FROM job WHERE id = ?', lease.job.id);
          const newest: Lease = { ...lease, fence: Number(row.fence), attemptId: String(row.attempt_id) };
          return real.queue.complete(newest, result, spent);
        },
      }),
  },
  {
    name: 'leases never run out',
    stores: (real, { sql }) =>
      withQueue(real, {
        claim: (request) => {
          sql("UPDATE job SET lease_until_ms = 9000000000000 WHERE state = 'running'");
          return real.queue.claim(request);
        },
      }),
  },
  {
    name: 'leases are not renewed',
    ports: (good) => ({ ...good, queue: { ...good.queue, renew: async () => true } }),
  },
  {
    name: 'a lost lease counts as a failure',
    stores: (real) =>
      withQueue(real, {
        claim: async (request) => {
          const lease = await real.queue.claim(request);
          if (lease === null || lease.job.losses + lease.job.failures < 3) return lease;
          let again: Lease | null = lease;
          while (again && (await real.queue.fail(again, EVIDENCE, NOTHING_SPENT)) === 'ready') again = await real.queue.claim(request);
          return null;
        },
      }),
  },
  {
    name: 'a job handed back at shutdown counts as a failure',
    ports: (good) => ({
      ...good,
      queue: { ...good.queue, release: async (lease, spent) => (await good.queue.fail(lease, EVIDENCE, spent)) !== 'lost' },
    }),
  },
  {
    name: 'enqueue overwrites a job that exists',
    stores: (real, { sql }) =>
      withQueue(real, {
        enqueue: async (jobs) => {
          for (const job of jobs) sql("UPDATE job SET state = 'ready' WHERE id = ?", job.id);
          await real.queue.enqueue(jobs);
        },
      }),
  },
  {
    name: 'a counter is wrong after a job is handed back',
    stores: (real, { sql }) =>
      withQueue(real, {
        release: async (lease, spent) => {
          const isReleased = await real.queue.release(lease, spent);
          sql("UPDATE job_count SET jobs = jobs - 1 WHERE state = 'ready' AND kind = ? AND title_id = ?", lease.job.kind, lease.job.titleId);
          return isReleased;
        },
      }),
  },
  {
    name: 'the title row is written without looking at its rev',
    stores: (real, { sql }) => ({
      ...real,
      titles: changed(real.titles, {
        update: (expectedRev, title, events) => {
          const rev = Number(sql('SELECT rev FROM title WHERE id = ?', title.id)[0]?.rev ?? expectedRev);
          return real.titles.update(rev, { ...title, rev: rev + 1 }, events);
        },
      }),
    }),
  },
  {
    name: 'events are written after the row, in a step of their own',
    ports: (good, bench) => ({
      ...good,
      titles: {
        ...good.titles,
        update: async (expectedRev, title, events) => {
          const isFirst = await good.titles.update(expectedRev, title, events);
          const [row] = bench.sql('SELECT max(seq) AS seq FROM outbox');
          bench.sql('DELETE FROM outbox WHERE seq = ?', Number(row.seq ?? 0));
          if (isFirst && events.length > 0) {
            await good.titles.get(title.id);
            for (const event of events) bench.sql('INSERT OR IGNORE INTO outbox (id, body) VALUES (?, ?)', event.id, JSON.stringify(event));
          }
          return isFirst;
        },
      },
    }),
  },
  {
    name: 'events are settled before the log has them',
    ports: (good) => ({
      ...good,
      titles: {
        ...good.titles,
        pendingEvents: async (limit) => {
          const events = await good.titles.pendingEvents(limit);
          await good.titles.settleEvents(events.map(({ id }) => id));
          return events;
        },
      },
    }),
  },
  {
    name: 'recording a result replaces the one that is there',
    stores: (real) => ({
      ...real,
      results: changed(real.results, {
        record: async (owner, result) => {
          const first = await real.results.lookup(owner, result.address);
          if (first) await real.results.revoke(owner, first.address, first.objectKey);
          return real.results.record(owner, result);
        },
      }),
    }),
  },
  {
    name: 'a title is encoded when all admitted chunks are, not all of them',
    decide: (input) => {
      const { title, counts } = input;
      const { admittedChunks = 0, codecs = [] } = title.progress;
      const isDone = title.state === 'encoding' && admittedChunks > 0 && (counts.encode?.done ?? 0) >= admittedChunks * codecs.length;
      const decision = decide(input);
      return isDone ? { ...decision, enqueue: [], next: moved(title, { state: 'assembling' }) } : decision;
    },
  },
  {
    name: 'published is announced when the package is made, before it is shown',
    decide: (input) => {
      const { title, counts } = input;
      const isMade = title.state === 'packaging' && (counts.package?.done ?? 0) > 0;
      return isMade ? { enqueue: [], events: [], jobs: 'keep', next: moved(title, { state: 'published' }) } : decide(input);
    },
  },
  {
    name: 'the row says that chunks are admitted before they are in the queue',
    ports: (good) => {
      let waiting: Parameters<typeof good.queue.enqueue>[0] = [];
      return {
        ...good,
        queue: {
          ...good.queue,
          enqueue: async (jobs) => {
            if (jobs.some(({ kind }) => kind === 'encode')) waiting = jobs;
            else await good.queue.enqueue(jobs);
          },
        },
        titles: {
          ...good.titles,
          update: async (expectedRev, title, events) => {
            const isFirst = await good.titles.update(expectedRev, title, events);
            if (waiting.length > 0) await good.queue.enqueue(waiting);
            waiting = [];
            return isFirst;
          },
        },
      };
    },
  },
  {
    name: 'jobs that were dropped late are not taken up again',
    decide: (input) => {
      const decision = decide(input);
      return decision.jobs === 'revive' ? { ...decision, jobs: 'keep' } : decision;
    },
  },
  {
    name: 'jobs of an earlier revision are run',
    control: (good) => ({ ...good, dropIfUnwanted: async () => false }),
  },
  {
    name: 'a retry forgets to forget the failures',
    ports: (good) => ({ ...good, queue: { ...good.queue, revive: async () => {} } }),
  },
];

type Queue = Stores['queue'];

function withQueue(real: Stores, change: Partial<Queue>): Stores {
  return { ...real, queue: changed(real.queue, change) };
}
