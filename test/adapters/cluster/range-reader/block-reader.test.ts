import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK_BYTES, BlockCache } from '../../../../src/adapters/cluster/range-reader/block-cache.ts';
import { BlockReader, fetchBytes } from '../../../../src/adapters/cluster/range-reader/block-reader.ts';

const NEVER = new AbortController().signal;
const byteAt = (at: number) => (at * 31 + (at >> 16)) & 0xff;

function sourceOf(sizeBytes: number) {
  const reads: [number, number][] = [];
  let failing = false;
  const read = async (start: number, endExclusive: number) => {
    reads.push([start, endExclusive]);
    await new Promise((resolve) => setImmediate(resolve));
    if (failing) throw new Error('gone');
    return Uint8Array.from({ length: endExclusive - start }, (_, i) => byteAt(start + i));
  };
  return { source: { identity: 'film', sizeBytes, read }, reads, fail: (now: boolean) => (failing = now) };
}

test('a place looked at costs two blocks at most, and a run a share of itself', () => {
  assert.equal(fetchBytes(0), BLOCK_BYTES);
  for (let runBytes = 0; runBytes < 1 << 30; runBytes = runBytes * 2 + 99_999) {
    const bytes = fetchBytes(runBytes);
    assert.ok(Number.isSafeInteger(bytes) && bytes >= BLOCK_BYTES && bytes <= Math.max(BLOCK_BYTES, runBytes / 8) && bytes <= 8 << 20, `${runBytes}: ${bytes}`);
  }
});

test('every byte comes as it is, in whole blocks, once', async () => {
  const sizeBytes = 3 * BLOCK_BYTES + 777;
  const { source, reads } = sourceOf(sizeBytes);
  const reader = new BlockReader(source, new BlockCache(1 << 20), NEVER);
  for (const [start, endExclusive] of [
    [BLOCK_BYTES + 5, BLOCK_BYTES + 6],
    [0, sizeBytes],
    [sizeBytes - 1, sizeBytes],
    [BLOCK_BYTES - 1, 2 * BLOCK_BYTES + 1],
  ]) {
    for (let at = start; at < endExclusive; ) {
      const bytes = await reader.bytesAt(at, endExclusive, 0);
      assert.ok(bytes.length > 0 && at + bytes.length <= endExclusive);
      assert.ok(bytes.every((byte, i) => byte === byteAt(at + i)));
      at += bytes.length;
    }
  }
  assert.equal(reader.bytesFetched, sizeBytes);
  assert.equal(
    reads.reduce((sum, [start, endExclusive]) => sum + endExclusive - start, 0),
    sizeBytes,
  );
});

test('jobs that start together fetch a block once, and a failure is theirs alone', async () => {
  const { source, reads, fail } = sourceOf(10 * BLOCK_BYTES);
  const cache = new BlockCache(1 << 20);
  const readers = Array.from({ length: 5 }, () => new BlockReader(source, cache, NEVER));
  fail(true);
  const refused = await Promise.allSettled(readers.map((reader) => reader.bytesAt(0, 10, 0)));
  assert.ok(refused.every(({ status }) => status === 'rejected'));
  fail(false);
  reads.length = 0;
  await Promise.all(readers.map((reader) => reader.bytesAt(0, 10, 0)));
  assert.deepEqual(reads, [[0, BLOCK_BYTES]]);
  assert.equal(
    readers.reduce((sum, reader) => sum + reader.bytesFetched, 0),
    BLOCK_BYTES,
  );
});

/** A large source whose bytes do not matter. */
function zeros(identity: string) {
  const reads: number[] = [];
  const read = async (start: number, endExclusive: number) => {
    reads.push(start);
    return new Uint8Array(endExclusive - start);
  };
  return { source: { identity, sizeBytes: 1000 * BLOCK_BYTES, read }, reads };
}

test('the cache keeps its bound, drops what was used longest ago, and lets a long run pass by', async () => {
  const cache = new BlockCache(8 * BLOCK_BYTES);
  const [film, other] = [zeros('film'), zeros('other')];
  const reader = new BlockReader(film.source, cache, NEVER);
  await reader.bytesAt(0, BLOCK_BYTES, 0);
  for (let block = 10; block < 60; block += 1) {
    await new BlockReader(other.source, cache, NEVER).bytesAt(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES, 0);
    assert.ok(cache.bytes <= cache.maxBytes);
    if (block % 5 === 0) await reader.bytesAt(0, BLOCK_BYTES, 0);
  }
  assert.equal(film.reads.length, 1, 'the header was used again and again');
  assert.ok(!cache.has('other', 10) && cache.has('other', 59));
  let run = 0;
  for (let at = 100 * BLOCK_BYTES; at < 900 * BLOCK_BYTES; ) {
    const { length } = await reader.bytesAt(at, 900 * BLOCK_BYTES, run);
    at += length;
    run += length;
  }
  assert.ok(cache.has('film', 0), 'pictures did not drive out the header');
  assert.ok(cache.bytes <= cache.maxBytes);
});

test('a source that gives too little is an error, not a shorter film', async () => {
  const { source } = sourceOf(BLOCK_BYTES);
  const short = { ...source, read: async () => new Uint8Array(5) };
  await assert.rejects(new BlockReader(short, new BlockCache(1 << 20), NEVER).bytesAt(0, 10, 0), RangeError);
});
