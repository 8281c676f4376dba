import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type JobClaims, KafkaJobSource } from '../../../../src/adapters/cluster/dispatch/kafka-job-source.ts';
import { serialiseOffer } from '../../../../src/adapters/cluster/dispatch/offer-json.ts';
import { HeldRecord } from '../../../../src/adapters/cluster/share-consumer/held-record.ts';
import type { Lease } from '../../../../src/ports/job-queue.ts';
import { job } from '../../../contract/samples.ts';

const spec = job('film', 3);
const lease: Lease = { job: { ...spec, state: 'running', fence: 1, failures: 0, losses: 0, result: null }, attemptId: 'a', fence: 1, worker: 'w' };
const wanted = async () => false;

type Claim = Parameters<JobClaims['claimJob']>;

/** A source whose broker has one record, and what was asked of it and of the rows. */
function sourceOf(value: Buffer | null, { deliveryCount = 1, outcome = lease as Awaited<ReturnType<JobClaims['claimJob']>> | Error } = {}) {
  const claims: Claim[] = [];
  const settlements: string[] = [];
  const records = [
    new HeldRecord({ key: null, value, headers: [], offset: 7n }, deliveryCount, (settlement) => {
      settlements.push(settlement);
      queueMicrotask(() => records[0].confirm());
    }),
  ];
  const left = [...records];
  const consumer = { poll: async () => left.shift() ?? null, close: async () => {} };
  const claimJob = async (...claim: Claim) => {
    claims.push(claim);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  let nowMs = 0;
  const source = new KafkaJobSource({ worker: 'w', leaseMs: 1000, claims: { claimJob } }, [{ topic: 'jobs', consumer }], () => nowMs++);
  return { source, claims, settlements };
}

describe('a job source', () => {
  it('tries a job that nobody claimed as its offer describes it', async () => {
    const { source, claims, settlements } = sourceOf(serialiseOffer({ ...spec, fence: 0 }));
    assert.equal(await source.take(10, wanted), lease);
    assert.deepEqual(claims, [[spec.id, { worker: 'w', leaseMs: 1000, delivery: 'jobs/7#1', unclaimed: spec }]]);
    assert.deepEqual(settlements, []);
    await source.settled(lease);
    assert.deepEqual(settlements, ['accept']);
  });

  it('has the row looked at when the job was claimed before, or its record given out before', async () => {
    for (const [fence, deliveryCount] of [
      [1, 1],
      [0, 2],
    ]) {
      const { source, claims } = sourceOf(serialiseOffer({ ...spec, fence }), { deliveryCount });
      assert.equal(await source.take(10, wanted), lease);
      assert.deepEqual(claims, [[spec.id, { worker: 'w', leaseMs: 1000, delivery: `jobs/7#${deliveryCount}` }]]);
    }
  });

  it('uses up what cannot be read, and what the row or the title refuses', async () => {
    const offer = serialiseOffer({ ...spec, fence: 0 });
    const cases = [
      sourceOf(null),
      sourceOf(Buffer.from('{"version":2}')),
      sourceOf(offer, { outcome: 'settled' }),
      sourceOf(offer, { outcome: 'elsewhere' }),
      sourceOf(offer, { outcome: 'busy' }),
    ];
    for (const { source, settlements } of cases) {
      assert.equal(await source.take(10, wanted), null);
      assert.deepEqual(settlements, ['accept']);
    }
    assert.deepEqual(
      cases.map(({ claims }) => claims.length),
      [0, 0, 1, 1, 1],
    );
    const unwanted = sourceOf(offer);
    assert.equal(await unwanted.source.take(10, async ({ id }) => id === spec.id), null);
    assert.deepEqual(unwanted.settlements, ['accept']);
  });

  it('gives back a record when the rows, or the titles, do not answer', async () => {
    const offer = serialiseOffer({ ...spec, fence: 0 });
    const away = new Error('away');
    const silentRows = sourceOf(offer, { outcome: away });
    await assert.rejects(silentRows.source.take(10, wanted), away);
    assert.deepEqual(silentRows.settlements, ['release']);
    const silentTitles = sourceOf(offer);
    await assert.rejects(
      silentTitles.source.take(10, async () => {
        throw away;
      }),
      away,
    );
    assert.deepEqual(silentTitles.settlements, ['release']);
  });
});
