import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CassandraJobQueue } from '../../../../src/adapters/cluster/cassandra/job-queue.ts';
import { CassandraResultStore } from '../../../../src/adapters/cluster/cassandra/result-store.ts';
import { type CassandraOptions, openCassandra } from '../../../../src/adapters/cluster/cassandra/session.ts';
import { CassandraTitleStore } from '../../../../src/adapters/cluster/cassandra/title-store.ts';
import type { EncodedChunk } from '../../../../src/model/encoded-chunk.ts';
import { event, freshTag, job, title } from '../../../contract/samples.ts';
import { CassandraService, cassandraMissing } from '../../../services/cassandra.ts';
import { until } from '../../../support/poll.ts';
import { freshKeyspace, optionsFor, WORLD } from './keyspace.ts';

const ADMIN = { user: 'cassandra', password: 'cassandra' };
const WRITERS = 8;
const SPENT = { frames: 1, cpuSeconds: 1 };

/** Rounds that a writer was told are kept. */
type Written = { readonly tag: string; rounds: number };

const missing = cassandraMissing();
if (missing) it('Cassandra refuses, dies and comes back', { skip: missing });
else {
  describe('a Cassandra node with passwords and TLS', () => {
    let service: CassandraService;
    const keyspace = freshKeyspace();
    const options = (change: Partial<CassandraOptions> = {}) => optionsFor(service, keyspace, { login: ADMIN, patienceMs: 120_000, ...change });
    before(async () => {
      service = await CassandraService.start({ secured: true });
      // The first role is made a little after the start.
      await until('the first role', () =>
        openCassandra(options(), WORLD).then(
          (session) => session.close().then(() => true),
          () => false,
        ),
      );
    });
    after(() => service.stop());

    it('refuses wrong passwords and missing permissions, and never repeats a password', async () => {
      const isRefused = (error: Error & { code?: string }) => error.code === 'SL-142' && !error.message.includes('open sesame');
      await assert.rejects(openCassandra(options({ login: { user: 'cassandra', password: 'open sesame' } }), WORLD), isRefused);
      await assert.rejects(openCassandra(options({ login: undefined }), WORLD), isRefused);
      const admin = await openCassandra(options(), WORLD);
      await admin.define("CREATE ROLE reader WITH PASSWORD = 'open sesame' AND LOGIN = true");
      await admin.define(`GRANT SELECT ON KEYSPACE ${keyspace} TO reader`);
      await admin.close();
      await assert.rejects(openCassandra(options({ login: { user: 'reader', password: 'open sesame' } }), WORLD), isRefused);
    });

    it('is reached through TLS by those who know its certificate, and by nobody who knows another', async () => {
      const session = await openCassandra(options({ tls: { ca: service.certificate } }), WORLD);
      assert.ok((await session.serverNowMs()) > 0);
      await session.close();
      const other = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
      await assert.rejects(openCassandra(options({ tls: { ca: other } }), WORLD), { code: 'SL-142' });
    });

    it('keeps every acknowledged write through kill -9, and callers wait for it to come back', async () => {
      const session = await openCassandra(options(), WORLD);
      const stores = { titles: new CassandraTitleStore(session), results: new CassandraResultStore(session), queue: new CassandraJobQueue(session) };
      const writers = Array.from({ length: WRITERS }, (): Written => ({ tag: freshTag(), rounds: 0 }));
      let isOver = false;
      const working = writers.map(async (writer) => {
        while (!isOver) {
          await writeRound(stores, writer.tag, writer.rounds);
          writer.rounds += 1;
        }
      });
      const total = () => writers.reduce((sum, writer) => sum + writer.rounds, 0);
      await until('writes before the kill', () => total() > 3 * WRITERS);
      await service.nodes[0].kill();
      const atKill = total();
      await service.nodes[0].start();
      await until('writes after the kill', () => total() > atKill + 2 * WRITERS);
      isOver = true;
      await Promise.all(working);
      for (const { tag, rounds } of writers) await assertKept(stores, tag, rounds);
      await session.close();
    });

    it('refuses to keep the only copy on a server that acknowledges before its disk has it', async () => {
      await service.nodes[0].kill();
      await service.nodes[0].start('periodic');
      await assert.rejects(openCassandra(options(), WORLD), { code: 'SL-143', message: /commitlog_sync: periodic/ });
      const copies = await openCassandra(options({ keyspace: freshKeyspace(), replicationFactor: 3, patienceMs: 0 }), WORLD).catch((error: Error) => error);
      // Three copies on one node: no quorum for anything, which is said as well.
      assert.ok(copies instanceof Error && 'code' in copies && copies.code === 'SL-145', String(copies));
    });
  });
}

type Stores = { readonly titles: CassandraTitleStore; readonly results: CassandraResultStore; readonly queue: CassandraJobQueue };

function chunkOf(tag: string, round: number): EncodedChunk {
  return { address: `${round}`.padStart(4, '0'), objectKey: `k/${tag}/${round}` } as EncodedChunk;
}

/** One of each: a title, a job from ready to done, a result. Every call must succeed, whatever happens to the node. */
async function writeRound({ titles, results, queue }: Stores, tag: string, round: number): Promise<void> {
  const id = `${tag}-${round}`;
  assert.equal(await titles.create(title(id), [event(`${id}-event`, { titleId: id })]), true);
  await queue.enqueue([job(tag, round)]);
  const lease = await queue.claimJob(job(tag, round).id, { worker: tag, delivery: `${round}`, leaseMs: 600_000 });
  assert.ok(typeof lease !== 'string', `${lease}`);
  assert.equal(await queue.complete(lease, { round }, SPENT), true);
  assert.deepEqual(await results.record(tag, chunkOf(tag, round)), chunkOf(tag, round));
}

async function assertKept({ titles, results, queue }: Stores, tag: string, rounds: number): Promise<void> {
  assert.deepEqual(await queue.counts(tag, 'r1'), { encode: { done: rounds } });
  const done = await queue.listDone(tag, 'r1', 'encode', null, 10_000);
  assert.deepEqual(
    done.jobs.map((one) => one.result),
    Array.from({ length: rounds }, (_, round) => ({ round })),
  );
  const { attempts } = await queue.listAttempts(tag, null, 10_000);
  assert.deepEqual(
    attempts.map((attempt) => attempt.outcome),
    Array(rounds).fill('done'),
  );
  for (let round = 0; round < rounds; round += 1) {
    assert.equal((await titles.get(`${tag}-${round}`))?.rev, 1);
    assert.deepEqual(await results.lookup(tag, chunkOf(tag, round).address), chunkOf(tag, round));
  }
  const mine = (await titles.pendingEvents(100_000)).filter((pending) => pending.id.startsWith(`${tag}-`));
  assert.equal(mine.length, rounds);
}
