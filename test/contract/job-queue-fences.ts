import assert from 'node:assert/strict';
import { it } from 'node:test';
import { MAX_FAILURES } from '../../src/model/job.ts';
import type { JobQueue, Lease } from '../../src/ports/job-queue.ts';
import type { MadeQueue, MadeQueueWithDeaths } from './job-queue.ts';
import { claim, LEASE_MS, mustClaim, NOTHING } from './job-queue-claims.ts';
import { freshTag, job, ODD_TEXT } from './samples.ts';

const EVIDENCE = { code: 'SL-301', message: 'no' };

async function assertPowerless(queue: JobQueue, zombie: Lease): Promise<void> {
  const before = await queue.get(zombie.job.id);
  assert.equal(await queue.renew(zombie, LEASE_MS, 5), false);
  assert.equal(await queue.complete(zombie, { late: true }, NOTHING), false);
  assert.equal(await queue.fail(zombie, EVIDENCE, NOTHING), 'lost');
  assert.equal(await queue.release(zombie, NOTHING), false);
  assert.deepEqual(await queue.get(zombie.job.id), before);
}

async function attemptsOf(queue: JobQueue, titleId: string) {
  return (await queue.listAttempts(titleId, null, 1000)).attempts;
}

export function deathTests(the: () => MadeQueueWithDeaths): void {
  it('takes back the lease of a worker known dead at once', async () => {
    const { adapter: queue, second, dead } = the();
    const id = freshTag();
    await queue.enqueue([job(id, 0), job(id, 1)]);
    const lost = await mustClaim(queue, [id], `${id}-dies`);
    await mustClaim(queue, [id], `${id}-lives`);
    assert.equal(await claim(second, [id]), null);
    dead.add(`${id}-dies`);
    const heir = await mustClaim(second, [id], 'heir');
    assert.equal(heir.job.id, lost.job.id);
    assert.equal(await claim(second, [id]), null);
    await assertPowerless(queue, lost);
  });
}

