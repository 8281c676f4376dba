import { createHash } from 'node:crypto';
import type { ByteSource } from '../../media/isobmff/byte-source.ts';
import { type Piece, pieceBlocks } from '../../media/isobmff/pieces.ts';
import type { Sample } from '../../media/isobmff/sample.ts';

/** SHA-256 over the content of the pieces, one after the other; `block` is the memory they pass through. */
export async function payloadSha256(pieces: Iterable<Piece>, block: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of pieceBlocks(pieces, block)) hash.update(bytes);
  return hash.digest('hex');
}

/** Collects where samples lie, as few pieces as their neighbourhood allows. */
export class PieceCollector {
  readonly pieces: { copy: ByteSource; start: number; endExclusive: number }[] = [];
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  add(sample: Pick<Sample, 'offsetBytes' | 'sizeBytes'>): void {
    const last = this.pieces[this.pieces.length - 1];
    const endExclusive = sample.offsetBytes + sample.sizeBytes;
    if (last?.endExclusive === sample.offsetBytes) last.endExclusive = endExclusive;
    else this.pieces.push({ copy: this.#source, start: sample.offsetBytes, endExclusive });
  }
}
