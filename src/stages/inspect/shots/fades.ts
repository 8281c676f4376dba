import { FEATURE } from './features.ts';
import type { Border, DetectorFrame } from './frame-window.ts';
import { pictureChange, STORED_GRID } from './picture-change.ts';

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

/** Contrast at which a picture can be compared with another one, in levels. */
const COMPARABLE_DEVIATION = 12;
/** Less change than this between the pictures around a stretch: the same shot goes on after a flash. */
const SAME_SHOT_CHANGE = 0.34;

type Open = { readonly first: Border; readonly before: DetectorFrame | null; lastFrame: number; extreme: Border; distance: number };

/** Finds stretches where a film fades or cuts through black or white; flashes within a shot are none. */
export class FadeFinder {
  #before: DetectorFrame | null = null;
  #open: Open | null = null;
  readonly #found: FlatStretch[] = [];

  push(frame: number, facts: DetectorFrame): void {
    const mean = facts.features[FEATURE.mean];
    const isFlat = facts.features[FEATURE.deviation] < FLAT_DEVIATION && (mean <= BLACK_MEAN || mean >= WHITE_MEAN);
    const here = { frame, ptsTicks: facts.ptsTicks };
    if (isFlat) {
      const distance = Math.min(Math.abs(mean - 16), Math.abs(235 - mean));
      this.#open ??= { first: here, before: this.#before, lastFrame: frame, extreme: here, distance };
      this.#open.lastFrame = frame;
      if (distance < this.#open.distance) Object.assign(this.#open, { extreme: here, distance });
    } else {
      if (this.#open && !isSameShot(this.#open.before, facts)) this.#close(here);
      this.#open = null;
    }
    this.#before = facts;
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

function isSameShot(before: DetectorFrame | null, after: DetectorFrame): boolean {
  if (before === null || Math.min(before.features[FEATURE.deviation], after.features[FEATURE.deviation]) < COMPARABLE_DEVIATION) return false;
  return pictureChange(before.picture, after.picture, STORED_GRID) < SAME_SHOT_CHANGE;
}
