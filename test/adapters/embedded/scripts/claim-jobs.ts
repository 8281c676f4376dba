import { createInterface } from 'node:readline';
import { openDatabase } from '../../../../src/adapters/embedded/database.ts';
import { isLocalWorkerDead, localWorkerName } from '../../../../src/adapters/embedded/local-workers.ts';
import { SqliteJobQueue } from '../../../../src/adapters/embedded/sqlite-job-queue.ts';
import { SystemClock } from '../../../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../../../src/adapters/embedded/system-random.ts';

/**
 * Opens the queue and says so. At the next line or the end of its input it claims a job of a title and says its id; at the one after that it completes it, and claims and
 * completes others until none is left. Says at the end which ids it did. With `hold` it waits to be killed instead.
 */
const [path, titleId, mode] = process.argv.slice(2);
const clock = new SystemClock();
const db = await openDatabase(path, clock);
const queue = new SqliteJobQueue(db, { clock, random: new SystemRandom(), isWorkerDead: isLocalWorkerDead });
const worker = localWorkerName(1);
console.log('ready');
const orders = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
await orders.next();
const claim = () => queue.claim({ worker, titleIds: [titleId], leaseMs: 3_600_000 });
let lease = await claim();
console.log(lease?.job.id);
if (mode === 'hold') {
  setInterval(() => {}, 1000);
} else {
  await orders.next();
  const done: string[] = [];
  for (; lease; lease = await claim()) {
    if (!(await queue.complete(lease, { worker }, { frames: 1, cpuSeconds: 0 }))) throw new Error(`${lease.job.id} was taken away`);
    done.push(lease.job.id);
  }
  console.log(JSON.stringify(done));
  db.close();
}
