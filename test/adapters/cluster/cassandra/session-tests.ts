import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { CassandraJobQueue } from '../../../../src/adapters/cluster/cassandra/job-queue.ts';
import { loadJson, storeJson } from '../../../../src/adapters/cluster/cassandra/long-text.ts';
import { CassandraResultStore } from '../../../../src/adapters/cluster/cassandra/result-store.ts';
import { openCassandra } from '../../../../src/adapters/cluster/cassandra/session.ts';
import { CassandraTitleStore } from '../../../../src/adapters/cluster/cassandra/title-store.ts';
import type { EncodedChunk } from '../../../../src/model/encoded-chunk.ts';
import { event, freshTag, job, next, title } from '../../../contract/samples.ts';
import type { CassandraService } from '../../../services/cassandra.ts';
import { type Fault, isLwt, UNKNOWN_OUTCOMES, withFaults } from './faulty-driver.ts';
import { freshKeyspace, optionsFor, type Sessions, WORLD } from './keyspace.ts';

const SOURCE = join(import.meta.dirname, '../../../../src/adapters');
const SPENT = { frames: 5, cpuSeconds: 1 };

type Place = { readonly service: CassandraService; readonly sessions: Sessions };

export function sessionTests(the: () => Place): void {
  openingTests(the);
  outcomeTests(the);
}