export function fenceTests(the: () => MadeQueue): void {
  it('takes back a lease that ran out: a loss, and the zombie can do nothing any more', async () => {
    const { adapter: queue, second, clock } = the();
    const id = freshTag();
    await queue.enqueue([job(id, 0)]);
    const zombie = await mustClaim(queue, [id], 'zombie');
    assert.equal(await claim(second, [id]), null, 'this instance has seen the lease now');
    clock.advance(LEASE_MS - 1);
    assert.equal(await claim(second, [id]), null);
    clock.advance(2);
    const heir = await mustClaim(second, [id], 'heir');
    assert.ok(heir.fence > zombie.fence);
    assert.notEqual(heir.attemptId, zombie.attemptId);
    assert.deepEqual([heir.job.losses, heir.job.failures], [1, 0]);
    await assertPowerless(queue, zombie);
    assert.equal(await second.complete(heir, { by: 'heir' }, { frames: 9, cpuSeconds: 1.5 }), true);
    await assertPowerless(queue, zombie);
    await assertPowerless(second, heir);
    assert.deepEqual((await queue.get(heir.job.id))?.result, { by: 'heir' });
    const attempts = await attemptsOf(queue, id);
    assert.deepEqual(
      attempts.map((attempt) => [attempt.worker, attempt.outcome, attempt.frames, attempt.cpuSeconds, attempt.endedMs === null]),
      [
        ['zombie', 'lost', 0, 0, false],
        ['heir', 'done', 9, 1.5, false],
      ],
    );
  });

  it('never parks a job for losses', async () => {
    const { adapter: queue, clock } = the();
    const id = freshTag();
    await queue.enqueue([job(id, 0)]);
    for (let i = 0; i < 20; i += 1) {
      assert.equal((await mustClaim(queue, [id])).job.losses, i);
      clock.advance(LEASE_MS + 1);
    }
    const lease = await mustClaim(queue, [id]);
    assert.equal(await queue.complete(lease, {}, NOTHING), true);
    assert.deepEqual((await queue.get(lease.job.id))?.losses, 20);
  });

  it('lets a late worker settle when nobody took its lease: the fence decides, not the time', async () => {
    const { adapter: queue, clock } = the();
    const id = freshTag();
    await queue.enqueue([job(id, 0), job(id, 1)]);
    const [first, other] = [await mustClaim(queue, [id]), await mustClaim(queue, [id])];
    clock.advance(10 * LEASE_MS);
    assert.equal(await queue.complete(first, {}, NOTHING), true);
    assert.equal(await queue.renew(other, LEASE_MS, 1), true);
    assert.equal(await claim(queue, [id]), null);
  });

  it('renews a lease as long as it is asked to, and remembers the frames', async () => {
    const { adapter: queue, second, clock } = the();
    const id = freshTag();
    await queue.enqueue([job(id, 0)]);
    const lease = await mustClaim(queue, [id]);
    for (let i = 1; i <= 10; i += 1) {
      clock.advance(LEASE_MS - 1);
      assert.equal(await queue.renew(lease, LEASE_MS, i * 100), true);
      assert.equal(await claim(second, [id]), null);
    }
    assert.equal((await attemptsOf(queue, id))[0].frames, 1000);
    clock.advance(LEASE_MS + 1);
    assert.equal((await mustClaim(second, [id])).job.losses, 1);
    const [lost] = await attemptsOf(queue, id);
    assert.deepEqual([lost.outcome, lost.frames], ['lost', 1000]);
  });

  it('parks a job at its third failure, with the evidence', async () => {
    const { adapter: queue } = the();
    const id = freshTag();
    const evidence = {
      ...EVIDENCE,
      command: ['ffmpeg', '-i', ODD_TEXT],
      exitStatus: 'signal 9',
      stderrTail: ODD_TEXT.repeat(20_000),
      firstBadFrame: 7,
      objectKeys: ['a/b'],
    };
    await queue.enqueue([job(id, 0)]);
    for (let i = 1; i < MAX_FAILURES; i += 1) {
      assert.equal(await queue.fail(await mustClaim(queue, [id]), evidence, { frames: i, cpuSeconds: i / 4 }), 'ready');
      assert.equal(await queue.findParked(id, 'r1'), null);
    }
    assert.equal(await queue.fail(await mustClaim(queue, [id]), evidence, NOTHING), 'parked');
    assert.equal(await claim(queue, [id]), null);
    const parked = await queue.findParked(id, 'r1');
    assert.deepEqual([parked?.id, parked?.state, parked?.failures], [job(id, 0).id, 'parked', MAX_FAILURES]);
    assert.equal(await queue.findParked(id, 'r2'), null);
    const attempts = await attemptsOf(queue, id);
    assert.deepEqual(
      attempts.map((attempt) => [attempt.number, attempt.outcome, attempt.frames, attempt.cpuSeconds]),
      [
        [1, 'failed', 1, 0.25],
        [2, 'failed', 2, 0.5],
        [3, 'failed', 0, 0],
      ],
    );
    for (const attempt of attempts) assert.deepEqual(attempt.evidence, evidence);
  });

  it('hands a job back without counting', async () => {
    const { adapter: queue } = the();
    const id = freshTag();
    await queue.enqueue([job(id, 0)]);
    for (let i = 0; i < 5; i += 1) assert.equal(await queue.release(await mustClaim(queue, [id]), { frames: 3, cpuSeconds: 1 }), true);
    const lease = await mustClaim(queue, [id]);
    assert.deepEqual([lease.job.failures, lease.job.losses], [0, 0]);
    const attempts = await attemptsOf(queue, id);
    assert.deepEqual(
      attempts.map((attempt) => attempt.outcome),
      [...Array(5).fill('released'), 'running'],
    );
  });

  it('drops what is unfinished: running work loses its lease, done work stays', async () => {
    const { adapter: queue } = the();
    const id = freshTag();
    await queue.enqueue([job(id, 0), job(id, 1), job(id, 2), job(id, 0, { revision: 'r2' })]);
    const done = await mustClaim(queue, [id]);
    await queue.complete(done, { kept: 1 }, NOTHING);
    const running = await mustClaim(queue, [id]);
    await queue.drop(id, 'r1');
    assert.deepEqual(await queue.counts(id, 'r1'), { encode: { done: 1, dropped: 2 } });
    assert.deepEqual((await queue.get(done.job.id))?.result, { kept: 1 });
    await assertPowerless(queue, running);
    assert.ok((await attemptsOf(queue, id)).every((attempt) => attempt.outcome !== 'running' && attempt.endedMs !== null));
    assert.equal((await mustClaim(queue, [id])).job.revision, 'r2');
    assert.equal(await claim(queue, [id]), null);
    await queue.drop(id, 'r1');
    await queue.drop(freshTag(), 'r1');
  });

  it('revives parked and dropped jobs with their failures forgotten, and still refuses old leases', async () => {
    const { adapter: queue } = the();
    const id = freshTag();
    await queue.enqueue([job(id, 0)]);
    for (let i = 0; i < MAX_FAILURES; i += 1) await queue.fail(await mustClaim(queue, [id]), EVIDENCE, NOTHING);
    await queue.enqueue([job(id, 1), job(id, 2)]);
    await queue.complete(await mustClaim(queue, [id]), {}, NOTHING);
    const zombie = await mustClaim(queue, [id]);
    await queue.drop(id, 'r1');
    await queue.revive(id, 'r1');
    assert.deepEqual(await queue.counts(id, 'r1'), { encode: { done: 1, ready: 2 } });
    assert.equal(await queue.findParked(id, 'r1'), null);
    await assertPowerless(queue, zombie);
    const first = await mustClaim(queue, [id]);
    assert.deepEqual([first.job.part.index, first.job.failures], [0, 0]);
    const again = await mustClaim(queue, [id]);
    assert.ok(again.fence > zombie.fence);
    await assertPowerless(queue, zombie);
    assert.equal(await queue.fail(first, EVIDENCE, NOTHING), 'ready');
  });
}
