import { createHash } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { explainNoRoom, ScenelineError } from '../../../model/errors.ts';
import { blobKeyParts, isBlobKeyPart } from '../../../ports/blob-key.ts';
import { keyPage, lastKeyOf } from '../../../ports/blob-page.ts';
import type { BlobFacts, BlobStore } from '../../../ports/blob-store.ts';
import type { Clock, Random } from '../../../ports/clock.ts';
import { checkLimit } from '../../../ports/cursor.ts';
import { type Content, contentOfBytes, withFileContent } from './content.ts';
import { createObject } from './create-object.ts';
import { missingObject, type ObjectHead, type S3Bucket, shortObject } from './s3-bucket.ts';

/** Another writer or a delete may come between any two steps; more often than this it is not chance. */
const TRIES = 5;
const LIST_PAGE = 1000;
const BLOCK_BYTES = 1 << 20;

type World = {
  readonly bucket: S3Bucket;
  readonly clock: Clock;
  readonly random: Random;
  /** A folder of this process alone, for what `openLocal` lends. Emptied at the start. */
  readonly localDir: string;
};

/**
 * Objects in an S3 bucket, under the settings' prefix and their key. An object is created by one conditional request, after the server has
 * checked its SHA-256, so it is there whole or not at all and the first writer wins. Its facts stand in its metadata (`sha256`, `written-ms`): they come with
 * the object in that one request. (S3 itself knows a large object only by the hash of its parts' hashes; a record beside it could be lost between two requests.)
 */
export class S3BlobStore implements BlobStore {
  readonly #world: World;

  private constructor(world: World) {
    this.#world = world;
  }

  /** Throws SL-110 without room for the local folder. Does not ask the server anything: see `checkStore`. */
  static async open(world: World): Promise<S3BlobStore> {
    await withRoom(async () => {
      await rm(world.localDir, { recursive: true, force: true });
      await mkdir(world.localDir, { recursive: true });
    });
    return new S3BlobStore(world);
  }

  async put(key: string, bytes: Uint8Array): Promise<BlobFacts> {
    return this.#create(this.#bucketKey(key), contentOfBytes(bytes));
  }

  async putFile(key: string, path: string): Promise<BlobFacts> {
    const bucketKey = this.#bucketKey(key);
    return withFileContent(path, (content) => this.#create(bucketKey, content));
  }

  async stat(key: string): Promise<BlobFacts | null> {
    const head = await this.#world.bucket.head(this.#bucketKey(key));
    return head && factsOf(key, head);
  }

  async read(key: string, range?: { start: number; endExclusive: number }): Promise<Uint8Array> {
    const bucketKey = this.#bucketKey(key);
    if (!range) {
      const { pieces, facts } = this.#whole(key, bucketKey);
      const bytes = await collected(pieces, () => facts().sizeBytes);
      if (createHash('sha256').update(bytes).digest('hex') !== facts().sha256) throw damaged(key);
      return bytes;
    }
    const { start, endExclusive } = range;
    checkRange(start, endExclusive);
    if (endExclusive > start) return collected(this.#world.bucket.read(bucketKey, range, null), () => endExclusive - start);
    const head = await this.#world.bucket.head(bucketKey);
    if (head === null) throw missingObject(key);
    if (endExclusive > head.sizeBytes) throw shortObject(key, endExclusive);
    return new Uint8Array();
  }

  /** Downloads into a file of the caller's own, which ends like the key, and holds it to its SHA-256. Throws SL-905 when it is missing or damaged. */
  async openLocal(key: string): Promise<{ path: string; release(): Promise<void> }> {
    const bucketKey = this.#bucketKey(key);
    const folder = join(this.#world.localDir, this.#world.random.id());
    const path = join(folder, blobKeyParts(key).at(-1)!);
    const release = () => rm(folder, { recursive: true, force: true });
    try {
      await withRoom(() => mkdir(folder));
      await this.#download(key, bucketKey, path);
      return { path, release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    await this.#world.bucket.delete(this.#bucketKey(key));
  }

  async list(prefix: string, cursor: string | null, limit: number): Promise<{ keys: readonly string[]; cursor: string | null }> {
    checkLimit(limit);
    const after = lastKeyOf(cursor);
    const found: string[] = [];
    if (isKeyStart(prefix)) {
      for await (const key of this.#keysAfter(prefix, after, limit + 1)) {
        found.push(key);
        if (found.length > limit) break;
      }
    }
    return keyPage(found, limit);
  }

  async #create(bucketKey: string, content: Content): Promise<BlobFacts> {
    const { bucket, clock } = this.#world;
    const facts = { sizeBytes: content.sizeBytes, sha256: content.sha256, writtenMs: clock.nowMs() };
    for (let tries = 1; ; tries += 1) {
      if ((await createObject(bucket, { key: bucketKey, content, metadata: metadataOf(facts), resume: false })) === 'created') return facts;
      const first = await bucket.head(bucketKey);
      if (first) return factsOf(bucketKey, first);
      if (tries === TRIES) throw new ScenelineError('SL-161', `The object ${bucketKey} is there and not there, ${TRIES} times in a row.`);
    }
  }

  async #download(key: string, bucketKey: string, path: string): Promise<void> {
    const hash = createHash('sha256');
    const file = await withRoom(() => open(path, 'wx'));
    const { pieces, facts } = this.#whole(key, bucketKey);
    try {
      for await (const block of inBlocks(pieces, () => facts().sizeBytes)) {
        hash.update(block);
        await withRoom(() => file.writeFile(block));
      }
    } finally {
      await file.close();
    }
    if (hash.digest('hex') !== facts().sha256) throw damaged(key);
  }

  /** An object as it is now. `facts` can be asked from the first piece on. */
  #whole(key: string, bucketKey: string): { pieces: AsyncIterable<Uint8Array>; facts: () => BlobFacts } {
    let head: ObjectHead | null = null;
    const pieces = this.#world.bucket.readWhole(bucketKey, (told) => {
      head = told;
    });
    return {
      pieces,
      facts: () => {
        if (head === null) throw missingObject(key);
        return factsOf(key, head);
      },
    };
  }

