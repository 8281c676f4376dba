import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { BlobStore } from '../../src/ports/blob-store.ts';
import { allPages, freshTag, type Made } from './samples.ts';

export type MadeBlobs = Made<BlobStore> & {
  /** Another instance on the same objects. */
  readonly second: BlobStore;
  /** A local folder for files to put. */
  readonly folder: string;
};

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const text = (value: string) => new TextEncoder().encode(value);

export const HOSTILE_KEYS = [
  '',
  '/',
  'a/',
  '/a',
  'a//b',
  '.',
  '..',
  '../a',
  'a/../b',
  'a/..',
  'a/.b',
  '.a',
  'a/b/c/d/e',
  'A',
  'a/B',
  'ä',
  'a b',
  'a\\b',
  'a\0b',
  'a\nb',
  'a%2e',
  '_1_2_3',
  'a'.repeat(101),
  `a/${'b'.repeat(101)}`,
  'a/'.repeat(100_000),
];

/** What every BlobStore promises. `make` may give a store that other tests use too. */
export function blobStoreContract(name: string, make: () => Promise<MadeBlobs>): void {
  describe(`${name}: BlobStore`, () => {
    let made: MadeBlobs;
    before(async () => {
      made = await make();
    });
    after(() => made.close());

    putTests(() => made);
    readTests(() => made);
    listTests(() => made);
  });
}

function putTests(the: () => MadeBlobs): void {
  it('keeps bytes and states their facts, from memory and from a file', async () => {
    const { adapter: store, folder } = the();
    const tag = freshTag();
    const bytes = randomBytes(3_000_001);
    const path = join(folder, tag);
    await writeFile(path, bytes);
    for (const [key, put] of [
      [`${tag}/m.bin`, () => store.put(`${tag}/m.bin`, bytes)],
      [`${tag}/f.bin`, () => store.putFile(`${tag}/f.bin`, path)],
    ] as const) {
      assert.equal(await store.stat(key), null);
      const facts = await put();
      assert.deepEqual([facts.sizeBytes, facts.sha256], [bytes.length, sha256(bytes)]);
      assert.ok(facts.writtenMs > 0);
      assert.deepEqual(await store.stat(key), facts);
      assert.ok(bytes.equals(await store.read(key)));
    }
  });

  it('keeps empty objects', async () => {
    const { adapter: store, folder } = the();
    const tag = freshTag();
    const path = join(folder, tag);
    await writeFile(path, '');
    assert.equal((await store.put(`${tag}/m`, new Uint8Array())).sizeBytes, 0);
    assert.equal((await store.putFile(`${tag}/f`, path)).sha256, sha256(new Uint8Array()));
    assert.equal((await store.read(`${tag}/f`)).length, 0);
    assert.equal((await store.read(`${tag}/m`, { start: 0, endExclusive: 0 })).length, 0);
  });

  it('creates only: a later put of the key changes nothing and gets the facts of the first', async () => {
    const { adapter: store, second, folder } = the();
    const tag = freshTag();
    const key = `${tag}/one`;
    const facts = await store.put(key, text('first'));
    const path = join(folder, tag);
    await writeFile(path, 'a longer second');
    assert.deepEqual(await store.put(key, text('other')), facts);
    assert.deepEqual(await second.putFile(key, path), facts);
    assert.deepEqual(Buffer.from(await second.read(key)).toString(), 'first');
  });

  it('lets one of racing writers win, tells all of them its facts, and keeps its bytes whole', async () => {
    const { adapter, second, folder } = the();
    const tag = freshTag();
    for (let round = 0; round < 5; round += 1) {
      const key = `${tag}/race-${round}`;
      const bodies = Array.from({ length: 10 }, (_, i) => randomBytes(20_000 + i));
      const facts = await Promise.all(
        bodies.map(async (body, i) => {
          const store = i % 2 ? second : adapter;
          if (i % 3) return store.put(key, body);
          await writeFile(join(folder, `${tag}-${i}`), body);
          return store.putFile(key, join(folder, `${tag}-${i}`));
        }),
      );
      const bytes = await second.read(key);
      for (const told of facts) assert.deepEqual([told.sizeBytes, told.sha256], [bytes.length, sha256(bytes)]);
      assert.equal(bodies.filter((body) => body.equals(bytes)).length, 1);
    }
  });

  it('takes keys up to their limits', async () => {
    const { adapter: store } = the();
    const tag = freshTag();
    const keys = [tag, `${tag}x/${'b'.repeat(100)}/${'0'.repeat(100)}/${'-'.repeat(100)}`, `${tag}x/-/1.2..3/z.`];
    for (const key of keys) {
      await store.put(key, text(key));
      assert.equal(Buffer.from(await store.read(key)).toString(), key);
    }
  });

  it('refuses what is no key, everywhere', async () => {
    const { adapter: store, folder } = the();
    const path = join(folder, freshTag());
    await writeFile(path, 'x');
    for (const key of HOSTILE_KEYS) {
      const calls = [
        () => store.put(key, text('x')),
        () => store.putFile(key, path),
        () => store.stat(key),
        () => store.read(key),
        () => store.openLocal(key),
        () => store.delete(key),
      ];
      for (const call of calls) await assert.rejects(call, RangeError, JSON.stringify(key.slice(0, 50)));
    }
    assert.equal(await readFile(path, 'utf8'), 'x');
  });
}

