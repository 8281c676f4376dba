import assert from 'node:assert/strict';
import { it } from 'node:test';
import { MAX_FAILURES } from '../../src/model/job.ts';
import type { JobQueue, Lease } from '../../src/ports/job-queue.ts';
import type { MadeQueue } from './job-queue.ts';
import { freshTag, job } from './samples.ts';

export const LEASE_MS = 60_000;
export const NOTHING = { frames: 0, cpuSeconds: 0 };

export function claim(queue: JobQueue, titleIds: readonly string[], worker = 'w1'): Promise<Lease | null> {
  return queue.claim({ worker, titleIds, leaseMs: LEASE_MS });
}

/** Claims what must be there. */
export async function mustClaim(queue: JobQueue, titleIds: readonly string[], worker = 'w1'): Promise<Lease> {
  const lease = await claim(queue, titleIds, worker);
  assert.ok(lease, 'a job is ready');
  return lease;
}

/** Claims until nothing is ready; refuses a queue that never runs out. Answers the leases in order. */
export async function claimAll(queue: JobQueue, titleIds: readonly string[], settle: (lease: Lease) => Promise<unknown>, worker = 'w1'): Promise<Lease[]> {
  const leases: Lease[] = [];
  for (let lease = await claim(queue, titleIds, worker); lease; lease = await claim(queue, titleIds, worker)) {
    leases.push(lease);
    assert.ok(leases.length < 1000, 'the queue gives jobs for ever');
    await settle(lease);
  }
  return leases;
}

