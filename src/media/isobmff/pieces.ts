import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { type ByteSource, readInto } from './byte-source.ts';
import type { Extent } from './sample.ts';

const BLOCK_BYTES = 1024 * 1024;

/** A stretch of a finished file: bytes at hand, or a range of a source that is read when its turn comes. */
export type Piece = { readonly bytes: Uint8Array } | { readonly copy: ByteSource; readonly start: number; readonly endExclusive: number };

export type Layout = { readonly sizeBytes: number; readonly pieces: () => Iterable<Piece> };

export type WrittenFile = { readonly sizeBytes: number; readonly sha256: string };

/** Writes the pieces one after the other into a new file, hashing on the way; one block is in memory at a time. Durability is the caller's. */
export async function writePieces(path: string, pieces: Iterable<Piece>, signal?: AbortSignal): Promise<WrittenFile> {
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  let sizeBytes = 0;
  try {
    for await (const block of pieceBlocks(pieces)) {
      signal?.throwIfAborted();
      hash.update(block);
      await writeAll(file, block);
      sizeBytes += block.byteLength;
    }
  } finally {
    await file.close();
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** Memory for `pieceBlocks`; worth sharing between many short lists of pieces that are read one after the other. */
export function newBlock(): Uint8Array {
  return new Uint8Array(BLOCK_BYTES);
}

/** The content of the pieces in blocks as large as `block`, the last one shorter. What is yielded is valid until the next is asked for: all are in that memory. */
export async function* pieceBlocks(pieces: Iterable<Piece>, block: Uint8Array = newBlock()): AsyncGenerator<Uint8Array> {
  let filled = 0;
  for (const piece of pieces) {
    const [start, endExclusive] = 'bytes' in piece ? [0, piece.bytes.byteLength] : [piece.start, piece.endExclusive];
    for (let at = start; at < endExclusive; ) {
      const into = block.subarray(filled, filled + Math.min(endExclusive - at, block.byteLength - filled));
      if ('bytes' in piece) into.set(piece.bytes.subarray(at, at + into.byteLength));
      else await readInto(piece.copy, at, into);
      at += into.byteLength;
      filled += into.byteLength;
      if (filled < block.byteLength) continue;
      yield block;
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

async function writeAll(file: FileHandle, block: Uint8Array): Promise<void> {
  for (let done = 0; done < block.byteLength; ) done += (await file.write(block, done)).bytesWritten;
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
