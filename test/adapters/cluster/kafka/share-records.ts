import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { Producer } from '@platformatic/kafka';
import { connectionOptions } from '../../../../src/adapters/cluster/kafka/access.ts';
import { TopicReader } from '../../../../src/adapters/cluster/kafka/topic-reader.ts';
import { connectFor, disconnect } from '../../../../src/adapters/cluster/share-consumer/locate.ts';
import type { ShareReply, ShareRequest } from '../../../../src/adapters/cluster/share-consumer/messages.ts';
import { ShareConsumer } from '../../../../src/adapters/cluster/share-consumer/share-consumer.ts';
import { exchange } from '../../../../src/adapters/cluster/share-consumer/wire.ts';
import { until } from '../../../support/poll.ts';
import { type JobPlace, type KafkaPlace, take, text } from './kafka-place.ts';
import { withJobs } from './share-locks.ts';

/** Values in the dead letters of a job topic. */
async function deadLetters(jobs: JobPlace): Promise<string[]> {
  const reader = new TopicReader(jobs.place.access, jobs.deadLetterTopic);
  try {
    const pages = await reader.fetch(new Map(), 1024 * 1024);
    return pages.flatMap(({ records }) => records.map(({ value }) => `${value}`));
  } finally {
    await reader.close();
  }
}

/** Two that are kept, and between them one that is not. */
async function sendTransactions(jobs: JobPlace): Promise<void> {
  const producer = new Producer({ ...connectionOptions(jobs.place.access), transactionalId: jobs.topic, idempotent: true });
  try {
    for (const [value, isKept] of [
      ['a', true],
      ['gone', false],
      ['b', true],
    ] as const) {
      const transaction = await producer.beginTransaction();
      await transaction.send({ messages: [{ topic: jobs.topic, value: Buffer.from(value) }] });
      await (isKept ? transaction.commit() : transaction.abort());
    }
  } finally {
    await producer.close(true);
  }
}

/** Somebody else who speaks in the name of a member, on a connection of his own. */
async function intrude(jobs: JobPlace, memberId: string, link: 'data' | 'control', request: ShareRequest): Promise<ShareReply> {
  const options = jobs.options();
  const connection = await connectFor({ link, ...options }, options);
  try {
    return await exchange(connection, { ...options, memberId }, request);
  } finally {
    await disconnect(connection);
  }
}

/** Who gets which record, and what becomes of it. */
export function recordTests(at: () => KafkaPlace): void {
  describe('records', { concurrency: true }, () => {
    it('hands out a released record again at once, and counts', () =>
      withJobs(at(), {}, async (jobs) => {
        const worker = await jobs.worker();
        await jobs.send('a');
        for (const count of [1, 2, 3]) {
          const held = await take(worker);
          assert.deepEqual([text(held), `${held.key}`, held.deliveryCount], ['a', 'a', count]);
          await (count < 3 ? held.release() : held.accept());
          await assert.rejects(held.accept(), { kind: 'refused' });
        }
        assert.equal(await worker.poll(0), null);
      }));

    it('puts rejected and worn-out records into the dead letters, and goes on behind them', () =>
      withJobs(at(), { deliveryLimit: 2 }, async (jobs) => {
        const worker = await jobs.worker();
        await jobs.send('bad', 'worn', 'good');
        await (await take(worker)).reject();
        for (const count of [1, 2]) {
          const held = await take(worker);
          assert.deepEqual([text(held), held.deliveryCount], ['worn', count]);
          await held.release();
        }
        const held = await take(worker);
        assert.equal(text(held), 'good');
        await held.accept();
        const letters = await until('two dead letters', async () => {
          const found = await deadLetters(jobs);
          return found.length >= 2 ? found.sort() : null;
        });
        assert.deepEqual(letters, ['bad', 'worn']);
      }));

    it('steps over the marks of transactions and over what was aborted', () =>
      withJobs(at(), { lockMs: 1000 }, async (jobs) => {
        await sendTransactions(jobs);
        const worker = await jobs.worker();
        for (const value of ['a', 'b']) {
          const held = await take(worker);
          assert.deepEqual([text(held), held.deliveryCount], [value, 1]);
          await held.accept();
        }
        assert.equal(await worker.poll(1500), null);
        await jobs.send('c');
        const held = await take(worker);
        assert.deepEqual([text(held), held.deliveryCount], ['c', 1]);
        await held.accept();
      }));

    it('gives each of eight members one of eight records', () =>
      withJobs(at(), {}, async (jobs) => {
        const workers = await Promise.all(Array.from({ length: 8 }, () => jobs.worker()));
        const polls = workers.map((worker) => take(worker));
        await jobs.send(...'abcdefgh');
        const held = await Promise.all(polls);
        assert.deepEqual(held.map(text).sort(), [...'abcdefgh']);
        await Promise.all(held.map((each) => each.accept()));
      }));
  });
}

