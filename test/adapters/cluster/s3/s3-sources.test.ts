import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { BlockCache } from '../../../../src/adapters/cluster/range-reader/block-cache.ts';
import { S3Bucket } from '../../../../src/adapters/cluster/s3/s3-bucket.ts';
import { S3Sources } from '../../../../src/adapters/cluster/s3/s3-sources.ts';
import { sealS3Source, uploadSource } from '../../../../src/adapters/cluster/s3/seal-sources.ts';
import { sweepUploads } from '../../../../src/adapters/cluster/s3/sweep-uploads.ts';
import { inspectSource } from '../../../../src/pipeline/inspect-source.ts';
import { openLaptop } from '../../../../src/roles/all-in-one.ts';
import { sealSource } from '../../../../src/stages/ingest/seal.ts';
import { S3Service, s3Missing } from '../../../services/s3.ts';
import { testFolder } from '../../../support/fake-tool.ts';
import { FaultyProxy } from '../../../support/faulty-proxy.ts';
import { smallFilm } from '../../../support/small-film.ts';
import { mediaTools } from '../../../support/stage-context.ts';

const MIB = 1 << 20;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const nothing = () => {};

describe('sources in S3', { skip: s3Missing() ?? false }, () => {
  let server: S3Service;
  before(async () => {
    server = await S3Service.start();
  });
  after(() => server.stop());

  function bucketOf(t: TestContext, changes: Partial<typeof server.settings> = {}): S3Bucket {
    const bucket = new S3Bucket({ ...server.settings, prefix: 'ours/', ...changes });
    t.after(() => bucket.client.destroy());
    return bucket;
  }

  /** Puts an object as somebody else would. */
  async function deliver(bucket: S3Bucket, key: string, body: Uint8Array): Promise<string> {
    await bucket.client.send(new PutObjectCommand({ Bucket: server.settings.bucket, Key: key, Body: body }));
    return `s3://${server.settings.bucket}/${key}`;
  }

  /** Everything a source gives through its address. */
  async function readAll(url: string): Promise<Buffer> {
    return Buffer.from(await (await fetch(url)).arrayBuffer());
  }

  it('copies a local film under its SHA-256, finds it again, and gives its bytes by an address on loopback', async (t) => {
    const bucket = bucketOf(t);
    const path = join(testFolder(t), 'Film 1.MKV');
    const bytes = randomBytes(20 * MIB + 5);
    await writeFile(path, bytes);
    const local = await sealSource(path, nothing);
    const [seal, same] = await Promise.all([uploadSource(bucket, local), uploadSource(bucket, local)]);
    assert.deepEqual(same, seal);
    assert.equal(seal.path, `s3://${server.settings.bucket}/ours/sources/${local.sha256}/source.mkv`);
    assert.deepEqual([seal.sha256, seal.sizeBytes], [local.sha256, local.sizeBytes]);
    await rm(path);
    assert.deepEqual(await uploadSource(bucket, local), seal, 'what is there is not sent again');
    const source = await new S3Sources(bucket, new BlockCache(8 * MIB)).open(seal);
    assert.ok(source.input.url.endsWith('/source.mkv'));
    assert.ok(bytes.equals(await readAll(source.input.url)));
    await source.check();
    await source.release();
    await assert.rejects(fetch(source.input.url));
    await sweepUploads(bucket, Date.now() + 60_000);
  });

  it('goes on with a copy that a killed server cut', async (t) => {
    const proxy = await FaultyProxy.open(server.port);
    t.after(() => proxy.close());
    const bucket = bucketOf(t, { endpoint: `http://127.0.0.1:${proxy.port}` });
    const path = join(testFolder(t), 'film.mov');
    const bytes = randomBytes(6 * 16 * MIB);
    await writeFile(path, bytes);
    const local = await sealSource(path, nothing);
    const passing = proxy.up(55 * MIB);
    const cut = assert.rejects(uploadSource(bucket, local), { code: 'SL-161' });
    await passing;
    await server.kill();
    await cut;
    await server.restart();
    const before = proxy.passed.up;
    const seal = await uploadSource(bucket, local);
    assert.ok(proxy.passed.up - before < 80 * MIB, `${(proxy.passed.up - before) / MIB} MiB of 96 sent again`);
    const { start, endExclusive } = { start: 0, endExclusive: bytes.length };
    const pieces = await Array.fromAsync(bucket.read(seal.path.replace(`s3://${server.settings.bucket}/`, ''), { start, endExclusive }, seal.inode));
    assert.equal(sha256(Buffer.concat(pieces)), local.sha256);
    assert.equal(await sweepUploads(bucket, Date.now() + 60_000), 0);
  });

  it('refuses a file that is not what was sealed', async (t) => {
    const bucket = bucketOf(t);
    const path = join(testFolder(t), 'film.mp4');
    await writeFile(path, 'a film');
    const local = await sealSource(path, nothing);
    await appendFile(path, '!');
    await assert.rejects(uploadSource(bucket, local), { code: 'SL-165' });
    await rm(path);
    await assert.rejects(uploadSource(bucket, local), { code: 'SL-105' });
  });

  it('seals an object where it is, and says when it is another one or gone', async (t) => {
    const bucket = bucketOf(t);
    const bytes = randomBytes(3 * MIB);
    const url = await deliver(bucket, 'delivered/Ünser Film.ts', bytes);
    let seen = 0;
    const seal = await sealS3Source(bucket, url, (count) => {
      seen = count;
    });
    assert.deepEqual([seal.path, seal.sha256, seal.sizeBytes, seen], [url, sha256(bytes), bytes.length, bytes.length]);
    const sources = new S3Sources(bucket, new BlockCache(8 * MIB));
    const source = await sources.open(seal);
    assert.ok(bytes.subarray(0, 1000).equals((await readAll(source.input.url)).subarray(0, 1000)));
    await deliver(bucket, 'delivered/Ünser Film.ts', randomBytes(3 * MIB));
    await assert.rejects(source.check(), { code: 'SL-111' });
    await assert.rejects(sources.open(seal), { code: 'SL-111' });
    await source.release();
    await bucket.delete('delivered/Ünser Film.ts');
    await assert.rejects(sources.open(seal), { code: 'SL-105' });
    await assert.rejects(sealS3Source(bucket, url, nothing), { code: 'SL-105' });
    await assert.rejects(sealS3Source(bucket, 's3://no-such-bucket/a', nothing), { code: 'SL-105' });
    await assert.rejects(sealS3Source(bucket, 'film.mkv', nothing), { code: 'SL-101' });
  });

  it('loses a source that changes while it is read', async (t) => {
    const bucket = bucketOf(t);
    const url = await deliver(bucket, 'delivered/changing.ts', randomBytes(MIB));
    const seal = await sealS3Source(bucket, url, nothing);
    const source = await new S3Sources(bucket, new BlockCache(MIB)).open(seal);
    await deliver(bucket, 'delivered/changing.ts', randomBytes(MIB));
    const lost = once(source.lost, 'abort');
    await assert.rejects(readAll(source.input.url));
    await lost;
    assert.equal(source.lost.reason.code, 'SL-111');
    await source.release();
  });

  it('gives the stages the same film as a file does: one inspection, byte for byte', async (t) => {
    const film = await smallFilm({ seconds: 6 });
    t.after(() => film.remove());
    const bucket = bucketOf(t);
    const tools = await mediaTools();
    const local = await sealSource(film.path, nothing);
    const remote = await uploadSource(bucket, local);
    const inspected = [];
    for (const [seal, sources] of [
      [local, null],
      [remote, new S3Sources(bucket, new BlockCache(8 * MIB))],
    ] as const) {
      const laptop = await openLaptop(join(testFolder(t), 'state'));
      t.after(() => laptop.close());
      const deps = { ...laptop, tools, ...(sources ? { sources } : {}) };
      const request = { deps, seal, attemptId: 'one', signal: new AbortController().signal, onFrames: nothing };
      const { inspection, findings } = await inspectSource(request);
      assert.equal(inspection?.frameCount, 6 * 24 + 36);
      const { keys } = await laptop.blobs.list('', null, 1000);
      const stored = await Promise.all(keys.map(async (key) => [key, (await laptop.blobs.stat(key))?.sha256]));
      inspected.push({ inspection, findings, stored });
    }
    assert.deepEqual(inspected[1], inspected[0]);
  });

  it('stops the tool and tells why when the source is lost in the middle of a stage', async (t) => {
    const film = await smallFilm({ seconds: 6 });
    t.after(() => film.remove());
    const bucket = bucketOf(t);
    const bytes = await readFile(film.path);
    const url = await deliver(bucket, 'delivered/lost.mp4', bytes);
    const seal = await sealS3Source(bucket, url, nothing);
    const laptop = await openLaptop(join(testFolder(t), 'state'));
    t.after(() => laptop.close());
    const real = new S3Sources(bucket, new BlockCache(1));
    // Another film is delivered right after the source was found unchanged.
    const sources = {
      open: async () => {
        const source = await real.open(seal);
        await deliver(bucket, 'delivered/lost.mp4', randomBytes(bytes.length));
        return source;
      },
    };
    const deps = { ...laptop, tools: await mediaTools(), sources };
    const request = { deps, seal, attemptId: 'one', signal: new AbortController().signal, onFrames: nothing };
    await assert.rejects(inspectSource(request), { code: 'SL-111' });
    assert.deepEqual((await laptop.blobs.list('', null, 10)).keys, [], 'nothing was made of half a film');
  });
});
