import { once } from 'node:events';
import { openDatabase } from '../../../../src/adapters/embedded/database.ts';
import { isLocalWorkerDead, localWorkerName } from '../../../../src/adapters/embedded/local-workers.ts';
import { SqliteJobQueue } from '../../../../src/adapters/embedded/sqlite-job-queue.ts';
import { SystemClock } from '../../../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../../../src/adapters/embedded/system-random.ts';

/**
 * Opens the queue, says so, waits for its input to close, then claims the jobs of a title and completes each, until none is left.
 * Says at the end which ids it did. With `hold`, claims one job, says its id and waits to be killed.
 */
const [path, titleId, mode] = process.argv.slice(2);
const clock = new SystemClock();
const db = await openDatabase(path, clock);
const queue = new SqliteJobQueue(db, { clock, random: new SystemRandom(), isWorkerDead: isLocalWorkerDead });
const worker = localWorkerName(1);
console.log('ready');
await once(process.stdin.resume(), 'end');
const claim = () => queue.claim({ worker, titleIds: [titleId], leaseMs: 3_600_000 });
if (mode === 'hold') {
  console.log((await claim())?.job.id);
  setInterval(() => {}, 1000);
} else {
  const done: string[] = [];
  for (let lease = await claim(); lease; lease = await claim()) {
    if (!(await queue.complete(lease, { worker }, { frames: 1, cpuSeconds: 0 }))) throw new Error(`${lease.job.id} was taken away`);
    done.push(lease.job.id);
  }
  console.log(JSON.stringify(done));
  db.close();
}
