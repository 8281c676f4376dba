import { join } from 'node:path';
import { type Database, openDatabase } from '../../../src/adapters/embedded/database.ts';
import { SqliteEventLog } from '../../../src/adapters/embedded/sqlite-event-log.ts';
import { SqliteJobQueue } from '../../../src/adapters/embedded/sqlite-job-queue.ts';
import { SqliteResultStore } from '../../../src/adapters/embedded/sqlite-result-store.ts';
import { SqliteTitleStore } from '../../../src/adapters/embedded/sqlite-title-store.ts';
import { SystemClock } from '../../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../../src/adapters/embedded/system-random.ts';
import { eventLogContract } from '../../contract/event-log.ts';
import { jobQueueContractWithDeaths } from '../../contract/job-queue.ts';
import { ManualClock } from '../../contract/manual-clock.ts';
import { resultStoreContract } from '../../contract/result-store.ts';
import { titleStoreContract } from '../../contract/title-store.ts';
import { tempFolder } from './temp-folder.ts';

function onFile<Adapter>(build: (db: Database) => Adapter) {
  return async () => {
    const folder = await tempFolder('memory');
    const db = await openDatabase(join(folder.path, 'state.db'), new SystemClock());
    return {
      adapter: build(db),
      close: async () => {
        db.close();
        await folder.remove();
      },
    };
  };
}

titleStoreContract(
  'embedded',
  onFile((db) => new SqliteTitleStore(db)),
);
resultStoreContract(
  'embedded',
  onFile((db) => new SqliteResultStore(db)),
);
eventLogContract(
  'embedded',
  onFile((db) => new SqliteEventLog(db)),
);

/** A queue and a second instance, each on a database that `open` gives. */
async function twoQueues(open: (clock: ManualClock) => Promise<Database>, close: () => Promise<void>) {
  const clock = new ManualClock();
  const dead = new Set<string>();
  const dbs = [await open(clock), await open(clock)];
  const [adapter, second] = dbs.map((db) => new SqliteJobQueue(db, { clock, random: new SystemRandom(), isWorkerDead: (worker) => dead.has(worker) }));
  return {
    adapter,
    second,
    clock,
    dead,
    close: async () => {
      for (const db of new Set(dbs)) db.close();
      await close();
    },
  };
}

jobQueueContractWithDeaths('embedded', async () => {
  const folder = await tempFolder('memory');
  return twoQueues((clock) => openDatabase(join(folder.path, 'state.db'), clock), folder.remove);
});

jobQueueContractWithDeaths('embedded, in memory', async () => {
  let shared: Promise<Database> | null = null;
  return twoQueues(
    (clock) => {
      shared ??= openDatabase(':memory:', clock);
      return shared;
    },
    async () => {},
  );
});