  async *#keysAfter(prefix: string, after: string, wanted: number): AsyncGenerator<string> {
    const { bucket } = this.#world;
    const { bucket: name, prefix: ours } = bucket.settings;
    let from = after;
    for (;;) {
      const command = new ListObjectsV2Command({
        Bucket: name,
        Prefix: ours + prefix,
        MaxKeys: Math.min(wanted, LIST_PAGE),
        ...(from === '' ? {} : { StartAfter: ours + from }),
      });
      const page = await bucket.explained('list (s3:ListBucket)', (client) => client.send(command));
      const keys = (page.Contents ?? []).map((object) => object.Key!.slice(ours.length));
      // What others put there is none of ours.
      yield* keys.filter((key) => key.split('/').length <= 4 && key.split('/').every(isBlobKeyPart));
      if (!page.IsTruncated || keys.length === 0) return;
      from = keys.at(-1)!;
    }
  }

  #bucketKey(key: string): string {
    blobKeyParts(key);
    return this.#world.bucket.settings.prefix + key;
  }
}

function metadataOf(facts: BlobFacts): { [name: string]: string } {
  return { sha256: facts.sha256, 'written-ms': String(facts.writtenMs) };
}

function factsOf(key: string, { sizeBytes, metadata }: ObjectHead): BlobFacts {
  const { sha256 = '', 'written-ms': writtenMs = '' } = metadata;
  if (!/^[0-9a-f]{64}$/.test(sha256) || !/^\d{1,16}$/.test(writtenMs)) {
    throw new ScenelineError('SL-905', `The stored object ${key} is not one that Sceneline wrote: it has no SHA-256.`);
  }
  return { sizeBytes, sha256, writtenMs: Number(writtenMs) };
}

/** All pieces in one array. `sizeOf` is asked only when there is a first one: by then the server has confirmed that there is so much. */
async function collected(pieces: AsyncIterable<Uint8Array>, sizeOf: () => number): Promise<Uint8Array> {
  let bytes = new Uint8Array();
  let filled = 0;
  for await (const piece of pieces) {
    if (filled === 0) bytes = new Uint8Array(sizeOf());
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}

/** The same bytes, a mebibyte at a time, in one block that is written over when the next is asked for. `sizeOf` knows from the first piece on how many come. */
async function* inBlocks(pieces: AsyncIterable<Uint8Array>, sizeOf: () => number): AsyncGenerator<Uint8Array> {
  let block = new Uint8Array();
  let filled = 0;
  for await (const piece of pieces) {
    if (block.length === 0) block = Buffer.allocUnsafeSlow(Math.max(1, Math.min(BLOCK_BYTES, sizeOf())));
    for (let at = 0; at < piece.length; ) {
      const taken = piece.subarray(at, at + block.length - filled);
      block.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled < block.length) continue;
      yield block;
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

/** Whether a key can begin like this. */
function isKeyStart(prefix: string): boolean {
  const parts = prefix.split('/');
  return parts.length <= 4 && parts.every((part, i) => isBlobKeyPart(part) || (part === '' && i === parts.length - 1));
}

function checkRange(start: number, endExclusive: number): void {
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(endExclusive);
  if (!whole || start < 0 || endExclusive < start) throw new RangeError(`not a range of bytes: ${start} to ${endExclusive}`);
}

function damaged(key: string): ScenelineError {
  return new ScenelineError('SL-905', `The stored object ${key} is damaged: its SHA-256 is not the one it was written with.`);
}

async function withRoom<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explainNoRoom(error);
  }
}
