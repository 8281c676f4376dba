import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand, GetObjectCommand, type GetObjectCommandOutput, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { ScenelineError } from '../../../model/errors.ts';
import { connectS3 } from './connect.ts';
import { explainS3, isMissing, isPreconditionFailed, isUnknownOutcome, statusOf } from './s3-errors.ts';
import type { S3Settings } from './settings.ts';

/** What a server says about an object. `etag` names this very version of it. */
export type ObjectHead = {
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly metadata: { readonly [name: string]: string };
};

/** Reading goes on behind what has arrived; this often without a byte more, it is given up. */
const READ_TRIES = 4;
const RETRY_MS = 100;

/** A read that ended before what the server had announced. */
class CutShort extends Error {
  override name = 'CutShort';
}

export type ByteRange = { readonly start: number; readonly endExclusive: number };

/** `endExclusive` null: the whole object; `etag` null: whichever version is there. */
type OpenRange = { readonly start: number; readonly endExclusive: number | null; readonly etag: string | null };

/** The few things we ask of a bucket, with keys as the bucket has them. Everything thrown is explained (SL-161 to SL-165). */
export class S3Bucket {
  readonly settings: S3Settings;
  readonly client: S3Client;

  constructor(settings: S3Settings, client: S3Client = connectS3(settings)) {
    this.settings = settings;
    this.client = client;
  }

  /** The same server and keys, another bucket of it. */
  sibling(bucket: string): S3Bucket {
    return new S3Bucket({ ...this.settings, bucket, prefix: '' }, this.client);
  }

  /** Runs requests, and explains what they throw: `doing` completes "not allowed to …". */
  async explained<T>(doing: string, work: (client: S3Client) => Promise<T>): Promise<T> {
    try {
      return await work(this.client);
    } catch (error) {
      throw explainS3(error, this.settings, doing);
    }
  }

  /** Null: no such object. A bucket that is missing answers a HEAD like a missing object; only the start-up check tells them apart. */
  async head(key: string): Promise<ObjectHead | null> {
    return this.explained('read (s3:GetObject)', async (client) => {
      try {
        const head = await client.send(new HeadObjectCommand({ Bucket: this.settings.bucket, Key: key }));
        return headOf(head.ContentLength, head);
      } catch (error) {
        if (isMissing(error) || statusOf(error) === 404) return null;
        throw error;
      }
    });
  }

  /**
   * Reads `[start, endExclusive)` of one version of an object, in pieces as they arrive, at least one byte. After a cut connection it
   * goes on behind what has arrived. Throws SL-905 when the object is missing, another version, or ends before `endExclusive`.
   */
  read(key: string, { start, endExclusive }: ByteRange, etag: string | null, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    return this.#follow(key, { start, endExclusive, etag }, () => {}, signal);
  }

  /** Reads a whole object as it is now, in the same way; what the server says about it is given before its first piece. */
  readWhole(key: string, onHead: (head: ObjectHead) => void): AsyncGenerator<Uint8Array> {
    return this.#follow(key, { start: 0, endExclusive: null, etag: null }, onHead);
  }

  async *#follow(key: string, from: OpenRange, onHead: (head: ObjectHead) => void, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    let { start: at, endExclusive, etag } = from;
    for (let tries = 1; endExclusive === null || at < endExclusive; tries += 1) {
      try {
        const answer = await this.#get(key, { start: at, endExclusive, etag }, signal);
        etag ??= answer.ETag ?? null;
        if (endExclusive === null) {
          const head = headOf(answer.ContentLength, answer);
          endExclusive = head.sizeBytes;
          onHead(head);
        }
        for await (const piece of answer.Body as AsyncIterable<Uint8Array>) {
          at += piece.length;
          tries = 0;
          yield piece;
        }
        if (at < endExclusive) throw new CutShort(`${endExclusive - at} bytes are missing`);
      } catch (error) {
        signal?.throwIfAborted();
        if (tries >= READ_TRIES || !isUnknownOutcome(error)) throw explainS3(error, this.settings, 'read (s3:GetObject)');
        await sleep(RETRY_MS * 2 ** tries, undefined, { signal });
      }
    }
  }

  /** Missing is no error. */
  async delete(key: string): Promise<void> {
    await this.explained('delete (s3:DeleteObject)', (client) => client.send(new DeleteObjectCommand({ Bucket: this.settings.bucket, Key: key })));
  }

  async #get(key: string, { start, endExclusive, etag }: OpenRange, signal?: AbortSignal): Promise<GetObjectCommandOutput> {
    const command = new GetObjectCommand({
      Bucket: this.settings.bucket,
      Key: key,
      ...(endExclusive === null ? {} : { Range: `bytes=${start}-${endExclusive - 1}` }),
      ...(etag === null ? {} : { IfMatch: etag }),
    });
    const answer = await this.client.send(command, { abortSignal: signal }).catch((error) => {
      if (isMissing(error)) throw missingObject(key);
      if (isPreconditionFailed(error)) throw new ScenelineError('SL-905', `The stored object ${key} is no longer the one it was.`, { cause: error });
      if (statusOf(error) === 416 && endExclusive !== null) throw shortObject(key, endExclusive);
      throw error;
    });
    if (endExclusive === null) return answer;
    const total = Number(/^bytes \d+-\d+\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1] ?? Number.NaN);
    if (!(endExclusive <= total) || answer.ContentLength !== endExclusive - start) {
      // A body nobody reads keeps its connection from everybody else.
      (answer.Body as { destroy?: () => void } | undefined)?.destroy?.();
      throw shortObject(key, endExclusive);
    }
    return answer;
  }
}

export function missingObject(key: string): ScenelineError {
  return new ScenelineError('SL-905', `The stored object ${key} is missing.`);
}

export function shortObject(key: string, endExclusive: number): ScenelineError {
  return new ScenelineError('SL-905', `The stored object ${key} ends before byte ${endExclusive}, which was asked for.`);
}

function headOf(sizeBytes: number | undefined, head: { ETag?: string; LastModified?: Date; Metadata?: Record<string, string> }): ObjectHead {
  return { sizeBytes: sizeBytes ?? 0, etag: head.ETag ?? '', modifiedMs: head.LastModified?.getTime() ?? 0, metadata: head.Metadata ?? {} };
}
