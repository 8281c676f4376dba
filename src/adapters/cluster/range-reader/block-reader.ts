import { BLOCK_BYTES, type BlockCache } from './block-cache.ts';

/** Bytes of something that never changes. */
export type RangeSource = {
  /** Equal for equal bytes only: what is cached is shared under it. */
  readonly identity: string;
  readonly sizeBytes: number;
  /** Exactly the bytes `[start, endExclusive)`. Rejects when the source is gone or another one. */
  read(start: number, endExclusive: number, signal: AbortSignal): Promise<Uint8Array>;
};

/**
 * A fetch is an eighth of what was read in a row before, up to 2 MiB, and 8 MiB when whole films are read: so much can be fetched in vain at the end.
 * A place looked at costs two blocks at most, a chunk's pictures about 3 % more than they are, and a film a request per 8 MiB.
 */
const GROWTH_SHARE = 8;
const CHUNK_FETCH_MAX_BYTES = 2 << 20;
const FILM_GROWTH_SHARE = 32;
const FILM_FETCH_MAX_BYTES = 8 << 20;
/** What is cached already costs nothing to give. */
const CACHED_GIVEN_MAX_BYTES = 1 << 20;
/** Of a long run in a row only the first part is cached: pictures pass through, and must not drive out headers. */
const CACHED_RUN_SHARE = 8;

/** Bytes to fetch for a reader who has read `runBytes` in a row. */
export function fetchBytes(runBytes: number): number {
  const forChunk = Math.min(CHUNK_FETCH_MAX_BYTES, runBytes / GROWTH_SHARE);
  const forFilm = Math.min(FILM_FETCH_MAX_BYTES, runBytes / FILM_GROWTH_SHARE);
  return Math.floor(Math.max(BLOCK_BYTES, forChunk, forFilm));
}

/** Gives a source's bytes from the cache or from where it is, whole blocks at a time. */
export class BlockReader {
  readonly source: RangeSource;
  readonly #cache: BlockCache;
  readonly #signal: AbortSignal;
  #bytesFetched = 0;

  constructor(source: RangeSource, cache: BlockCache, signal: AbortSignal) {
    this.source = source;
    this.#cache = cache;
    this.#signal = signal;
  }

  get bytesFetched(): number {
    return this.#bytesFetched;
  }

  /** Some bytes from `at` on, at least one and none from `endExclusive` on, for a reader who has read `runBytes` in a row before. */
  async bytesAt(at: number, endExclusive: number, runBytes: number): Promise<Uint8Array> {
    const first = Math.floor(at / BLOCK_BYTES);
    for (let coming = this.#coming(first); coming !== null; coming = this.#coming(first)) await coming;
    const bytes = this.#cachedFrom(first) ?? (await this.#fetch(first, at + fetchBytes(runBytes), runBytes));
    return bytes.subarray(at - first * BLOCK_BYTES, endExclusive - first * BLOCK_BYTES);
  }

  #coming(block: number): Promise<void> | null {
    return this.#cache.coming(this.source.identity, block);
  }

  #cachedFrom(first: number): Uint8Array | null {
    const blocks: Uint8Array[] = [];
    for (let block = first; blocks.length * BLOCK_BYTES < CACHED_GIVEN_MAX_BYTES; block += 1) {
      const bytes = this.#cache.get(this.source.identity, block);
      if (bytes === null) break;
      blocks.push(bytes);
    }
    if (blocks.length === 0) return null;
    return blocks.length === 1 ? blocks[0] : Buffer.concat(blocks);
  }

  /** Whole blocks from `first` up to the one that holds `upTo`, short of what others have or fetch. */
  async #fetch(first: number, upTo: number, runBytes: number): Promise<Uint8Array> {
    const { identity, sizeBytes } = this.source;
    const lastBlock = Math.ceil(Math.min(upTo, sizeBytes) / BLOCK_BYTES);
    let end = first + 1;
    while (end < lastBlock && !this.#cache.has(identity, end) && this.#cache.coming(identity, end) === null) end += 1;
    const fetching = this.#fetchBlocks(first, end, runBytes);
    this.#cache.announce(identity, first, end, fetching);
    return fetching;
  }

  async #fetchBlocks(first: number, end: number, runBytes: number): Promise<Uint8Array> {
    const { identity, sizeBytes } = this.source;
    const start = first * BLOCK_BYTES;
    const endExclusive = Math.min(end * BLOCK_BYTES, sizeBytes);
    const bytes = await this.source.read(start, endExclusive, this.#signal);
    if (bytes.length !== endExclusive - start) throw new RangeError(`${bytes.length} bytes came instead of ${endExclusive - start}`);
    this.#bytesFetched += bytes.length;
    if (runBytes < this.#cache.maxBytes / CACHED_RUN_SHARE) {
      for (let block = first; block < end; block += 1) {
        this.#cache.set(identity, block, bytes.subarray((block - first) * BLOCK_BYTES, (block - first + 1) * BLOCK_BYTES));
      }
    }
    return bytes;
  }
}
