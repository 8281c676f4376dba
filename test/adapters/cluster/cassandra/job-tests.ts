import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CassandraJobQueue } from '../../../../src/adapters/cluster/cassandra/job-queue.ts';
import type { CassandraSession } from '../../../../src/adapters/cluster/cassandra/session.ts';
import type { JobSpec } from '../../../../src/model/job.ts';
import type { Lease } from '../../../../src/ports/job-queue.ts';
import { ManualClock } from '../../../contract/manual-clock.ts';
import { freshTag, job } from '../../../contract/samples.ts';
import type { CassandraService } from '../../../services/cassandra.ts';
import { until } from '../../../support/poll.ts';
import { countCalls, isLwt, withFaults } from './faulty-driver.ts';
import { fillWithDone } from './fill.ts';
import type { Sessions } from './keyspace.ts';

const LEASE_MS = 60_000;
const HOUR_MS = 3_600_000;
const SPENT = { frames: 1, cpuSeconds: 1 };

function leased(outcome: Lease | string): Lease {
  assert.ok(typeof outcome !== 'string', `${outcome}`);
  return outcome;
}

type Place = { readonly service: CassandraService; readonly sessions: Sessions };
type OpenQueue = (change?: Parameters<Sessions['open']>[0]) => Promise<CassandraJobQueue>;

const claim = (delivery: string, worker = 'w') => ({ worker, delivery, leaseMs: LEASE_MS });

export function jobTests(the: () => Place): void {
  const queueOf: OpenQueue = async (change) => new CassandraJobQueue(await the().sessions.open(change));
  claimTests(queueOf);
  freshClaimTests(queueOf);
  orderTests(queueOf);
  repairTests(queueOf);
  costTests(the);
}

function claimTests(queueOf: OpenQueue): void {
  it('gives one of 16 racing claims the job, on two instances', async () => {
    const queues = [await queueOf(), await queueOf()];
    const id = freshTag();
    await queues[0].enqueue([0, 1, 2].map((i) => job(id, i)));
    for (const i of [0, 1, 2]) {
      const outcomes = await Promise.all(Array.from({ length: 16 }, (_, n) => queues[n % 2].claimJob(job(id, i).id, claim(`record ${n}`, `w${n}`))));
      assert.deepEqual(
        outcomes.filter((outcome) => typeof outcome === 'string'),
        Array(15).fill('elsewhere'),
      );
    }
    assert.deepEqual(await queues[1].counts(id, 'r1'), { encode: { running: 3 } });
  });

  it('takes a job over that its broker handed out again, and refuses the zombie', async () => {
    const [queue, other] = [await queueOf(), await queueOf()];
    const id = freshTag();
    const { id: jobId } = job(id, 0);
    await queue.enqueue([job(id, 0)]);
    const zombie = leased(await queue.claimJob(jobId, claim('jobs-0@7', 'zombie')));
    assert.equal(await other.claimJob(jobId, claim('jobs-0@8')), 'elsewhere');
    const heir = leased(await other.claimJob(jobId, claim('jobs-0@7', 'heir')));
    assert.ok(heir.fence > zombie.fence);
    assert.deepEqual([heir.job.losses, heir.job.failures], [1, 0]);
    assert.equal(await queue.renew(zombie, LEASE_MS, 1), false);
    assert.equal(await queue.complete(zombie, { late: true }, SPENT), false);
    assert.equal(await queue.fail(zombie, { code: 'SL-301', message: 'late' }, SPENT), 'lost');
    assert.equal(await other.complete(heir, { by: 'heir' }, SPENT), true);
    assert.equal(await queue.complete(zombie, { late: true }, SPENT), false);
    assert.equal(await queue.claimJob(jobId, claim('jobs-0@7')), 'settled');
    assert.deepEqual((await queue.get(jobId))?.result, { by: 'heir' });
    const { attempts } = await queue.listAttempts(id, null, 10);
    assert.deepEqual(
      attempts.map((attempt) => [attempt.worker, attempt.outcome]),
      [
        ['zombie', 'lost'],
        ['heir', 'done'],
      ],
    );
  });

  it('says why it does not give a job: settled, or busy with its key', async () => {
    const queue = await queueOf();
    const id = freshTag();
    const exclusiveKey = `${id}-pictures`;
    await queue.enqueue([job(id, 0, { exclusiveKey }), job(id, 1, { exclusiveKey }), job(id, 2)]);
    assert.equal(await queue.claimJob(`${id}/r1/encode/9`, claim('d')), 'settled');
    const holder = leased(await queue.claimJob(job(id, 0).id, claim('d0')));
    assert.equal(await queue.claimJob(job(id, 1).id, claim('d1')), 'busy');
    await queue.complete(holder, {}, SPENT);
    leased(await queue.claimJob(job(id, 1).id, claim('d1')));
    for (let i = 0; i < 3; i += 1) await queue.fail(leased(await queue.claimJob(job(id, 2).id, claim('d2'))), { code: 'SL-301', message: 'no' }, SPENT);
    assert.equal(await queue.claimJob(job(id, 2).id, claim('d2')), 'settled');
    await queue.drop(id, 'r1');
    assert.equal(await queue.claimJob(job(id, 1).id, claim('d1')), 'settled');
  });
}