function readTests(the: () => MadeBlobs): void {
  it('reads ranges, and refuses those beyond the end or none at all', async () => {
    const { adapter: store } = the();
    const key = `${freshTag()}/range`;
    const bytes = randomBytes(1000);
    await store.put(key, bytes);
    for (const [start, endExclusive] of [
      [0, 1000],
      [0, 1],
      [999, 1000],
      [500, 500],
      [1000, 1000],
      [123, 456],
    ]) {
      assert.ok(bytes.subarray(start, endExclusive).equals(await store.read(key, { start, endExclusive })), `${start}-${endExclusive}`);
    }
    for (const [start, endExclusive] of [
      [0, 1001],
      [999, 1001],
      [1001, 1001],
      [5000, 6000],
      [0, Number.MAX_SAFE_INTEGER],
    ]) {
      await assert.rejects(store.read(key, { start, endExclusive }), { code: 'SL-905' }, `${start}-${endExclusive}`);
    }
    for (const [start, endExclusive] of [
      [-1, 5],
      [5, 4],
      [0.5, 2],
      [0, Number.NaN],
      [0, Number.POSITIVE_INFINITY],
    ]) {
      await assert.rejects(store.read(key, { start, endExclusive }), RangeError, `${start}-${endExclusive}`);
    }
  });

  it('says SL-905 for what is not there, and deletes it without a word', async () => {
    const { adapter: store } = the();
    const key = `${freshTag()}/none`;
    await assert.rejects(store.read(key), { code: 'SL-905' });
    await assert.rejects(store.read(key, { start: 0, endExclusive: 1 }), { code: 'SL-905' });
    await assert.rejects(store.openLocal(key), { code: 'SL-905' });
    await store.delete(key);
    assert.equal(await store.stat(key), null);
  });

  it('lends a local path that stays readable until released, a delete notwithstanding', async () => {
    const { adapter: store, second } = the();
    const key = `${freshTag()}/lent.mp4`;
    await store.put(key, text('lent'));
    const [one, two] = [await store.openLocal(key), await second.openLocal(key)];
    await second.delete(key);
    assert.equal(await store.stat(key), null);
    assert.equal(await readFile(one.path, 'utf8'), 'lent');
    await one.release();
    assert.equal(await readFile(two.path, 'utf8'), 'lent');
    await two.release();
    await two.release();
  });

  it('takes a key again after a delete', async () => {
    const { adapter: store } = the();
    const key = `${freshTag()}/again`;
    await store.put(key, text('first'));
    await store.delete(key);
    await store.delete(key);
    const facts = await store.put(key, text('second'));
    assert.equal(facts.sha256, sha256(text('second')));
    assert.deepEqual(await store.stat(key), facts);
    assert.equal(Buffer.from(await store.read(key)).toString(), 'second');
  });

  it('shows racing readers an object whole or not at all', async () => {
    const { adapter: store, second } = the();
    const tag = freshTag();
    const bytes = randomBytes(300_000);
    for (let round = 0; round < 10; round += 1) {
      const key = `${tag}/${round}`;
      const writing = store.put(key, bytes).then(() => true);
      for (let done = false; !done; done = await Promise.race([writing, new Promise<false>((resolve) => setImmediate(resolve, false))])) {
        const facts = await second.stat(key);
        if (facts) assert.ok(bytes.equals(await second.read(key)));
      }
      await second.delete(key);
    }
  });
}

function listTests(the: () => MadeBlobs): void {
  const list = (prefix: string, limit: number) =>
    allPages(async (cursor, size) => {
      const page = await the().adapter.list(prefix, cursor, size);
      return { items: page.keys, cursor: page.cursor };
    }, limit);

  it('lists keys by prefix, ascending as text, whatever the page size', async () => {
    const { adapter: store } = the();
    const tag = freshTag();
    const keys = ['a', 'a-b', 'a.b', 'b/x', 'b-/x', 'b/y/z', 'b/y0', 'b.c/d', 'c/1/2', 'c/1.5', 'c/10', 'd'].map((end) => `${tag}/${end}`);
    for (const key of [...keys].reverse()) await store.put(key, text(key));
    keys.sort();
    for (const limit of [1, 2, 5, 100]) assert.deepEqual(await list(`${tag}/`, limit), keys);
    for (const prefix of [tag, `${tag}/b`, `${tag}/b/`, `${tag}/b/y`, `${tag}/c/1`, `${tag}/a`, `${tag}/d`, `${tag}/dd`, `${tag}/d/`]) {
      assert.deepEqual(
        await list(prefix, 2),
        keys.filter((key) => key.startsWith(prefix)),
        prefix,
      );
    }
    const everything = await list('', 1000);
    assert.deepEqual(everything, [...everything].sort());
    assert.deepEqual(
      everything.filter((key) => key.startsWith(tag)),
      keys,
    );
  });

  it('goes on behind a cursor while objects come and go', async () => {
    const { adapter: store } = the();
    const tag = freshTag();
    for (const end of ['1', '3', '5', '7']) await store.put(`${tag}/${end}`, text(end));
    const first = await store.list(tag, null, 2);
    await store.delete(`${tag}/3`);
    await store.delete(`${tag}/5`);
    for (const end of ['0', '4', '9']) await store.put(`${tag}/${end}`, text(end));
    const rest = await store.list(tag, first.cursor, 100);
    assert.deepEqual(
      [...first.keys, ...rest.keys],
      ['1', '3', '4', '7', '9'].map((end) => `${tag}/${end}`),
    );
  });

  it('lists nothing for prefixes that no key has, and refuses foreign cursors', async () => {
    const { adapter: store } = the();
    for (const prefix of ['..', '../', '/', './', '.', 'A', `${freshTag()}/../`]) assert.deepEqual((await store.list(prefix, null, 10)).keys, [], prefix);
    for (const cursor of ['', 'bnVsbA', 'A'.repeat(10_000)]) await assert.rejects(store.list('', cursor, 10), { code: 'SL-101' });
  });
}
