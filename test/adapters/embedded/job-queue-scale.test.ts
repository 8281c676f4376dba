import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openDatabase } from '../../../src/adapters/embedded/database.ts';
import { SqliteJobQueue } from '../../../src/adapters/embedded/sqlite-job-queue.ts';
import { SystemRandom } from '../../../src/adapters/embedded/system-random.ts';
import type { JobQueue } from '../../../src/ports/job-queue.ts';
import { ManualClock } from '../../contract/manual-clock.ts';
import { job } from '../../contract/samples.ts';

const FEW = 10;
const MANY = 160_000;
const ROUNDS = 400;
const SPENT = { frames: 0, cpuSeconds: 0 };

async function filledQueue(jobs: number): Promise<{ queue: JobQueue; close(): void }> {
  const clock = new ManualClock();
  const db = await openDatabase(':memory:', clock);
  const queue = new SqliteJobQueue(db, { clock, random: new SystemRandom(), isWorkerDead: () => false });
  await queue.enqueue(Array.from({ length: jobs }, (_, i) => job('film', i, { exclusiveKey: `address-${i}`, part: { index: i, codec: 'h264' } })));
  return { queue, close: () => db.close() };
}

/** What a worker and a decision ask of the queue, over and over; leaves as many ready jobs as it found. */
const STEPS: { readonly [what: string]: (queue: JobQueue) => Promise<void> } = {
  'claim and release': async (queue) => {
    const lease = await queue.claim({ worker: 'w', titleIds: ['other', 'film'], leaseMs: 1000 });
    await queue.release(lease!, SPENT);
  },
  'claim, renew, release': async (queue) => {
    const lease = await queue.claim({ worker: 'w', titleIds: ['film'], leaseMs: 1000 });
    await queue.renew(lease!, 1000, 1);
    await queue.release(lease!, SPENT);
  },
  'enqueue, claim, complete': async (queue) => {
    added += 1;
    await queue.enqueue([job('film', MANY + added, { priority: 1 })]);
    const lease = await queue.claim({ worker: 'w', titleIds: ['film'], leaseMs: 1000 });
    await queue.complete(lease!, {}, SPENT);
  },
  'counts, findParked, a page of done': async (queue) => {
    await queue.counts('film', 'r1');
    await queue.findParked('film', 'r1');
    await queue.listDone('film', 'r1', 'encode', null, 1);
  },
};
let added = 0;

/** Milliseconds of one round, the median. */
async function medianMs(queue: JobQueue, step: (queue: JobQueue) => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    await step(queue);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[ROUNDS / 2];
}

describe('SqliteJobQueue with 160,000 jobs', () => {
  it('is about as quick as with ten', async (t) => {
    const [few, many] = [await filledQueue(FEW), await filledQueue(MANY)];
    for (const [what, step] of Object.entries(STEPS)) {
      await medianMs(few.queue, step);
      const [fewMs, manyMs] = [await medianMs(few.queue, step), await medianMs(many.queue, step)];
      t.diagnostic(`${what}: ${fewMs.toFixed(3)} ms with ${FEW} jobs, ${manyMs.toFixed(3)} ms with ${MANY}`);
      assert.ok(manyMs <= 3 * fewMs, `${what}: ${fewMs} ms became ${manyMs} ms`);
    }
    few.close();
    many.close();
  });
});
