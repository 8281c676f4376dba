import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectFor, disconnect } from '../../../../src/adapters/cluster/share-consumer/locate.ts';
import { exchange } from '../../../../src/adapters/cluster/share-consumer/wire.ts';
import { guardCommand, probeGuard } from '../../../../src/adapters/ffmpeg/process-guard.ts';
import { type JobPlace, type KafkaPlace, lossOf, take, text } from './kafka-place.ts';

/** Runs a test with jobs of its own, and cleans up after it. */
export async function withJobs(place: KafkaPlace, settings: Parameters<KafkaPlace['jobs']>[0], test: (jobs: JobPlace) => Promise<void>): Promise<void> {
  const jobs = await place.jobs(settings);
  try {
    await test(jobs);
  } finally {
    await jobs.close();
  }
}

/** A worker process that holds one record, and the lines it says. */
function startChild(jobs: JobPlace): { child: ChildProcess; says(): Promise<string> } {
  const port = jobs.place.service.address.split(':')[1];
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'worker-child.ts'), port, jobs.topic];
  const { program, args } = guardCommand(probeGuard(process.env), process.pid, [], command);
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return { child, says: async () => (await lines.next()).value ?? 'nothing more' };
}

/** Workers that die, freeze, or take long. */
export function lockTests(at: () => KafkaPlace): void {
  describe('locks', { concurrency: true }, () => {
    it('gives the record of a killed worker to another at once', () =>
      withJobs(at(), { lockMs: 15_000 }, async (jobs) => {
        const { child, says } = startChild(jobs);
        await jobs.send('a');
        assert.equal(await says(), 'held a');
        const other = await jobs.worker();
        child.kill('SIGKILL');
        const startMs = performance.now();
        const held = await take(other);
        assert.ok(performance.now() - startMs < 5000, 'long before the lock would end');
        assert.equal(text(held), 'a');
        await held.accept();
      }));

    it('gives the record of a frozen worker to another when its lock ends; when it wakes it knows that it lost', () =>
      withJobs(at(), { lockMs: 2000 }, async (jobs) => {
        const { child, says } = startChild(jobs);
        await jobs.send('a');
        assert.equal(await says(), 'held a');
        const other = await jobs.worker();
        child.kill('SIGSTOP');
        const held = await take(other);
        assert.equal(text(held), 'a');
        child.kill('SIGCONT');
        assert.equal(await says(), 'lost lost refused');
        await once(child, 'exit');
        await held.accept();
      }));

    it('keeps a renewed record over many locks', () =>
      withJobs(at(), { lockMs: 1000 }, async (jobs) => {
        const [holder, rival] = await Promise.all([jobs.worker(), jobs.worker()]);
        await jobs.send('a');
        const held = await take(holder);
        assert.equal(await rival.poll(8000), null);
        assert.equal(held.lost.aborted, false);
        await held.accept();
        assert.equal(await rival.poll(0), null);
      }));
  });
}

/** Locks that are lost, and holders that hear of it. */
export function lossTests(at: () => KafkaPlace): void {
  describe('losing a lock', { concurrency: true }, () => {
    it('refuses a late acceptance', () =>
      withJobs(at(), { lockMs: 1000 }, async (jobs) => {
        const options = jobs.options();
        await jobs.send('a');
        const other = await jobs.worker();
        const member = { ...options, memberId: 'aaaaaaaa-0000-4000-8000-000000000000' };
        const connection = await connectFor({ link: 'data', ...options }, options);
        const topicId = await topicIdOf(jobs);
        const fetched = await exchange(connection, member, { kind: 'fetch', epoch: 0, add: [topicId], forget: [], max: 1, waitMs: 5000 });
        assert.ok(fetched.kind === 'fetch' && fetched.partitions[0]?.acquired.length === 1);
        const held = await take(other);
        const place = { topicId, first: held.offset, last: held.offset };
        const late = await exchange(connection, member, { kind: 'acknowledge', epoch: 1, place, type: 'accept' });
        assert.ok(late.kind === 'acknowledge');
        assert.equal(late.partitions[0].errorCode, 121);
        await disconnect(connection);
        await held.accept();
      }));

    it('tells at once that a cut connection lost the lock, and takes the record again', () =>
      withJobs(at(), {}, async (jobs) => {
        const worker = await jobs.worker('viaProxy');
        await jobs.send('a');
        const held = await take(worker);
        at().proxy.cut();
        assert.equal((await lossOf(held)).kind, 'lost');
        await assert.rejects(held.accept(), { kind: 'lost' });
        const again = await take(worker);
        assert.equal(text(again), 'a');
        await again.accept();
      }));

    it('gives back what it held when it leaves', () =>
      withJobs(at(), {}, async (jobs) => {
        const [leaving, staying] = await Promise.all([jobs.worker(), jobs.worker()]);
        await jobs.send('a');
        const held = await take(leaving);
        await leaving.close();
        assert.match((await lossOf(held)).message, /closed/);
        assert.equal(text(await take(staying, 5000)), 'a');
        await assert.rejects(leaving.poll(0), { kind: 'closed' });
      }));
  });
}

async function topicIdOf(jobs: JobPlace): Promise<string> {
  const options = jobs.options();
  const connection = await connectFor({ link: 'control', ...options }, options);
  const member = { ...options, memberId: 'bbbbbbbb-0000-4000-8000-000000000000' };
  try {
    for (let epoch = 0; ; await sleep(100)) {
      const reply = await exchange(connection, member, { kind: 'heartbeat', epoch, isSubscribing: epoch === 0 });
      assert.ok(reply.kind === 'heartbeat');
      assert.ok([0, 15, 16].includes(reply.errorCode), `${reply.errorCode}`);
      epoch = reply.errorCode === 0 ? reply.memberEpoch : 0;
      if (reply.topicIds?.[0]) return reply.topicIds[0];
    }
  } finally {
    await disconnect(connection);
  }
}
