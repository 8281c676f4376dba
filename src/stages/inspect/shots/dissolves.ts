import { FEATURE } from './features.ts';
import type { Border, FrameWindow } from './frame-window.ts';
import { meanDifference, STORED_GRID, shapeChange } from './picture-change.ts';

/** Half lengths of the stretches looked at: dissolves of half a second to a second. */
const HALF_LENGTHS = [6, 12] as const;
/** Frames needed on both sides of a candidate. */
export const DISSOLVE_REACH = 12;

/** The ends must differ by this many levels, and in their shapes. */
const LEAST_DIFFERENCE = 16;
const LEAST_SHAPE_CHANGE = 0.4;
/** The middle is the mean of both ends, but for this share of their difference. */
const LARGEST_ERROR_SHARE = 0.22;
/** Two pictures blended half and half have less contrast than either: of unrelated ones about half the variance. */
const LARGEST_VARIANCE_SHARE = 0.65;
/** An end without contrast makes it a fade, which is found otherwise. */
const LEAST_DEVIATION = 8;

type Candidate = Border & { readonly errorShare: number };

/** Finds dissolves: for a while each picture is a blend of the one before the stretch and the one after it. */
export class DissolveFinder {
  readonly #window: FrameWindow;
  #best: Candidate | null = null;
  readonly #found: Candidate[] = [];

  constructor(window: FrameWindow) {
    this.#window = window;
  }

  judge(frame: number): void {
    const own = this.#window.at(frame);
    if (own === null) return;
    for (const half of HALF_LENGTHS) {
      const errorShare = this.#errorShare(frame, half);
      if (errorShare !== null) this.#note({ frame, ptsTicks: own.ptsTicks, errorShare });
    }
  }

  /** The middle of each dissolve, ascending. */
  finish(): Border[] {
    return this.#best ? [...this.#found, this.#best] : this.#found;
  }

  #note(candidate: Candidate): void {
    if (this.#best !== null && candidate.frame - this.#best.frame > DISSOLVE_REACH) {
      this.#found.push(this.#best);
      this.#best = null;
    }
    if (this.#best === null || candidate.errorShare < this.#best.errorShare) this.#best = candidate;
  }

  /** Null when the stretch around `frame` is no dissolve. */
  #errorShare(frame: number, half: number): number | null {
    const [before, own, after] = [this.#window.at(frame - half), this.#window.at(frame), this.#window.at(frame + half)];
    if (!before || !own || !after) return null;
    const [deviationBefore, deviation, deviationAfter] = [before, own, after].map((each) => each.features[FEATURE.deviation]);
    if (Math.min(deviationBefore, deviationAfter) < LEAST_DEVIATION) return null;
    if (deviation ** 2 > (LARGEST_VARIANCE_SHARE * (deviationBefore ** 2 + deviationAfter ** 2)) / 2) return null;
    const difference = meanDifference(before.picture, after.picture);
    if (difference < LEAST_DIFFERENCE) return null;
    const share = blendError(before.picture, own.picture, after.picture) / difference;
    if (share > LARGEST_ERROR_SHARE || shapeChange(before.picture, after.picture, STORED_GRID) < LEAST_SHAPE_CHANGE) return null;
    return share;
  }
}

/** Mean absolute error of `middle` against the mean of both ends, levels. */
function blendError(before: Uint8Array, middle: Uint8Array, after: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < middle.length; i++) sum += Math.abs(2 * middle[i] - before[i] - after[i]);
  return sum / (2 * middle.length);
}