function openingTests(the: () => Place): void {
  it('is brought to the newest schema once when several processes start at the same time', async () => {
    const keyspace = freshKeyspace();
    const url = (path: string) => JSON.stringify(pathToFileURL(join(SOURCE, path)).href);
    const program = `
      const { openCassandra } = await import(${url('cluster/cassandra/session.ts')});
      const { SystemClock } = await import(${url('embedded/system-clock.ts')});
      const { SystemRandom } = await import(${url('embedded/system-random.ts')});
      const session = await openCassandra(${JSON.stringify(optionsFor(the().service, keyspace))}, { clock: new SystemClock(), random: new SystemRandom() });
      await session.write('INSERT INTO title_day (all_days, day) VALUES (0, :day)', { day: process.argv[1] });
      await session.close();`;
    const statuses = await Promise.all(
      ['a', 'b', 'c'].map((name) => exitStatus(['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program, name])),
    );
    assert.deepEqual(statuses, [0, 0, 0]);
    const session = await openCassandra(optionsFor(the().service, keyspace), WORLD);
    assert.deepEqual((await session.read('SELECT day FROM title_day WHERE all_days = 0', {})).map((row) => row.day).sort(), ['a', 'b', 'c']);
    assert.equal((await session.read('SELECT version, holder FROM schema_head WHERE id = 0', {}))[0].holder, '');
    await session.define('UPDATE schema_head SET version = 99 WHERE id = 0 IF version >= 0');
    await session.close();
    await assert.rejects(openCassandra(optionsFor(the().service, keyspace), WORLD), { code: 'SL-144' });
  });

  it('takes the migration over from a process that stands still', async () => {
    const keyspace = freshKeyspace();
    const options = optionsFor(the().service, keyspace);
    const first = await openCassandra(options, WORLD);
    await first.define("UPDATE schema_head SET version = 0, holder = 'gone' WHERE id = 0 IF version > 0");
    await first.close();
    let nowMs = 0;
    const sleep = async (ms: number) => {
      nowMs += 100 * ms;
    };
    const second = await openCassandra(options, { ...WORLD, clock: { nowMs: () => nowMs, sleep } });
    assert.ok(nowMs > 60_000);
    assert.deepEqual((await second.read('SELECT version, holder FROM schema_head WHERE id = 0', {}))[0].holder, '');
    await second.close();
  });

  it('refuses names that are no keyspace, and says what it cannot reach', async () => {
    const { service } = the();
    for (const keyspace of ['', 'A', 'x; DROP TABLE job', '1a', 'a'.repeat(49)])
      await assert.rejects(openCassandra(optionsFor(service, keyspace), WORLD), { code: 'SL-101' });
    const startMs = Date.now();
    const elsewhere = optionsFor(service, freshKeyspace(), { contactPoints: ['127.0.0.1:1'] });
    await assert.rejects(openCassandra(elsewhere, WORLD), { code: 'SL-141', message: /127\.0\.0\.1:1 cannot be reached/ });
    await assert.rejects(openCassandra(optionsFor(service, freshKeyspace(), { localDataCenter: 'nowhere' }), WORLD), { code: 'SL-141', message: /nowhere/ });
    assert.ok(Date.now() - startMs < 15_000, 'fails fast');
  });

  it('keeps long texts whole, and says when a piece is gone', async () => {
    const session = await the().sessions.open();
    for (const value of ['x'.repeat(65_534), 'x'.repeat(65_535), '🎬'.repeat(200_000), { a: ['é\ud800'.repeat(100_000)] }]) {
      assert.deepEqual(await loadJson(session, await storeJson(session, value)), value);
    }
    await assert.rejects(loadJson(session, `@${'0'.repeat(64)}:5`), { code: 'SL-905' });
  });
}

function outcomeTests(the: () => Place): void {
  for (const [name, error] of Object.entries(UNKNOWN_OUTCOMES)) {
    for (const where of ['before', 'after'] as const) {
      it(`finds out what became of writes that ended with ${name}, ${where === 'after' ? 'made' : 'not made'}`, async () => {
        const session = await the().sessions.open();
        const tried = new Set<string>();
        /** The first try of every transaction and of every plain write. */
        const fault = (query: string): Fault => {
          if (query.startsWith('SELECT') || tried.has(query)) return null;
          tried.add(query);
          return where;
        };
        await withFaults(error, fault, () => everyWrite(session));
        assert.ok([...tried].filter(isLwt).length >= 15, 'all transactions were hit');
      });
    }
  }

  it('does not take for its own what another one won meanwhile', async () => {
    const session = await the().sessions.open();
    const [queue, rival] = [new CassandraJobQueue(session), new CassandraJobQueue(await the().sessions.open())];
    const titles = new CassandraTitleStore(session);
    const id = freshTag();
    await titles.create(title(id), []);
    await queue.enqueue([job(id, 0)]);
    const claim = { worker: 'w', delivery: 'd', leaseMs: 1000 };
    const once = (work: () => Promise<unknown>) => {
      let isDone = false;
      return async (query: string): Promise<Fault> => {
        if (isDone || !isLwt(query)) return null;
        isDone = true;
        await work();
        return 'before';
      };
    };
    const error = UNKNOWN_OUTCOMES['socket closed'];
    const rivalClaims = once(() => rival.claimJob(job(id, 0).id, { ...claim, worker: 'rival', delivery: 'other' }));
    assert.equal(await withFaults(error, rivalClaims, () => queue.claimJob(job(id, 0).id, claim)), 'elsewhere');
    const rivalUpdates = once(() => titles.update(1, { ...next(title(id), 'inspecting'), revision: 'rival' }, []));
    assert.equal(await withFaults(error, rivalUpdates, () => titles.update(1, next(title(id), 'cancelled'), [])), false);
    assert.equal((await titles.get(id))?.revision, 'rival');
  });

  it('gives up after its patience, without a hot loop', async () => {
    const session = await openCassandra(optionsFor(the().service, the().sessions.keyspace, { patienceMs: 1000 }), WORLD);
    let calls = 0;
    const always = (): Fault => {
      calls += 1;
      return 'before';
    };
    await withFaults(UNKNOWN_OUTCOMES['no host'], always, async () => {
      await assert.rejects(new CassandraTitleStore(session).get('a'), { code: 'SL-145' });
      assert.ok(calls <= 6, `${calls} calls in a second`);
      await assert.rejects(new CassandraResultStore(session).revoke('o', 'aa', 'k'), { code: 'SL-145' });
    });
    await session.close();
  });
}

/** Every kind of write that the stores make; all of them must seem to succeed at once. */
async function everyWrite(session: Parameters<typeof storeJson>[0]): Promise<void> {
  const [titles, results, queue] = [new CassandraTitleStore(session), new CassandraResultStore(session), new CassandraJobQueue(session)];
  const id = freshTag();
  const first = title(id);
  assert.equal(await titles.create(first, [event(`${id}-1`, { titleId: id })]), true);
  assert.equal(await titles.update(1, next(first, 'inspecting'), [event(`${id}-2`, { titleId: id })]), true);
  const pending = async () => (await titles.pendingEvents(10_000)).map((one) => one.id).filter((one) => one.startsWith(id));
  assert.deepEqual(await pending(), [`${id}-1`, `${id}-2`]);
  await titles.settleEvents([`${id}-1`, `${id}-2`]);
  assert.deepEqual(await pending(), []);

  const chunk = { address: 'aa11', objectKey: `k/${id}` } as EncodedChunk;
  assert.deepEqual(await results.record(id, chunk), chunk);
  await results.revoke(id, 'aa11', chunk.objectKey);
  assert.equal(await results.lookup(id, 'aa11'), null);

  await queue.enqueue([0, 1, 2, 3, 4].map((i) => job(id, i, { exclusiveKey: `${id}-${i}` })));
  const lease = async (i: number) => {
    const claimed = await queue.claimJob(job(id, i).id, { worker: 'w', delivery: `d${i}`, leaseMs: 60_000 });
    assert.ok(typeof claimed !== 'string', `${claimed}`);
    return claimed;
  };
  const done = await lease(0);
  assert.equal(await queue.renew(done, 60_000, 3), true);
  assert.equal(await queue.complete(done, { ok: true }, SPENT), true);
  for (const expected of ['ready', 'ready', 'parked']) assert.equal(await queue.fail(await lease(1), { code: 'SL-301', message: 'no' }, SPENT), expected);
  assert.equal(await queue.release(await lease(2), SPENT), true);
  const lost = await lease(3);
  assert.equal((await lease(3)).job.losses, 1);
  assert.equal(await queue.complete(lost, {}, SPENT), false);
  await queue.drop(id, 'r1');
  await queue.revive(id, 'r1');
  assert.deepEqual(await queue.counts(id, 'r1'), { encode: { done: 1, ready: 4 } });
  const { attempts } = await queue.listAttempts(id, null, 100);
  assert.deepEqual(
    attempts.map((attempt) => attempt.outcome),
    ['done', 'failed', 'failed', 'failed', 'released', 'lost', 'released'],
  );
}

function exitStatus(args: readonly string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
      .once('error', reject)
      .once('exit', resolve);
  });
}
