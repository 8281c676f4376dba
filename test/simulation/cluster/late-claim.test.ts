import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CassandraJobQueue } from '../../../src/adapters/cluster/cassandra/job-queue.ts';
import { SystemRandom } from '../../../src/adapters/embedded/system-random.ts';
import { ManualClock } from '../../contract/manual-clock.ts';
import { job } from '../../contract/samples.ts';
import { SeededRandom } from '../world.ts';
import { FakeCassandra, type Reach, SAFELY } from './fake-cassandra.ts';
import { Tables } from './tables.ts';

test('a claimer that froze does not take the job from whoever was given its record after it', async () => {
  const clock = new ManualClock();
  const fake = new FakeCassandra(new Tables(() => clock.nowMs()), { random: new SeededRandom(1), after: () => {} });
  const queueOn = (reach: Reach) => new CassandraJobQueue(fake.session('test', { clock, random: new SystemRandom() }, reach));
  const [frozen, awake] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = queueOn(async (name, effect) => {
    if (name.startsWith('UPDATE job')) {
      frozen.resolve();
      await awake.promise;
    }
    return effect();
  });
  const quick = queueOn(SAFELY);
  await quick.enqueue([job('film', 0)]);
  const claim = (worker: string, count: number) => ({ worker, delivery: `jobs/7#${count}`, leaseMs: 10_000 });
  const late = slow.claimJob(job('film', 0).id, claim('slow', 1));
  await frozen.promise;
  const lease = await quick.claimJob(job('film', 0).id, claim('quick', 2));
  awake.resolve();
  assert.equal(await late, 'elsewhere');
  assert.ok(typeof lease !== 'string');
  assert.equal(await quick.renew(lease, 10_000, 1), true);
  for (const count of [2, 3]) assert.ok(typeof (await quick.claimJob(job('film', 0).id, claim('heir', count))) !== 'string');
});