function freshClaimTests(queueOf: OpenQueue): void {
  const fresh = (spec: JobSpec, delivery: string) => ({ ...claim(delivery), unclaimed: spec });

  it('gives one of 16 racing claims a job that is as it was made, on two instances', async () => {
    const queues = [await queueOf(), await queueOf()];
    const id = freshTag();
    await queues[0].enqueue([job(id, 0)]);
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, n) => queues[n % 2].claimJob(job(id, 0).id, fresh(job(id, 0), `record ${n}`))));
    const [lease, ...others] = outcomes.filter((outcome) => typeof outcome !== 'string');
    assert.deepEqual(others, []);
    assert.deepEqual([lease.fence, lease.job], [1, { ...job(id, 0), state: 'running', fence: 1, failures: 0, losses: 0, result: null }]);
    assert.equal(outcomes.filter((outcome) => outcome === 'elsewhere').length, 15);
    assert.equal((await queues[0].complete(lease, {}, SPENT)) || (await queues[1].complete(lease, {}, SPENT)), true);
  });

  it('looks at the row of a job that is no longer as it was made', async () => {
    const [queue, other] = [await queueOf(), await queueOf()];
    const id = freshTag();
    const [there, gone] = [job(id, 0, { exclusiveKey: `${id}-a` }), job(id, 1)];
    await queue.enqueue([there]);
    assert.equal(await queue.claimJob(gone.id, fresh(gone, 'd')), 'settled');
    const first = leased(await queue.claimJob(there.id, fresh(there, 'a#1')));
    assert.equal(await other.claimJob(there.id, fresh(there, 'b#1')), 'elsewhere');
    assert.equal(await queue.release(first, SPENT), true);
    const second = leased(await other.claimJob(there.id, fresh(there, 'c#1')));
    assert.equal(second.fence, 2);
    assert.equal(await other.complete(second, {}, SPENT), true);
    assert.equal(await queue.claimJob(there.id, fresh(there, 'd#1')), 'settled');
  });

  it('gives the key to one of 16 such jobs that ask at once, and the others back', async () => {
    const queues = [await queueOf(), await queueOf()];
    const id = freshTag();
    const jobs = Array.from({ length: 16 }, (_, i) => job(id, i, { exclusiveKey: `${id}-pictures` }));
    await queues[0].enqueue(jobs);
    const outcomes = await Promise.all(jobs.map((spec, i) => queues[i % 2].claimJob(spec.id, fresh(spec, `d${i}`))));
    const winner = outcomes.findIndex((outcome) => typeof outcome !== 'string');
    assert.equal(outcomes.filter((outcome) => outcome === 'busy').length, 15);
    assert.deepEqual(await (await queueOf()).counts(id, 'r1'), { encode: { ready: 15, running: 1 } });
    await queues[winner % 2].complete(leased(outcomes[winner]), {}, SPENT);
    const next = jobs[(winner + 1) % 16];
    leased(await queues[0].claimJob(next.id, fresh(next, 'again')));
  });

  it('takes a used key along for a job that is as it was made', async () => {
    const queue = await queueOf();
    const id = freshTag();
    const [before, after] = [0, 1].map((i) => job(id, i, { exclusiveKey: `${id}-pictures` }));
    await queue.enqueue([before, after]);
    await queue.complete(leased(await queue.claimJob(before.id, fresh(before, 'd'))), {}, SPENT);
    leased(await queue.claimJob(after.id, fresh(after, 'e')));
    assert.equal(await queue.claimJob(before.id, fresh(before, 'f')), 'settled');
  });
}

