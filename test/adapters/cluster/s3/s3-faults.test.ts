import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { checkStore } from '../../../../src/adapters/cluster/s3/check-store.ts';
import { contentOfBytes } from '../../../../src/adapters/cluster/s3/content.ts';
import { createObject, WHOLE_MAX_BYTES } from '../../../../src/adapters/cluster/s3/create-object.ts';
import { S3BlobStore } from '../../../../src/adapters/cluster/s3/s3-blob-store.ts';
import { S3Bucket } from '../../../../src/adapters/cluster/s3/s3-bucket.ts';
import type { S3Settings } from '../../../../src/adapters/cluster/s3/settings.ts';
import { sweepUploads } from '../../../../src/adapters/cluster/s3/sweep-uploads.ts';
import { partBytesOf } from '../../../../src/adapters/cluster/s3/upload-parts.ts';
import { SystemClock } from '../../../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../../../src/adapters/embedded/system-random.ts';
import { freshTag } from '../../../contract/samples.ts';
import { S3Service, s3Missing } from '../../../services/s3.ts';
import { testFolder } from '../../../support/fake-tool.ts';
import { FaultyProxy } from '../../../support/faulty-proxy.ts';

const MIB = 1 << 20;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function storeOf(t: TestContext, bucket: S3Bucket): Promise<S3BlobStore> {
  t.after(() => bucket.client.destroy());
  return S3BlobStore.open({ bucket, clock: new SystemClock(), random: new SystemRandom(), localDir: join(testFolder(t), 'local') });
}