/** Recovery from every epoch that is not as it should be, and refusals that say why. */
export function epochTests(at: () => KafkaPlace): void {
  describe('epochs', { concurrency: true }, () => {
    it('keeps its locks when the session epoch is wrong (123)', () =>
      withJobs(at(), {}, async (jobs) => {
        const worker = await jobs.worker();
        await jobs.send('a', 'b');
        const held = await take(worker);
        // The one after the fetches that it took to get the record; other epochs change nothing.
        let epoch = 1;
        await until('a stolen epoch', async () => {
          const { errorCode } = await intrude(jobs, worker.memberId, 'data', { kind: 'acknowledge', epoch, place: null, type: 'gap' });
          epoch += 1;
          return errorCode === 0;
        });
        const next = await take(worker);
        assert.equal(jobs.troubles.at(-1)?.code, 123);
        assert.equal(text(next), 'b');
        await held.accept();
        await next.accept();
        assert.equal(await (await jobs.worker()).poll(500), null);
      }));

    it('joins again when the group has forgotten it (25)', () =>
      withJobs(at(), {}, async (jobs) => {
        const worker = await jobs.worker();
        await jobs.send('a');
        const held = await take(worker);
        await intrude(jobs, worker.memberId, 'control', { kind: 'heartbeat', epoch: -1, isSubscribing: false });
        await until('code 25', () => jobs.troubles.some(({ code }) => code === 25));
        await held.accept();
        await jobs.send('b');
        await (await take(worker)).accept();
      }));

    it('joins again when its epoch is old (110)', () =>
      withJobs(at(), {}, async (jobs) => {
        const worker = await jobs.worker();
        await jobs.send('a');
        const held = await take(worker);
        let epoch = 0;
        await until('code 110', async () => {
          // Every new member makes a new epoch, which the intruder takes note of and the worker does not.
          await intrude(jobs, randomUUID(), 'control', { kind: 'heartbeat', epoch: 0, isSubscribing: true });
          const reply = await intrude(jobs, worker.memberId, 'control', { kind: 'heartbeat', epoch, isSubscribing: epoch === 0 });
          if (reply.kind === 'heartbeat') epoch = reply.errorCode === 0 ? reply.memberEpoch : 0;
          return jobs.troubles.some(({ code }) => code === 110);
        });
        await held.accept();
        await jobs.send('b');
        await (await take(worker)).accept();
      }));

    it('says why it is not let in', async () =>
      withJobs(at(), {}, async (jobs) => {
        await assert.rejects(ShareConsumer.open({ ...jobs.options(), topic: 'nowhere' }), { kind: 'refused', code: 3 });
        await assert.rejects(ShareConsumer.open({ ...jobs.options(), topic: 'events' }), /4 partitions/);
        const worker = await jobs.worker();
        const poll = worker.poll(100);
        await assert.rejects(worker.poll(100), { kind: 'refused' });
        assert.equal(await poll, null);
      }));
  });
}

/** The proxy of the place is silent meanwhile, so nobody else may use it. */
export function silenceTests(at: () => KafkaPlace): void {
  describe('a network that swallows everything', () => {
    it('raises the loss within a lock, and goes on when the network is back', () =>
      withJobs(at(), { lockMs: 2000 }, async (jobs) => {
        const [worker, other] = [await jobs.worker('viaProxy'), await jobs.worker()];
        await jobs.send('a');
        const held = await take(worker);
        at().proxy.silence();
        const again = await take(other);
        assert.equal(text(again), 'a');
        await until('the loss', () => held.lost.aborted);
        assert.match(held.lost.reason.message, /No renewal/);
        at().proxy.speak();
        await again.accept();
        await jobs.send('b');
        await other.close();
        await (await take(worker, 60_000)).accept();
      }));
  });
}
