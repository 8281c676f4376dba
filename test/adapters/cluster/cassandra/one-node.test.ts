import { after, before, describe, it } from 'node:test';
import { CassandraJobQueue } from '../../../../src/adapters/cluster/cassandra/job-queue.ts';
import { CassandraResultStore } from '../../../../src/adapters/cluster/cassandra/result-store.ts';
import { CassandraTitleStore } from '../../../../src/adapters/cluster/cassandra/title-store.ts';
import { jobQueueContract } from '../../../contract/job-queue.ts';
import { ManualClock } from '../../../contract/manual-clock.ts';
import { resultStoreContract } from '../../../contract/result-store.ts';
import { titleStoreContract } from '../../../contract/title-store.ts';
import { CassandraService, cassandraMissing } from '../../../services/cassandra.ts';
import { jobTests } from './job-tests.ts';
import { Sessions } from './keyspace.ts';
import { sessionTests } from './session-tests.ts';

const missing = cassandraMissing();
if (missing) it('Cassandra keeps the contracts and more', { skip: missing });
else {
  describe('on one Cassandra node', () => {
    let service: CassandraService;
    let sessions: Sessions;
    before(async () => {
      service = await CassandraService.start();
      sessions = new Sessions(service);
    });
    after(async () => {
      await sessions.close();
      await service.stop();
    });
    const close = async () => {};

    titleStoreContract('Cassandra', async () => ({ adapter: new CassandraTitleStore(await sessions.open()), close }));
    resultStoreContract('Cassandra', async () => ({ adapter: new CassandraResultStore(await sessions.open()), close }));
    jobQueueContract('Cassandra', async () => {
      const clock = new ManualClock();
      const [adapter, second] = [await sessions.open({ clock }), await sessions.open({ clock })].map((session) => new CassandraJobQueue(session));
      return { adapter, second, clock, close };
    });
    describe('Cassandra session', () => sessionTests(() => ({ service, sessions })));
    describe('Cassandra job queue', () => jobTests(() => ({ service, sessions })));
  });
}
