import { createHash } from 'node:crypto';
import { ScenelineError } from '../../../model/errors.ts';
import type { SourceSeal } from '../../../model/source.ts';
import { withFileContent } from './content.ts';
import { createObject } from './create-object.ts';
import type { ObjectHead, S3Bucket } from './s3-bucket.ts';
import { parseS3Url, type S3Place, writeS3Url } from './s3-url.ts';

/** Ending of a file's name that media tools may look at; empty when there is none. */
export function endingOf(path: string): string {
  return /\.[a-z0-9]{1,8}$/.exec(path.toLowerCase())?.[0] ?? '';
}

/** What identifies an object as a source: its ETag stands for the version, as device and inode do for a file. */
function sealOf(place: S3Place, head: ObjectHead, sha256: string): SourceSeal {
  return { path: writeS3Url(place), sha256, sizeBytes: head.sizeBytes, modifiedNs: String(BigInt(head.modifiedMs) * 1_000_000n), inode: head.etag };
}

/**
 * Seals an object that somebody else keeps, where it is: reads it once for its SHA-256. `onBytes` gets the count read so far.
 * Throws SL-101 for what is no `s3://` address, SL-105 when there is no such object or it changes meanwhile.
 */
export async function sealS3Source(bucket: S3Bucket, url: string, onBytes: (bytes: number) => void, signal?: AbortSignal): Promise<SourceSeal> {
  const place = parseS3Url(url);
  const there = bucket.sibling(place.bucket);
  const head = await there.head(place.key);
  if (head === null) throw new ScenelineError('SL-105', `There is no source at ${url}.`);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const piece of there.read(place.key, { start: 0, endExclusive: head.sizeBytes }, head.etag, signal)) {
      hash.update(piece);
      bytes += piece.length;
      onBytes(bytes);
    }
  } catch (error) {
    if (!(error instanceof ScenelineError && error.code === 'SL-905')) throw error;
    throw new ScenelineError('SL-105', `The source ${url} changed while it was read; start again when it is complete.`, { cause: error });
  }
  return sealOf(place, head, hash.digest('hex'));
}

/**
 * Copies a sealed local file to where all workers can read it, under its SHA-256: the same bytes are found there again, and a copy that was cut goes on
 * with the parts it has. Returns the seal of the copy. Throws SL-165 when the file is no longer what was sealed, SL-105 when it is gone.
 */
export async function uploadSource(bucket: S3Bucket, seal: SourceSeal): Promise<SourceSeal> {
  const { bucket: name, prefix } = bucket.settings;
  const key = `${prefix}sources/${seal.sha256}/source${endingOf(seal.path)}`;
  if ((await bucket.head(key)) === null) await copy(bucket, seal, key);
  const head = await bucket.head(key);
  if (head === null || head.sizeBytes !== seal.sizeBytes || head.metadata.sha256 !== seal.sha256) {
    throw new ScenelineError('SL-905', `The stored source ${key} is gone or not the one that was sent.`);
  }
  return sealOf({ bucket: name, key }, head, seal.sha256);
}

async function copy(bucket: S3Bucket, seal: SourceSeal, key: string): Promise<void> {
  const create = () =>
    withFileContent(seal.path, (content) => createObject(bucket, { key, content, metadata: { sha256: seal.sha256 }, resume: true }), seal.sha256);
  await create().catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'EACCES') throw error;
    throw new ScenelineError('SL-105', `The source ${seal.path} cannot be read: ${error.message}.`, { cause: error });
  });
}