describe('S3 under faults', { skip: s3Missing() ?? false }, () => {
  let server: S3Service;
  before(async () => {
    server = await S3Service.start();
  });
  after(() => server.stop());

  /** The server's bucket behind a wire that can be spoilt. */
  async function spoilt(t: TestContext): Promise<{ proxy: FaultyProxy; bucket: S3Bucket }> {
    const proxy = await FaultyProxy.open(server.port);
    t.after(() => proxy.close());
    return { proxy, bucket: new S3Bucket({ ...server.settings, endpoint: `http://127.0.0.1:${proxy.port}` }) };
  }

  it('lets exactly one of 24 racing writers create an object, whole or in parts', async (t) => {
    const bucket = new S3Bucket(server.settings);
    t.after(() => bucket.client.destroy());
    for (const [racers, sizeBytes] of [
      [24, 20_000],
      [4, WHOLE_MAX_BYTES + 1],
    ]) {
      const key = `${freshTag()}/race`;
      const bodies = Array.from({ length: racers }, () => randomBytes(sizeBytes));
      const outcomes = await Promise.all(
        bodies.map((body, i) => createObject(bucket, { key, content: contentOfBytes(body), metadata: { racer: String(i) }, resume: false })),
      );
      assert.deepEqual(
        outcomes.filter((outcome) => outcome === 'created'),
        ['created'],
      );
      const winner = outcomes.indexOf('created');
      const head = await bucket.head(key);
      assert.equal(head?.metadata.racer, String(winner));
      const pieces = await Array.fromAsync(bucket.read(key, { start: 0, endExclusive: sizeBytes }, head?.etag ?? ''));
      assert.ok(bodies[winner].equals(Buffer.concat(pieces)));
    }
    assert.equal(await sweepUploads(bucket, Date.now() + 60_000), 0, 'losers leave no parts');
  });

  it('shows nothing of an upload that a killed server cut, lets a new client do it, and sweeps what is left', async (t) => {
    const { proxy, bucket } = await spoilt(t);
    const store = await storeOf(t, bucket);
    const path = join(testFolder(t), 'file');
    const bytes = randomBytes(5 * 16 * MIB + 12_345);
    await writeFile(path, bytes);
    const key = `${freshTag()}/big.mp4`;
    const kept = await store.put(`${key}.small`, bytes.subarray(0, 1000));
    const passing = proxy.up(40 * MIB);
    const cut = assert.rejects(store.putFile(key, path), { code: 'SL-161' });
    await passing;
    await server.kill();
    await cut;
    await server.restart();
    const next = await storeOf(t, new S3Bucket(server.settings));
    assert.equal(await next.stat(key), null);
    assert.deepEqual((await next.list(key, null, 10)).keys, [`${key}.small`]);
    await assert.rejects(next.read(key), { code: 'SL-905' });
    assert.deepEqual(await next.stat(`${key}.small`), kept);
    assert.equal((await next.putFile(key, path)).sha256, sha256(bytes));
    const { path: local, release } = await next.openLocal(key);
    assert.equal(sha256(await readFile(local)), sha256(bytes));
    await release();
    const left = new S3Bucket(server.settings);
    t.after(() => left.client.destroy());
    assert.equal(await sweepUploads(left, Date.now() - 3_600_000), 0, 'young uploads may be under way');
    assert.equal(await sweepUploads(left, Date.now() + 60_000), 1);
    assert.equal(await sweepUploads(left, Date.now() + 60_000), 0);
  });

  it('stores through cut connections and lost answers', async (t) => {
    const { proxy, bucket } = await spoilt(t);
    const store = await storeOf(t, bucket);
    const tag = freshTag();
    const bytes = randomBytes(3 * MIB);
    proxy.cut('up', MIB, 2);
    assert.equal((await store.put(`${tag}/up`, bytes)).sha256, sha256(bytes));
    const path = join(testFolder(t), 'file');
    const large = randomBytes(40 * MIB);
    await writeFile(path, large);
    proxy.cut('up', 17 * MIB, 2);
    assert.equal((await store.putFile(`${tag}/parts`, path)).sha256, sha256(large));
    // No answer to any try arrives: whether the object was stored is unknown to the client. (It waits for none before it sends so small a body.)
    proxy.cut('down', 1, 4);
    const facts = await store.put(`${tag}/answer`, bytes.subarray(0, 1000));
    assert.deepEqual(await store.stat(`${tag}/answer`), facts);
  });

  it('reads on behind a cut', async (t) => {
    const { proxy, bucket } = await spoilt(t);
    const store = await storeOf(t, bucket);
    const bytes = randomBytes(12 * MIB);
    const key = `${freshTag()}/film.bin`;
    await store.put(key, bytes);
    const before = proxy.passed.down;
    proxy.cut('down', 3 * MIB, 3);
    assert.ok(bytes.equals(await store.read(key)));
    assert.ok(proxy.passed.down - before < bytes.length * 1.2, 'what had arrived is not asked for again');
    proxy.cut('down', 5 * MIB, 2);
    const { path, release } = await store.openLocal(key);
    assert.equal(sha256(await readFile(path)), sha256(bytes));
    await release();
    await assert.rejects(readFile(path), { code: 'ENOENT' });
  });

  it('gives an object with its facts in one request', async (t) => {
    const bucket = new S3Bucket(server.settings);
    const store = await storeOf(t, bucket);
    const bytes = randomBytes(3 * MIB + 1);
    const key = `${freshTag()}/film.bin`;
    await store.put(key, bytes);
    const sent: string[] = [];
    const note = (next: (args: never) => Promise<never>, { commandName }: { commandName?: string }) => {
      sent.push(commandName ?? '');
      return next;
    };
    bucket.client.middlewareStack.add(note as never, { step: 'initialize' });
    assert.ok(bytes.equals(await store.read(key)));
    const { path, release } = await store.openLocal(key);
    assert.ok(bytes.equals(await readFile(path)));
    await release();
    assert.deepEqual(sent, ['GetObjectCommand', 'GetObjectCommand']);
  });

  it('never stores what is damaged on the way', async (t) => {
    const { proxy, bucket } = await spoilt(t);
    const store = await storeOf(t, bucket);
    const tag = freshTag();
    const bytes = randomBytes(MIB);
    proxy.flip('up', MIB / 2);
    assert.equal((await store.put(`${tag}/once`, bytes)).sha256, sha256(bytes));
    assert.ok(bytes.equals(await store.read(`${tag}/once`)));
    proxy.flip('up', MIB / 2, 1000);
    await assert.rejects(store.put(`${tag}/always`, bytes), { code: 'SL-165' });
    const direct = await storeOf(t, new S3Bucket(server.settings));
    assert.equal(await direct.stat(`${tag}/always`), null);
  });

  it('refuses a file that changes while it is sent', async (t) => {
    const bucket = new S3Bucket(server.settings);
    t.after(() => bucket.client.destroy());
    for (const sizeBytes of [1000, WHOLE_MAX_BYTES + 1000]) {
      const key = `${freshTag()}/changing`;
      const bytes = randomBytes(sizeBytes);
      const content = { ...contentOfBytes(bytes), sha256: sha256(randomBytes(1)) };
      await assert.rejects(createObject(bucket, { key, content, metadata: {}, resume: false }), { code: 'SL-165' });
      const shorter = { ...contentOfBytes(bytes), part: async (start: number) => bytes.subarray(start, start + 10) };
      await assert.rejects(createObject(bucket, { key, content: shorter, metadata: {}, resume: false }), { code: 'SL-165' });
      assert.equal(await bucket.head(key), null);
    }
    assert.equal(await sweepUploads(bucket, Date.now() + 60_000), 0);
  });

  it('tells what is not its own, and what is damaged in the store', async (t) => {
    const bucket = new S3Bucket(server.settings);
    const store = await storeOf(t, bucket);
    const tag = freshTag();
    const put = (key: string, Metadata: Record<string, string>) =>
      bucket.client.send(new PutObjectCommand({ Bucket: server.settings.bucket, Key: key, Body: 'x', Metadata }));
    await put(`${tag}/foreign`, {});
    await put(`${tag}/wrong`, { sha256: 'ab'.repeat(32), 'written-ms': '1' });
    await put(`${tag}/UPPER`, {});
    await assert.rejects(store.stat(`${tag}/foreign`), { code: 'SL-905' });
    await assert.rejects(store.read(`${tag}/wrong`), { code: 'SL-905' });
    await assert.rejects(store.openLocal(`${tag}/wrong`), { code: 'SL-905' });
    assert.deepEqual((await store.list(tag, null, 1)).keys, [`${tag}/foreign`]);
    assert.deepEqual((await store.list(tag, null, 10)).keys, [`${tag}/foreign`, `${tag}/wrong`]);
  });

  it('says what a store lacks, without its secrets', async (t) => {
    const check = async (changes: Partial<S3Settings>) => {
      const bucket = new S3Bucket({ ...server.settings, ...changes });
      t.after(() => bucket.client.destroy());
      const problems = await checkStore(bucket, new SystemRandom());
      for (const { message } of problems) assert.ok(!message.includes(server.settings.credentials!.secretAccessKey), message);
      return [...new Set(problems.map(({ code }) => code))];
    };
    assert.deepEqual(await check({ prefix: 'checked/' }), []);
    assert.deepEqual(await check({ bucket: 'no-such-bucket' }), ['SL-163']);
    assert.deepEqual(await check({ credentials: { accessKeyId: 'testkey', secretAccessKey: 'wrong' } }), ['SL-162']);
    assert.deepEqual(await check({ endpoint: 'http://127.0.0.1:1' }), ['SL-161']);
    const bucket = new S3Bucket(server.settings);
    const store = await storeOf(t, bucket);
    assert.deepEqual((await store.list('checked', null, 10)).keys, [], 'the check leaves nothing');
    // A server that says yes to everything.
    const yes = createServer((request, response) => {
      request.resume().once('end', () => response.end());
    }).listen({ host: '127.0.0.1', port: 0 });
    await once(yes, 'listening');
    t.after(() => yes.close());
    assert.ok((await check({ endpoint: `http://127.0.0.1:${(yes.address() as AddressInfo).port}` })).includes('SL-164'));
  });
});

it('cuts files of any size into parts that S3 takes', () => {
  for (const sizeBytes of [WHOLE_MAX_BYTES + 1, 100 * MIB, 200_000 * MIB, 5_000_000 * MIB]) {
    const parts = Math.ceil(sizeBytes / partBytesOf(sizeBytes));
    assert.ok(parts <= 10_000 && partBytesOf(sizeBytes) >= 5 * MIB && partBytesOf(sizeBytes) <= 5000 * MIB, `${sizeBytes}: ${parts}`);
  }
});