export function claimTests(the: () => MadeQueue): void {
  it('leases each job once, highest priority first, then oldest', async () => {
    const { adapter: queue } = the();
    const id = freshTag();
    await queue.enqueue([job(id, 3), job(id, 1), job(id, 7, { priority: 5 }), job(id, 2)]);
    await queue.enqueue([job(id, 0), job(id, 8, { priority: 5 }), job(id, 9, { priority: -1 })]);
    const leases = await claimAll(queue, [id], async () => {});
    assert.deepEqual(
      leases.map((lease) => lease.job.part.index),
      [7, 8, 3, 1, 2, 0, 9],
    );
  });

  it('puts a job that was lost behind the others of its title, and behind no other title', async () => {
    const { adapter: queue, second, clock } = the();
    const [a, b] = [freshTag(), freshTag()];
    await queue.enqueue([job(a, 0, { priority: 5 }), job(a, 1)]);
    const lose = async (): Promise<number> => {
      const { job } = await mustClaim(queue, [a]);
      // Both look at the lease before it runs out: a holder nobody has watched for a whole lease is not held to be dead.
      await claim(second, []);
      await queue.counts(a, job.revision);
      clock.advance(LEASE_MS + 1);
      return job.part.index;
    };
    assert.equal(await lose(), 0);
    assert.equal((await mustClaim(queue, [a])).job.part.index, 1);
    await queue.enqueue([job(b, 0, { priority: 1 })]);
    assert.deepEqual([(await mustClaim(queue, [a, b])).job.titleId, (await mustClaim(queue, [a, b])).job.titleId], [a, b]);
  });

  it('chooses among the titles named and leaves the others alone', async () => {
    const { adapter: queue } = the();
    const [a, b, c] = [freshTag(), freshTag(), freshTag()];
    await queue.enqueue([job(a, 0), job(b, 0), job(c, 0, { priority: 9 }), job(b, 1, { priority: 1 })]);
    assert.equal(await claim(queue, []), null);
    assert.equal(await claim(queue, [freshTag()]), null);
    const found = [await mustClaim(queue, [a, b]), await mustClaim(queue, [b, a]), await mustClaim(queue, [a, b])];
    assert.deepEqual(
      found.map((lease) => lease.job.id),
      [job(b, 1).id, job(a, 0).id, job(b, 0).id],
    );
    assert.equal(await claim(queue, [a, b]), null);
    assert.equal((await mustClaim(queue, [a, b, c])).job.titleId, c);
  });

  it('describes the lease and keeps what the job said', async () => {
    const { adapter: queue } = the();
    const id = freshTag();
    const spec = job(id, 4, { part: { index: 4, codec: 'h265' }, exclusiveKey: `${id}-pictures`, priority: 3 });
    await queue.enqueue([spec]);
    assert.deepEqual(await queue.get(spec.id), { ...spec, state: 'ready', fence: 0, failures: 0, losses: 0, result: null });
    const lease = await mustClaim(queue, [id], 'w7');
    assert.equal(lease.worker, 'w7');
    assert.ok(lease.fence > 0);
    assert.deepEqual(lease.job, { ...spec, state: 'running', fence: lease.fence, failures: 0, losses: 0, result: null });
    assert.deepEqual(await queue.get(spec.id), lease.job);
    assert.equal(await queue.get(`${spec.id}0`), null);
  });

  it('leaves a job that exists untouched, whatever its state', async () => {
    const { adapter: queue } = the();
    const id = freshTag();
    const specs = [0, 1, 2, 3].map((i) => job(id, i));
    await queue.enqueue([specs[0], specs[0]]);
    await queue.complete(await mustClaim(queue, [id]), { ok: true }, NOTHING);
    await queue.enqueue([specs[1]]);
    for (let i = 0; i < MAX_FAILURES; i += 1) await queue.fail(await mustClaim(queue, [id]), { code: 'SL-301', message: 'no' }, NOTHING);
    await queue.enqueue([specs[2]]);
    await mustClaim(queue, [id]);
    await queue.enqueue([specs[3]]);
    const before = await Promise.all(specs.map((spec) => queue.get(spec.id)));
    assert.deepEqual(
      before.map((found) => found?.state),
      ['done', 'parked', 'running', 'ready'],
    );
    await queue.enqueue(specs.map((spec) => ({ ...spec, priority: 99, kind: 'audio' as const })));
    assert.deepEqual(await Promise.all(specs.map((spec) => queue.get(spec.id))), before);
    assert.deepEqual(await queue.counts(id, 'r1'), { encode: { done: 1, parked: 1, running: 1, ready: 1 } });
    await queue.drop(id, 'r1');
    await queue.enqueue(specs);
    assert.equal((await queue.get(specs[3].id))?.state, 'dropped');
    await queue.enqueue([]);
  });

  it('never runs two jobs with one exclusive key at once, and passes on to the next job', async () => {
    const { adapter: queue, second, clock } = the();
    const [a, b] = [freshTag(), freshTag()];
    const exclusiveKey = `${a}-pictures`;
    await queue.enqueue([job(a, 0, { exclusiveKey }), job(b, 0, { exclusiveKey, priority: 5 }), job(b, 1), job(b, 2, { exclusiveKey: `${a}-other` })]);
    const first = await mustClaim(queue, [a]);
    assert.equal((await mustClaim(second, [b])).job.part.index, 1);
    assert.equal((await mustClaim(second, [b])).job.part.index, 2);
    assert.equal(await claim(second, [a, b]), null);
    await queue.complete(first, {}, NOTHING);
    assert.equal((await mustClaim(second, [a, b])).job.id, job(b, 0).id);
    await queue.enqueue([job(a, 3, { exclusiveKey })]);
    assert.equal(await claim(queue, [a]), null);
    clock.advance(LEASE_MS + 1);
    assert.equal((await mustClaim(queue, [a])).job.part.index, 3, 'a lost lease of another title holds no key');
  });

  it('gives every job to one of many claimers, on two instances', async () => {
    const { adapter: queue, second } = the();
    const id = freshTag();
    const total = 120;
    await queue.enqueue(Array.from({ length: total }, (_, i) => job(id, i)));
    const work = (instance: JobQueue, worker: string) =>
      claimAll(instance, [id], async (lease) => assert.equal(await instance.complete(lease, { by: worker }, NOTHING), true), worker);
    const leases = await Promise.all(Array.from({ length: 6 }, (_, i) => work(i % 2 ? second : queue, `w${i}`)));
    const seen = leases.flat().map((lease) => lease.job.id);
    assert.equal(seen.length, total);
    assert.equal(new Set(seen).size, total);
    assert.deepEqual(await queue.counts(id, 'r1'), { encode: { done: total } });
  });

  it('two instances that enqueue the same jobs at once make them once', async () => {
    const { adapter: queue, second } = the();
    const id = freshTag();
    const specs = Array.from({ length: 50 }, (_, i) => job(id, i));
    await Promise.all([queue.enqueue(specs), second.enqueue([...specs].reverse()), queue.enqueue(specs)]);
    assert.deepEqual(await second.counts(id, 'r1'), { encode: { ready: 50 } });
  });
}
