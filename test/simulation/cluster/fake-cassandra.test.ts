import { CassandraJobQueue } from '../../../src/adapters/cluster/cassandra/job-queue.ts';
import { CassandraResultStore } from '../../../src/adapters/cluster/cassandra/result-store.ts';
import type { CassandraSession } from '../../../src/adapters/cluster/cassandra/session.ts';
import { CassandraTitleStore } from '../../../src/adapters/cluster/cassandra/title-store.ts';
import { SystemRandom } from '../../../src/adapters/embedded/system-random.ts';
import { jobQueueContract } from '../../contract/job-queue.ts';
import { ManualClock } from '../../contract/manual-clock.ts';
import { resultStoreContract } from '../../contract/result-store.ts';
import { titleStoreContract } from '../../contract/title-store.ts';
import { SeededRandom } from '../world.ts';
import { FakeCassandra, SAFELY } from './fake-cassandra.ts';
import { Tables } from './tables.ts';

/** That the tables in memory do what Cassandra does, as far as our stores can tell. */
function sessions(clock: ManualClock): () => CassandraSession {
  let ticks = 0;
  const fake = new FakeCassandra(new Tables(() => clock.nowMs() + ticks++), { random: new SeededRandom(1), after: () => {} });
  return () => fake.session('test', { clock, random: new SystemRandom() }, SAFELY);
}

const close = async () => {};

jobQueueContract('cluster, simulated database', async () => {
  const clock = new ManualClock();
  const open = sessions(clock);
  return { adapter: new CassandraJobQueue(open()), second: new CassandraJobQueue(open()), clock, close };
});
titleStoreContract('cluster, simulated database', async () => ({ adapter: new CassandraTitleStore(sessions(new ManualClock())()), close }));
resultStoreContract('cluster, simulated database', async () => ({ adapter: new CassandraResultStore(sessions(new ManualClock())()), close }));
