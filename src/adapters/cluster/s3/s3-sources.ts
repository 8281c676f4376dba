import { ScenelineError } from '../../../model/errors.ts';
import type { SourceSeal } from '../../../model/source.ts';
import type { OpenSource, SourceAccess } from '../../../ports/source-access.ts';
import type { BlockCache } from '../range-reader/block-cache.ts';
import { openRangeReader } from '../range-reader/range-reader.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { parseS3Url } from './s3-url.ts';
import { endingOf } from './seal-sources.ts';

/** Sources that are objects, read in the ranges that media tools need and never kept on this machine's disk. */
export class S3Sources implements SourceAccess {
  readonly #bucket: S3Bucket;
  readonly #cache: BlockCache;

  /** `bucket` gives server and keys; a source may lie in another bucket. One cache serves all jobs of the process. */
  constructor(bucket: S3Bucket, cache: BlockCache) {
    this.#bucket = bucket;
    this.#cache = cache;
  }

  async open(seal: SourceSeal): Promise<OpenSource> {
    const { bucket: name, key } = parseS3Url(seal.path);
    const bucket = this.#bucket.sibling(name);
    const check = async () => {
      const head = await bucket.head(key);
      if (head === null) throw new ScenelineError('SL-105', `The source ${seal.path} is gone.`);
      if (head.etag !== seal.inode || head.sizeBytes !== seal.sizeBytes) throw changed(seal);
    };
    await check();
    const read = (start: number, endExclusive: number, signal: AbortSignal) => readExactly(bucket, key, seal, { start, endExclusive }, signal);
    const reader = await openRangeReader({ identity: seal.sha256, sizeBytes: seal.sizeBytes, read }, this.#cache, endingOf(seal.path));
    return { input: reader.input, lost: reader.lost, check, release: () => reader.close() };
  }
}

async function readExactly(
  bucket: S3Bucket,
  key: string,
  seal: SourceSeal,
  range: { start: number; endExclusive: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(range.endExclusive - range.start);
  let filled = 0;
  try {
    for await (const piece of bucket.read(key, range, seal.inode, signal)) {
      bytes.set(piece, filled);
      filled += piece.length;
    }
    return bytes;
  } catch (error) {
    throw error instanceof ScenelineError && error.code === 'SL-905' ? changed(seal, error) : error;
  }
}

function changed(seal: SourceSeal, cause?: unknown): ScenelineError {
  return new ScenelineError('SL-111', `The source ${seal.path} changed since it was sealed.`, { cause });
}