function orderTests(queueOf: OpenQueue): void {
  it('gives an exclusive key to one of 16 jobs that ask at once', async () => {
    const queues = [await queueOf(), await queueOf()];
    const id = freshTag();
    await queues[0].enqueue(Array.from({ length: 16 }, (_, i) => job(id, i, { exclusiveKey: `${id}-pictures` })));
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, i) => queues[i % 2].claimJob(job(id, i).id, claim(`d${i}`))));
    assert.equal(outcomes.filter((outcome) => outcome === 'busy').length, 15);
  });

  it('names ready jobs in the order in which they should run, those of lost workers at the end', async () => {
    const clock = new ManualClock();
    const queue = await queueOf({ clock });
    const id = freshTag();
    await queue.enqueue([job(id, 2), job(id, 0), job(id, 1, { priority: 5 }), job(id, 3, { revision: 'r2', priority: 9 })]);
    const ready = async (limit: number) => (await queue.readyJobs(id, 'r1', limit)).map((spec) => spec.part.index);
    assert.deepEqual(await ready(10), [1, 2, 0]);
    assert.deepEqual(await ready(2), [1, 2]);
    leased(await queue.claimJob(job(id, 1).id, claim('d')));
    assert.deepEqual(await ready(10), [2, 0]);
    clock.advance(LEASE_MS + 1);
    assert.deepEqual(await ready(10), [2, 0, 1]);
  });

  it('is not misled by a clock that is an hour off, forward or back', async () => {
    for (const skewMs of [HOUR_MS, -HOUR_MS]) {
      const [rightClock, wrongClock] = [new ManualClock(), new ManualClock(new ManualClock().nowMs() + skewMs)];
      const [right, wrong] = [await queueOf({ clock: rightClock }), await queueOf({ clock: wrongClock })];
      const id = freshTag();
      await right.enqueue([job(id, 0), job(id, 1)]);
      await wrong.enqueue([job(id, 2)]);
      const [a, b] = [leased(await right.claimJob(job(id, 0).id, claim('a'))), leased(await wrong.claimJob(job(id, 1).id, claim('b')))];
      assert.deepEqual(
        (await right.readyJobs(id, 'r1', 9)).map((spec) => spec.part.index),
        [2],
      );
      assert.deepEqual(
        (await wrong.readyJobs(id, 'r1', 9)).map((spec) => spec.part.index),
        [2],
      );
      for (let i = 0; i < 4; i += 1) {
        for (const clock of [rightClock, wrongClock]) clock.advance(LEASE_MS / 2);
        assert.equal(await right.renew(a, LEASE_MS, i), true);
        assert.equal(await wrong.renew(b, LEASE_MS, i), true);
        assert.equal((await right.readyJobs(id, 'r1', 9)).length, 1);
        assert.equal((await wrong.readyJobs(id, 'r1', 9)).length, 1);
      }
      assert.equal(await wrong.complete(b, {}, SPENT), true);
      for (const clock of [rightClock, wrongClock]) clock.advance(LEASE_MS + 1);
      assert.deepEqual(
        (await wrong.readyJobs(id, 'r1', 9)).map((spec) => spec.part.index),
        [2, 0],
      );
      assert.equal(await right.complete(a, {}, SPENT), false);
    }
  });
}

function repairTests(queueOf: OpenQueue): void {
  it('pays the rows that a process owed when it died', async () => {
    const [queue, other] = [await queueOf(), await queueOf()];
    const id = freshTag();
    const dies = (table: string) => async (query: string) => (query.includes(`INSERT INTO ${table}`) ? ('before' as const) : null);
    const death = () => new TypeError('the process died here');
    // Jobs made, but listed nowhere.
    await assert.rejects(
      withFaults(death, dies('job_bucket'), () => queue.enqueue([job(id, 0), job(id, 1)])),
      TypeError,
    );
    await other.enqueue([job(id, 0), job(id, 1)]);
    assert.deepEqual(await other.counts(id, 'r1'), { encode: { ready: 2 } });
    // A change announced, but not made.
    const noClaim = (query: string) => (isLwt(query) ? ('before' as const) : null);
    await assert.rejects(
      withFaults(death, noClaim, () => queue.claimJob(job(id, 0).id, claim('d'))),
      TypeError,
    );
    assert.deepEqual(await other.counts(id, 'r1'), { encode: { ready: 2 } });
    // Done, but without its done row.
    const lease = leased(await queue.claimJob(job(id, 0).id, claim('d')));
    await assert.rejects(
      withFaults(death, dies('job_done'), () => queue.complete(lease, { n: 0 }, SPENT)),
      TypeError,
    );
    assert.deepEqual(await other.counts(id, 'r1'), { encode: { done: 1, ready: 1 } });
    assert.deepEqual(
      (await other.listDone(id, 'r1', 'encode', null, 9)).jobs.map((done) => done.result),
      [{ n: 0 }],
    );
    const last = leased(await queue.claimJob(job(id, 1).id, claim('d')));
    await assert.rejects(
      withFaults(death, dies('job_done'), () => queue.complete(last, { n: 1 }, SPENT)),
      TypeError,
    );
    assert.deepEqual(await other.counts(id, 'r1'), { encode: { done: 2 } });
    assert.deepEqual(
      (await (await queueOf()).listDone(id, 'r1', 'encode', null, 9)).jobs.map((done) => done.result),
      [{ n: 0 }, { n: 1 }],
    );
  });

  it('opens a closed bucket again when jobs are added to it', async () => {
    const [queue, other] = [await queueOf(), await queueOf()];
    const id = freshTag();
    for (let i = 0; i < 3; i += 1) {
      await queue.enqueue([job(id, i)]);
      assert.deepEqual(await other.counts(id, 'r1'), { encode: { ready: 1, ...(i > 0 ? { done: i } : {}) } });
      await queue.complete(leased(await queue.claimJob(job(id, i).id, claim('d'))), {}, SPENT);
      for (const one of [queue, other, await queueOf()]) assert.deepEqual(await one.counts(id, 'r1'), { encode: { done: i + 1 } });
    }
    assert.equal((await other.listDone(id, 'r1', 'encode', null, 9)).jobs.length, 3);
    await queue.enqueue([job(id, 3)]);
    assert.deepEqual(
      (await queue.readyJobs(id, 'r1', 9)).map((spec) => spec.part.index),
      [3],
    );
  });
}

