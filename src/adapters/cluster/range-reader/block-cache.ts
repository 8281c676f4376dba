/** Grid on which sources are read. Small enough that a look at one place of a file costs little. */
export const BLOCK_BYTES = 64 << 10;

/**
 * Blocks of sources, kept for all jobs of a process: every job on a source reads the same headers and indexes first. The least recently used go
 * when there are more than `maxBytes`. Blocks on their way are here too, so that jobs that start together fetch them once.
 */
export class BlockCache {
  readonly maxBytes: number;
  #bytes = 0;
  /** By `source#number`, least recently used first. */
  readonly #blocks = new Map<string, Uint8Array>();
  readonly #coming = new Map<string, Promise<void>>();

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(source: string, block: number): boolean {
    return this.#blocks.has(`${source}#${block}`);
  }

  get(source: string, block: number): Uint8Array | null {
    const key = `${source}#${block}`;
    const bytes = this.#blocks.get(key);
    if (bytes === undefined) return null;
    this.#blocks.delete(key);
    this.#blocks.set(key, bytes);
    return bytes;
  }

  /** Copies: a block must not keep the larger piece alive that it came in. */
  set(source: string, block: number, bytes: Uint8Array): void {
    const key = `${source}#${block}`;
    const known = this.#blocks.get(key);
    if (known) return;
    this.#blocks.set(key, Uint8Array.from(bytes));
    this.#bytes += bytes.length;
    for (const [oldest, old] of this.#blocks) {
      if (this.#bytes <= this.maxBytes) break;
      this.#blocks.delete(oldest);
      this.#bytes -= old.length;
    }
  }

  /** Resolves when a block that somebody fetches has come or failed to; null when nobody does. */
  coming(source: string, block: number): Promise<void> | null {
    return this.#coming.get(`${source}#${block}`) ?? null;
  }

  /** Says that `[first, endExclusive)` will be set by the time the promise settles. */
  announce(source: string, first: number, endExclusive: number, fetching: Promise<unknown>): void {
    const settled = fetching.then(
      () => {},
      () => {},
    );
    for (let block = first; block < endExclusive; block += 1) this.#coming.set(`${source}#${block}`, settled);
    void settled.then(() => {
      for (let block = first; block < endExclusive; block += 1) {
        if (this.#coming.get(`${source}#${block}`) === settled) this.#coming.delete(`${source}#${block}`);
      }
    });
  }
}
