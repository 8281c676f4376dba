import { FEATURE } from './features.ts';
import type { Border, DetectorFrame } from './frame-window.ts';
import { likeness, pictureChange, STORED_GRID } from './picture-change.ts';

export const FLAT_LIMITS = {
  /** A picture with less contrast than this is as good as one colour, in levels; it counts when it is black or white. */
  deviation: 6,
  /** A picture with less contrast than this is nothing but one colour, and counts whatever the colour. */
  emptyDeviation: 1.5,
  /** As good as black or white, in levels of the limited range. */
  blackMean: 30,
  whiteMean: 215,
} as const;

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
const COMPARABLE_DEVIATION = 5;
/** Less change than this between the pictures around a stretch: the same shot goes on after a flash. */
const SAME_SHOT_CHANGE = 0.34;
/** Or they correlate by more: it goes on in other light. */
const SAME_SHOT_LIKENESS = 0.96;

type Open = { readonly first: Border; readonly before: DetectorFrame | null; lastFrame: number; extreme: Border; distance: number };

/** Finds stretches where a film fades or cuts through black or white; flashes within a shot are none. */
export class FadeFinder {
  #before: DetectorFrame | null = null;
  #open: Open | null = null;
  readonly #found: FlatStretch[] = [];

  push(frame: number, facts: DetectorFrame): void {
    const here = { frame, ptsTicks: facts.ptsTicks };
    if (isFlat(facts)) {
      const mean = facts.features[FEATURE.mean];
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

/** Whether a picture shows nothing. */
function isFlat({ features }: DetectorFrame): boolean {
  const [mean, deviation] = [features[FEATURE.mean], features[FEATURE.deviation]];
  if (deviation < FLAT_LIMITS.emptyDeviation) return true;
  return deviation < FLAT_LIMITS.deviation && (mean <= FLAT_LIMITS.blackMean || mean >= FLAT_LIMITS.whiteMean);
}

function isSameShot(before: DetectorFrame | null, after: DetectorFrame): boolean {
  if (before === null || Math.min(before.features[FEATURE.deviation], after.features[FEATURE.deviation]) < COMPARABLE_DEVIATION) return false;
  return (
    pictureChange(before.picture, after.picture, STORED_GRID) < SAME_SHOT_CHANGE || likeness(before.picture, after.picture, STORED_GRID) > SAME_SHOT_LIKENESS
  );
}
