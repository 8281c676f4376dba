import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { ByteSource } from './byte-source.ts';
import type { Extent } from './sample.ts';

const BLOCK_BYTES = 1024 * 1024;

/** A stretch of a finished file: bytes at hand, or a range of a source that is read when its turn comes. */
export type Piece = { readonly bytes: Uint8Array } | { readonly copy: ByteSource; readonly start: number; readonly endExclusive: number };

export type Layout = { readonly sizeBytes: number; readonly pieces: () => Iterable<Piece> };

export type WrittenFile = { readonly sizeBytes: number; readonly sha256: string };

/** Writes the pieces one after the other into a new file, hashing on the way; at most a few MiB are in memory. Durability is the caller's. */
export async function writePieces(path: string, pieces: Iterable<Piece>, signal?: AbortSignal): Promise<WrittenFile> {
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  let sizeBytes = 0;
  let small: Uint8Array[] = [];
  let smallBytes = 0;
  const flush = async (): Promise<void> => {
    for (const block of small) hash.update(block);
    const { bytesWritten } = await file.writev(small);
    if (bytesWritten !== smallBytes) throw new RangeError(`only ${bytesWritten} of ${smallBytes} bytes were written`);
    sizeBytes += smallBytes;
    small = [];
    smallBytes = 0;
  };
  try {
    for await (const block of pieceBlocks(pieces)) {
      signal?.throwIfAborted();
      small.push(block);
      smallBytes += block.byteLength;
      if (smallBytes >= BLOCK_BYTES) await flush();
    }
    if (smallBytes > 0) await flush();
  } finally {
    await file.close();
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** The content of the pieces in blocks of at most 1 MiB. */
export async function* pieceBlocks(pieces: Iterable<Piece>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if ('bytes' in piece) {
      yield piece.bytes;
      continue;
    }
    for (let at = piece.start; at < piece.endExclusive; at += BLOCK_BYTES) yield await piece.copy.read(at, Math.min(piece.endExclusive, at + BLOCK_BYTES));
  }
}

/** Hands out the payload of a track's samples in order, as pieces to copy. */
export class PayloadCursor {
  readonly #sizesBytes: Uint32Array;
  readonly #extents: readonly Extent[];
  #extent = 0;
  #inExtent = 0;
  #offsetBytes = 0;
  #sample = 0;

  constructor(sizesBytes: Uint32Array, extents: readonly Extent[]) {
    const described = extents.reduce((sum, extent) => sum + extent.sampleCount, 0);
    if (described !== sizesBytes.length) throw new RangeError(`${described} samples are described, ${sizesBytes.length} have a size`);
    this.#sizesBytes = sizesBytes;
    this.#extents = extents;
  }

  /** The next `sampleCount` samples: one piece for each stretch that lies side by side. */
  *take(sampleCount: number): Generator<Piece> {
    for (let left = sampleCount; left > 0; ) {
      const extent = this.#extents[this.#extent];
      if (this.#inExtent === 0) this.#offsetBytes = extent.startBytes;
      const count = Math.min(left, extent.sampleCount - this.#inExtent);
      const start = this.#offsetBytes;
      for (let i = 0; i < count; i++) this.#offsetBytes += this.#sizesBytes[this.#sample++];
      if (count > 0) yield { copy: extent.source, start, endExclusive: this.#offsetBytes };
      left -= count;
      this.#inExtent += count;
      if (this.#inExtent === extent.sampleCount) {
        this.#extent++;
        this.#inExtent = 0;
      }
    }
  }
}
