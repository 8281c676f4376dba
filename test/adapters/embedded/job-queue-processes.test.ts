import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openDatabase } from '../../../src/adapters/embedded/database.ts';
import { isLocalWorkerDead } from '../../../src/adapters/embedded/local-workers.ts';
import { SqliteJobQueue } from '../../../src/adapters/embedded/sqlite-job-queue.ts';
import { SystemClock } from '../../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../../src/adapters/embedded/system-random.ts';
import { job } from '../../contract/samples.ts';
import { startScript } from './child.ts';
import { tempFolder } from './temp-folder.ts';

async function openQueue(path: string) {
  const clock = new SystemClock();
  const db = await openDatabase(path, clock);
  return { db, queue: new SqliteJobQueue(db, { clock, random: new SystemRandom(), isWorkerDead: isLocalWorkerDead }) };
}

describe('SqliteJobQueue in several processes', () => {
  it('gives each of 2,000 jobs to one of two processes that made the database together', async () => {
    const folder = await tempFolder('memory');
    const path = join(folder.path, 'state.db');
    const workers = [startScript('claim-jobs.ts', [path, 'film']), startScript('claim-jobs.ts', [path, 'film'])];
    try {
      for (const worker of workers) assert.equal(await worker.line(), 'ready');
      const { db, queue } = await openQueue(path);
      await queue.enqueue(Array.from({ length: 2000 }, (_, i) => job('film', i)));
      for (const worker of workers) worker.say('claim one');
      // Both are at work before either goes on.
      const first = await Promise.all(workers.map((worker) => worker.line()));
      for (const worker of workers) worker.go();
      const done: string[][] = await Promise.all(workers.map(async (worker) => JSON.parse(await worker.line())));
      assert.deepEqual(await Promise.all(workers.map((worker) => worker.end())), [0, 0]);
      assert.equal(new Set(done.flat()).size, 2000);
      assert.equal(done.flat().length, 2000);
      assert.deepEqual(
        done.map((ids) => ids[0]),
        first,
      );
      assert.deepEqual(await queue.counts('film', 'r1'), { encode: { done: 2000 } });
      const { attempts } = await queue.listAttempts('film', null, 5000);
      assert.ok(attempts.length === 2000 && attempts.every((attempt) => attempt.outcome === 'done' && attempt.number === 1));
      db.close();
    } finally {
      for (const worker of workers) await worker.kill();
      await folder.remove();
    }
  });

  it('takes the job of a killed process back at once, that of a living one never', async () => {
    const folder = await tempFolder('memory');
    const path = join(folder.path, 'state.db');
    const { db, queue } = await openQueue(path);
    const holder = startScript('claim-jobs.ts', [path, 'film', 'hold']);
    try {
      await queue.enqueue([job('film', 0)]);
      assert.equal(await holder.line(), 'ready');
      holder.go();
      assert.equal(await holder.line(), job('film', 0).id);
      const claim = () => queue.claim({ worker: 'heir', titleIds: ['film'], leaseMs: 1000 });
      assert.equal(await claim(), null);
      await holder.kill();
      const lease = await claim();
      assert.deepEqual([lease?.job.losses, lease?.job.failures], [1, 0]);
      assert.equal(await queue.complete(lease!, {}, { frames: 0, cpuSeconds: 0 }), true);
    } finally {
      await holder.kill();
      db.close();
      await folder.remove();
    }
  });
});
