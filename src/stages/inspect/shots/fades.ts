import { FEATURE } from './features.ts';
import type { Border, DetectorFrame } from './frame-window.ts';

/** A picture with less contrast than this is one colour, in levels. */
const FLAT_DEVIATION = 6;
/** As good as black or white, in levels of the limited range. */
const BLACK_MEAN = 30;
const WHITE_MEAN = 215;

/** A stretch of pictures without content, black or white, between others. */
export type FlatStretch = {
  readonly first: Border;
  readonly lastFrame: number;
  /** The frame nearest to black or white. */
  readonly extreme: Border;
  /** The first frame with content again; null at the film's end. */
  readonly after: Border | null;
};

/** Finds stretches where a film fades or cuts through black or white. */
export class FadeFinder {
  #open: { first: Border; lastFrame: number; extreme: Border; distance: number } | null = null;
  readonly #found: FlatStretch[] = [];

  push(frame: number, { ptsTicks, features }: DetectorFrame): void {
    const mean = features[FEATURE.mean];
    const isFlat = features[FEATURE.deviation] < FLAT_DEVIATION && (mean <= BLACK_MEAN || mean >= WHITE_MEAN);
    const here = { frame, ptsTicks };
    if (!isFlat) {
      this.#close(here);
      return;
    }
    const distance = Math.min(Math.abs(mean - 16), Math.abs(235 - mean));
    if (this.#open === null) this.#open = { first: here, lastFrame: frame, extreme: here, distance };
    this.#open.lastFrame = frame;
    if (distance < this.#open.distance) Object.assign(this.#open, { extreme: here, distance });
  }

  finish(): readonly FlatStretch[] {
    this.#close(null);
    return this.#found;
  }

  #close(after: Border | null): void {
    if (this.#open) this.#found.push({ first: this.#open.first, lastFrame: this.#open.lastFrame, extreme: this.#open.extreme, after });
    this.#open = null;
  }
}