function costTests(the: () => Place): void {
  it('asks as little of a title with 3,000 jobs as of one with ten', async (t) => {
    const session: CassandraSession = await the().sessions.open();
    const costs: number[][] = [];
    for (const jobs of [10, 3000]) {
      const id = freshTag();
      await fillWithDone(session, id, jobs - 5);
      const queue = new CassandraJobQueue(session);
      await queue.enqueue([1, 2, 3, 4, 5].map((i) => job(id, jobs - 6 + i)));
      await queue.counts(id, 'r1');
      const fresh = new CassandraJobQueue(session);
      const cost = [await countCalls(() => fresh.counts(id, 'r1')), await countCalls(() => fresh.counts(id, 'r1'))];
      const lease = leased(await queue.claimJob(job(id, jobs - 1).id, claim('d')));
      cost.push(await countCalls(() => fresh.counts(id, 'r1')));
      cost.push(await countCalls(() => queue.complete(lease, {}, SPENT)));
      cost.push(await countCalls(() => fresh.counts(id, 'r1')), await countCalls(() => fresh.readyJobs(id, 'r1', 5)));
      assert.deepEqual(await fresh.counts(id, 'r1'), { encode: { done: jobs - 4, ready: 4 } });
      costs.push(cost);
    }
    t.diagnostic(`calls for counts (first), counts, counts after a claim, complete, counts after it, readyJobs: ${JSON.stringify(costs)}`);
    assert.deepEqual(costs[1].slice(1), costs[0].slice(1));
  });

  it('need not read what it has just made itself, and reads what others made', async () => {
    const session = await the().sessions.open();
    const [queue, other] = [new CassandraJobQueue(session), new CassandraJobQueue(session)];
    const id = freshTag();
    const ready = async () => (await queue.readyJobs(id, 'r1', 9)).map((spec) => spec.part.index);
    await queue.counts(id, 'r1');
    await queue.enqueue([job(id, 0), job(id, 1)]);
    assert.equal(await countCalls(ready), 0);
    assert.deepEqual(await ready(), [0, 1]);
    leased(await other.claimJob(job(id, 0).id, claim('d')));
    // One of these exists: it may be in any state.
    await queue.enqueue([job(id, 0), job(id, 2)]);
    assert.deepEqual(await ready(), [1, 2]);
  });

  it('meets no tombstone in any of all this', async () => {
    const { service, sessions } = the();
    const session = await sessions.open();
    // That a tombstone is seen, to begin with.
    await session.write("INSERT INTO title_day (all_days, day) VALUES (1, 'a')", {});
    await session.write("DELETE FROM title_day WHERE all_days = 1 AND day = 'a'", {});
    await session.read('SELECT day FROM title_day WHERE all_days = 1', {});
    const met = () => service.nodes[0].log().then((log) => log.split('\n').filter((line) => /tombstone/.test(line) && line.includes(sessions.keyspace)));
    const lines = await until('a tombstone in the log', async () => ((await met()).length > 0 ? met() : null));
    assert.deepEqual(
      lines.filter((line) => !line.includes('all_days = 1')),
      [],
    );
  });
}
