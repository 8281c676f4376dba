import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseAdmissions } from '../../src/pipeline/admit.ts';
import { Offers } from '../../src/pipeline/offers.ts';
import { WaitingTitles } from '../../src/pipeline/waiting-titles.ts';
import { job } from '../contract/samples.ts';

const MINUTE_MS = 60_000;
const ready = (index: number, exclusiveKey: string | null = null) => ({ ...job('film', index, { exclusiveKey }), fence: 0 });

describe('offers', () => {
  it('lets an offer wait twice as long each time it is made again, up to an hour', () => {
    const offers = new Offers();
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      offers.add(ready(0), 'class', 0);
      const [offer] = offers.values();
      waits.push(offer.reviewAtMs / MINUTE_MS);
      assert.deepEqual(offers.dueForReview(offer.reviewAtMs - 1), []);
      assert.deepEqual(offers.dueForReview(offer.reviewAtMs), [offer]);
      offers.giveUp(offer.jobId);
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('forgets how often an offer was made once its job has ended', () => {
    const offers = new Offers();
    offers.add(ready(0), 'class', 0);
    offers.giveUp(ready(0).id);
    offers.end(ready(0).id);
    offers.add(ready(0), 'class', 0);
    assert.equal(offers.values()[0].reviewAtMs, MINUTE_MS);
  });

  it('knows them by title', () => {
    const offers = new Offers();
    for (const index of [0, 1]) offers.add(ready(index), 'class', 0);
    offers.end(ready(0).id);
    assert.deepEqual(
      offers.ofTitle('film').map(({ jobId }) => jobId),
      [ready(1).id],
    );
    offers.end(ready(1).id);
    assert.deepEqual([offers.ofTitle('film'), offers.size], [[], 0]);
  });
});

describe('admission', () => {
  const admit = (waitingKeys: readonly (string | null)[], offeredKey: string | null) => {
    const waiting = new WaitingTitles();
    waiting.set(
      'film',
      waitingKeys.map((key, index) => ({ job: ready(index, key), jobClass: 'class' })),
    );
    const offered = [{ titleId: 'other', jobClass: 'class', exclusiveKey: offeredKey }];
    return chooseAdmissions({ waiting, offered, slots: new Map([['class', 10]]) }).map(({ job: { part } }) => part.index);
  };

  it('does not offer a job whose exclusive key an offered one has', () => {
    assert.deepEqual(admit(['key', null, 'another'], 'key'), [1, 2]);
  });

  it('offers one job of a key at a time', () => {
    assert.deepEqual(admit(['key', 'key', null, null], null), [0, 2, 3]);
  });
});
