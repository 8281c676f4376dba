import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Database, openDatabase } from '../../../src/adapters/embedded/database.ts';
import { SqliteEventLog } from '../../../src/adapters/embedded/sqlite-event-log.ts';
import { SqliteJobQueue } from '../../../src/adapters/embedded/sqlite-job-queue.ts';
import { SqliteResultStore } from '../../../src/adapters/embedded/sqlite-result-store.ts';
import { SqliteTitleStore } from '../../../src/adapters/embedded/sqlite-title-store.ts';
import { SystemRandom } from '../../../src/adapters/embedded/system-random.ts';
import { ManualClock } from '../../contract/manual-clock.ts';
import { event, job, next, title } from '../../contract/samples.ts';

const CHUNK = { address: 'aa', objectKey: 'k', sha256: 's', sizeBytes: 1, frameCount: 1, fingerprintKey: 'f', headerSha256: 'h', attemptId: 'a' };
const SPENT = { frames: 0, cpuSeconds: 0 };
const LEASE_MS = 1000;

/** The index holds what is running now and nothing else; the outbox is read from its start, a page at a time. */
const MAY_SCAN = ['SCAN job USING INDEX job_running', 'SCAN outbox'];

async function useTitles(db: Database): Promise<void> {
  const titles = new SqliteTitleStore(db);
  await titles.create(title('a'), [event('e')]);
  await titles.get('a');
  await titles.update(1, next(title('a'), 'planning'), []);
  for (const state of ['planning', null] as const) await titles.listByDay('2026-01-01', state, null, 1);
  await titles.listDays(null, 1);
  await titles.listByPrefix('a', null, 1);
  await titles.listLive(null, 1);
  await titles.settleEvents((await titles.pendingEvents(1)).map(({ id }) => id));
}

async function useResultsAndEvents(db: Database): Promise<void> {
  const results = new SqliteResultStore(db);
  await results.record('me', CHUNK);
  await results.lookup('me', 'aa');
  await results.list('me', null, 1);
  await results.revoke('me', 'aa', 'k');
  const log = new SqliteEventLog(db);
  await log.append([event('e')]);
  await log.read(null, 1);
}

async function useQueue(db: Database): Promise<void> {
  const clock = new ManualClock();
  const queue = new SqliteJobQueue(db, { clock, random: new SystemRandom(), isWorkerDead: () => false });
  const claim = async () => (await queue.claim({ worker: 'w', titleIds: ['a'], leaseMs: LEASE_MS }))!;
  await queue.enqueue([0, 1, 2].map((i) => job('a', i, { exclusiveKey: `${i}` })));
  await queue.renew(await claim(), LEASE_MS, 1);
  clock.advance(LEASE_MS + 1);
  await queue.complete(await claim(), {}, SPENT);
  await queue.fail(await claim(), { code: 'SL-301', message: '' }, SPENT);
  await queue.release(await claim(), SPENT);
  await queue.get('x');
  await queue.counts('a', 'r1');
  await queue.findParked('a', 'r1');
  await queue.listDone('a', 'r1', 'encode', null, 1);
  await queue.listAttempts('a', null, 1);
  await queue.drop('a', 'r1');
  await queue.revive('a', 'r1');
}

describe('queries of the embedded adapters', () => {
  it('find their rows by an index, in the order asked for', async () => {
    const db = await openDatabase(':memory:', new ManualClock());
    const texts = new Set<string>();
    const prepare = db.sql.bind(db);
    db.sql = (text) => {
      texts.add(text);
      return prepare(text);
    };
    await useTitles(db);
    await useResultsAndEvents(db);
    await useQueue(db);
    const slow: string[] = [];
    for (const text of texts) {
      const steps = prepare(`EXPLAIN QUERY PLAN ${text}`)
        .all(...Array(text.match(/\?/g)?.length ?? 0).fill(0))
        .map((row) => String(row.detail));
      if (steps.some((step) => /SCAN|TEMP B-TREE/.test(step) && !MAY_SCAN.includes(step))) slow.push(`${text}: ${steps}`);
    }
    assert.ok(texts.size > 30, `${texts.size} statements seen`);
    assert.deepEqual(slow, []);
    db.close();
  });
});
