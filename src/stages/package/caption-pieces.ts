import type { CaptionData } from '../../media/captions/cea708.ts';
import { ticksToSeconds } from '../../media/time.ts';
import { FrameHashReader } from '../../media/tool-output/frame-hash-lines.ts';

/**
 * Puts together what the tool writes on two outputs at the same time: the bytes that came beside the pictures, and for each piece of them its time and size
 * (its `framehash` text). Either may be ahead; what is kept is no more than that. Throws RangeError when they do not belong together.
 */
export class CaptionPieces {
  readonly #onPiece: (piece: CaptionData) => void;
  readonly #sizes = new FrameHashReader(null, ({ ptsTicks, sizeBytes }) => this.#announce(ptsTicks, sizeBytes));
  #announced: { readonly ptsMs: number; readonly sizeBytes: number }[] = [];
  #unread: Uint8Array = new Uint8Array();

  constructor(onPiece: (piece: CaptionData) => void) {
    this.#onPiece = onPiece;
  }

  writeSizes(bytes: Uint8Array): void {
    this.#sizes.write(bytes);
    this.#pair();
  }

  writeData(bytes: Uint8Array): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    this.#pair();
  }

  end(): void {
    this.#sizes.end();
    this.#pair();
    if (this.#announced.length > 0 || this.#unread.byteLength > 0) throw new RangeError('captions and their sizes do not belong together');
  }

  #announce(ptsTicks: number, sizeBytes: number): void {
    const { timeBase } = this.#sizes;
    if (timeBase === null) throw new RangeError('captions have no time base');
    this.#announced.push({ ptsMs: Math.round(1000 * ticksToSeconds(ptsTicks, timeBase)), sizeBytes });
  }

  #pair(): void {
    let [at, count] = [0, 0];
    for (const { ptsMs, sizeBytes } of this.#announced) {
      if (at + sizeBytes > this.#unread.byteLength) break;
      this.#onPiece({ ptsMs, triplets: this.#unread.subarray(at, at + sizeBytes) });
      at += sizeBytes;
      count++;
    }
    this.#announced = this.#announced.slice(count);
    this.#unread = this.#unread.subarray(at);
  }
}
