import { type FileHandle, open } from 'node:fs/promises';
import { PICTURE_BYTES } from '../../model/frame-index.ts';
import { FED_LIMITS, matchPictures, type PictureFault } from '../../model/picture-match.ts';

/** Pictures compared at once, and how many more on both sides are looked at as neighbours. */
const BLOCK_FRAMES = 600;
const OVERLAP_FRAMES = 2;

export type PictureVerdict = {
  readonly frames: number;
  /** Median over the blocks' medians, in levels of 8-bit luma. */
  readonly medianError: number;
  readonly largestError: number;
};

/**
 * Holds a stream of 32×18 pictures to the master's in a file, block by block, whatever the length of the film: at most about 600 pictures of each are in memory.
 * Pictures beyond the master's last are counted and not compared.
 */
export class PictureComparison {
  readonly #expected: FileHandle;
  readonly #expectedFrames: number;
  readonly #onFault: (frame: number, reason: string) => void;
  readonly #medians: number[] = [];
  #largestError = 0;
  /** Seen pictures from `#firstFrame` on, not yet compared or still needed as neighbours. */
  #seen: Uint8Array[] = [];
  #firstFrame = 0;
  #comparedFrames = 0;
  #frames = 0;
  #partial = new Uint8Array(0);

  private constructor(expected: FileHandle, expectedFrames: number, onFault: (frame: number, reason: string) => void) {
    this.#expected = expected;
    this.#expectedFrames = expectedFrames;
    this.#onFault = onFault;
  }

  /** Compares with the pictures in a file; `close` must follow. */
  static async open(printPath: string, onFault: (frame: number, reason: string) => void): Promise<PictureComparison> {
    const file = await open(printPath, 'r');
    const { size } = await file.stat();
    return new PictureComparison(file, Math.floor(size / PICTURE_BYTES), onFault);
  }

  /** Takes pictures as they come out of the decoder, cut anywhere. */
  async push(bytes: Uint8Array): Promise<void> {
    const all = this.#partial.byteLength === 0 ? bytes : Buffer.concat([this.#partial, bytes]);
    const whole = Math.floor(all.byteLength / PICTURE_BYTES);
    this.#partial = Uint8Array.from(all.subarray(whole * PICTURE_BYTES));
    for (let i = 0; i < whole; i++) {
      const frame = this.#frames++;
      if (frame < this.#expectedFrames) this.#seen.push(Uint8Array.from(all.subarray(i * PICTURE_BYTES, (i + 1) * PICTURE_BYTES)));
      if (frame + 1 === this.#comparedFrames + BLOCK_FRAMES + OVERLAP_FRAMES) await this.#compareTo(this.#comparedFrames + BLOCK_FRAMES);
    }
  }

  /** To be called when the decoder ended. Throws RangeError when it ended within a picture. */
  async finish(): Promise<PictureVerdict> {
    if (this.#partial.byteLength > 0) throw new RangeError('the decoder ended within a picture');
    const comparable = Math.min(this.#frames, this.#expectedFrames);
    if (this.#comparedFrames < comparable) await this.#compareTo(comparable);
    const medians = this.#medians.sort((a, b) => a - b);
    return { frames: this.#frames, medianError: medians[Math.floor(medians.length / 2)] ?? 0, largestError: this.#largestError };
  }

  async close(): Promise<void> {
    await this.#expected.close();
  }

  /** Judges frames from `#comparedFrames` up to this one, with what is known of their neighbours. */
  async #compareTo(endFrameExclusive: number): Promise<void> {
    const seen = Buffer.concat(this.#seen);
    const expected = Buffer.alloc(seen.byteLength);
    const { bytesRead } = await this.#expected.read(expected, 0, expected.byteLength, this.#firstFrame * PICTURE_BYTES);
    if (bytesRead !== expected.byteLength) throw new RangeError('the pictures of the master are gone');
    const report = matchPictures(expected, seen, FED_LIMITS);
    const isJudged = ({ position }: PictureFault) => {
      const frame = this.#firstFrame + position;
      return frame >= this.#comparedFrames && frame < endFrameExclusive;
    };
    for (const fault of report.faults.filter(isJudged)) this.#onFault(this.#firstFrame + fault.position, fault.reason);
    // The fault of a whole block stands at its first picture, which may be one that was judged with the block before.
    if (report.medianError > FED_LIMITS.medianError && this.#firstFrame < this.#comparedFrames) {
      this.#onFault(this.#comparedFrames, `pictures differ by ${report.medianError.toFixed(2)} levels in the median`);
    }
    this.#medians.push(report.medianError);
    this.#largestError = Math.max(this.#largestError, report.largestError);
    const keptFrom = Math.max(this.#firstFrame, endFrameExclusive - OVERLAP_FRAMES);
    this.#seen = this.#seen.slice(keptFrom - this.#firstFrame);
    this.#firstFrame = keptFrom;
    this.#comparedFrames = endFrameExclusive;
  }
}
