import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { EncodedChunk } from '../../src/model/encoded-chunk.ts';
import type { ResultStore } from '../../src/ports/result-store.ts';
import { allPages, freshTag, type Made } from './samples.ts';

function encodedChunk(address: string, attemptId: string): EncodedChunk {
  return {
    address,
    objectKey: `attempts/${attemptId}/1080p.mp4`,
    sha256: 'cd'.repeat(32),
    sizeBytes: 2 ** 40,
    frameCount: 48,
    fingerprintKey: `attempts/${attemptId}/1080p.prints`,
    headerSha256: 'ef'.repeat(32),
    attemptId,
    quality: { positions: [12, 36], ssim: [0.9812, 1], vmaf: [96.31, null] },
  };
}

/** What every ResultStore promises. `make` may give a store that other tests use too. */
export function resultStoreContract(name: string, make: () => Promise<Made<ResultStore>>): void {
  describe(`${name}: ResultStore`, () => {
    let made: Made<ResultStore>;
    let store: ResultStore;
    before(async () => {
      made = await make();
      store = made.adapter;
    });
    after(() => made.close());

    it('finds what was recorded, for its owner only', async () => {
      const owner = freshTag();
      const result = encodedChunk('aa11', 'attempt1');
      assert.equal(await store.lookup(owner, 'aa11'), null);
      assert.deepEqual(await store.record(owner, result), result);
      assert.deepEqual(await store.lookup(owner, 'aa11'), result);
      assert.equal(await store.lookup(freshTag(), 'aa11'), null);
      assert.equal(await store.lookup(owner, 'aa1'), null);
    });

    it('keeps the first of racing results and tells everybody about it', async () => {
      const owner = freshTag();
      const told = await Promise.all(Array.from({ length: 12 }, (_, i) => store.record(owner, encodedChunk('aa11', `attempt${i}`))));
      const winner = await store.lookup(owner, 'aa11');
      for (const result of told) assert.deepEqual(result, winner);
      assert.deepEqual(await store.record(owner, encodedChunk('aa11', 'late')), winner);
    });

    it('revokes only the object named, after which the address may be filled again', async () => {
      const owner = freshTag();
      const bad = encodedChunk('aa11', 'bad');
      const good = encodedChunk('aa11', 'good');
      await store.record(owner, bad);
      await store.revoke(owner, 'aa11', good.objectKey);
      await store.revoke(freshTag(), 'aa11', bad.objectKey);
      assert.deepEqual(await store.lookup(owner, 'aa11'), bad);
      await store.revoke(owner, 'aa11', bad.objectKey);
      assert.equal(await store.lookup(owner, 'aa11'), null);
      assert.deepEqual(await store.record(owner, good), good);
      await store.revoke(owner, 'aa11', bad.objectKey);
      assert.deepEqual(await store.lookup(owner, 'aa11'), good);
    });

    it('lists an owner ascending by address, going on behind a cursor while results come and go', async () => {
      const owner = freshTag();
      const addresses = ['0a', '0b', '10', 'a0', 'ff'];
      for (const address of [...addresses].reverse()) await store.record(owner, encodedChunk(address, 'one'));
      await store.record(freshTag(), encodedChunk('0c', 'one'));
      const list = (limit: number) =>
        allPages(async (cursor, size) => {
          const page = await store.list(owner, cursor, size);
          return { items: page.results.map((result) => result.address), cursor: page.cursor };
        }, limit);
      for (const limit of [1, 2, 5, 100]) assert.deepEqual(await list(limit), addresses);

      const first = await store.list(owner, null, 2);
      await store.record(owner, encodedChunk('00', 'one'));
      await store.record(owner, encodedChunk('11', 'one'));
      await store.revoke(owner, '0b', encodedChunk('0b', 'one').objectKey);
      const rest = await store.list(owner, first.cursor, 100);
      assert.deepEqual(
        rest.results.map((result) => result.address),
        ['10', '11', 'a0', 'ff'],
      );
      await assert.rejects(store.list(owner, 'bnVsbA', 2), { code: 'SL-101' });
    });
  });
}
