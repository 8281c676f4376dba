import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { BLOCK_BYTES, BlockCache } from '../../../../src/adapters/cluster/range-reader/block-cache.ts';
import type { RangeSource } from '../../../../src/adapters/cluster/range-reader/block-reader.ts';
import { openRangeReader } from '../../../../src/adapters/cluster/range-reader/range-reader.ts';

const BYTES = randomBytes(10 * BLOCK_BYTES + 321);

async function readerOf(t: TestContext, changes: Partial<RangeSource> = {}) {
  const reads: [number, number][] = [];
  const read = async (start: number, endExclusive: number) => {
    reads.push([start, endExclusive]);
    return BYTES.subarray(start, endExclusive);
  };
  const reader = await openRangeReader({ identity: 'film', sizeBytes: BYTES.length, read, ...changes }, new BlockCache(1 << 20), '.mkv');
  t.after(() => reader.close());
  return { reader, reads };
}

/** One request and what came of its body, whether it ended well or not. */
async function ask(url: string, method: string, headers: Record<string, string> = {}) {
  const asked = request(url, { method, headers, agent: false }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  answer.on('data', (part: Buffer) => parts.push(part)).on('error', () => {});
  await new Promise((resolve) => answer.once('close', resolve));
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts), isWhole: answer.complete };
}

describe('range reader', () => {
  it('gives the rest of a range to whoever asks on behind what came', async (t) => {
    const { reader, reads } = await readerOf(t);
    const parts: Buffer[] = [];
    let at = 100;
    for (let isWhole = false; !isWhole; ) {
      const answer = await ask(reader.input.url, 'GET', { range: `bytes=${at}-` });
      assert.equal(answer.status, 206);
      assert.equal(answer.headers['content-range'], `bytes ${at}-${BYTES.length - 1}/${BYTES.length}`);
      parts.push(answer.body);
      at += answer.body.length;
      isWhole = answer.isWhole;
      assert.equal(isWhole, at === BYTES.length);
    }
    assert.ok(BYTES.subarray(100).equals(Buffer.concat(parts)));
    assert.equal(reader.bytesFetched, BYTES.length);
    assert.ok(reads.length > 3);
  });

  it('answers as HTTP wants: whole, head, closed and suffix ranges, beyond the end, other methods and paths', async (t) => {
    const { reader } = await readerOf(t);
    const { url } = reader.input;
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/source\.mkv$/);
    assert.ok(BYTES.equals((await ask(url, 'GET')).body));
    const head = await ask(url, 'HEAD');
    assert.deepEqual([head.status, head.headers['content-length'], head.headers['accept-ranges']], [200, String(BYTES.length), 'bytes']);
    assert.ok(BYTES.subarray(5, 8).equals((await ask(url, 'GET', { range: 'bytes=5-7' })).body));
    assert.ok(BYTES.subarray(-9).equals((await ask(url, 'GET', { range: 'bytes=-9' })).body));
    assert.equal((await ask(url, 'GET', { range: `bytes=${BYTES.length}-` })).status, 416);
    assert.equal((await ask(url, 'POST')).status, 405);
    for (const other of ['/', '/source.mkv', `/${'0'.repeat(32)}/source.mkv`, `${new URL(url).pathname}x`]) {
      assert.equal((await ask(new URL(other, url).href, 'GET')).status, 404);
    }
    for (const range of ['bytes=', 'bytes=-', 'bytes=7-5', 'bytes=a-', 'lines=1-', 'bytes=0-1,5-6', `bytes=${'9'.repeat(500)}-`]) {
      assert.ok([200, 206, 416].includes((await ask(url, 'GET', { range })).status ?? 0), range);
    }
  });

  it('fetches nothing for a connection that is gone, and closes with readers hanging on it', async (t) => {
    const waiting = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    let reads = 0;
    const { reader } = await readerOf(t, {
      read: async (start, endExclusive) => {
        reads += 1;
        asked.resolve();
        await waiting.promise;
        return BYTES.subarray(start, endExclusive);
      },
    });
    const gone = get(reader.input.url, { agent: false }).on('error', () => {});
    await asked.promise;
    const closed = new Promise((resolve) => gone.once('close', resolve));
    gone.destroy();
    await closed;
    // By the time another request is answered, the reader has seen that the first one's connection is gone.
    assert.equal((await ask(reader.input.url, 'HEAD')).status, 200);
    waiting.resolve();
    assert.equal((await ask(reader.input.url, 'HEAD')).status, 200);
    assert.equal(reads, 1);
    const idle = connect({ host: '127.0.0.1', port: Number(new URL(reader.input.url).port) });
    await once(idle, 'connect');
    const ended = once(idle, 'close');
    await reader.close();
    await ended;
    assert.equal(reader.lost.aborted, false);
  });

  it('says that the source is lost before the connection ends', async (t) => {
    const { reader } = await readerOf(t, { read: () => Promise.reject(new Error('another version')) });
    let wasOpen = false;
    const asked = get(reader.input.url, { agent: false });
    reader.lost.addEventListener('abort', () => {
      wasOpen = !asked.destroyed;
    });
    await new Promise<void>((resolve) =>
      asked
        .on('response', (answer) =>
          answer
            .resume()
            .on('error', () => {})
            .once('close', resolve),
        )
        .on('error', () => resolve()),
    );
    assert.ok(wasOpen);
    assert.equal(reader.lost.reason.message, 'another version');
  });
});
