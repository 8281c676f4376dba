import { FEATURE } from './features.ts';
import type { Border, FrameWindow } from './frame-window.ts';
import { meanDifference, STORED_GRID, shapeChange } from './picture-change.ts';

/** Half lengths of the stretches looked at: dissolves of a quarter of a second to two seconds. */
export const HALF_LENGTHS = [6, 12, 24] as const;
/** Frames needed on both sides of a candidate. */
export const DISSOLVE_REACH = 24;

/** What decides about dissolves. */
export const DISSOLVE_LIMITS = {
  /** An end with less contrast makes it a fade, which is found otherwise. Standard deviation, levels. */
  leastContrast: 8,
  /** Two pictures blended half and half have less contrast than either: of unrelated ones about half the variance. */
  largestVarianceShare: 0.7,
  /** The ends must differ by this many levels … */
  leastDifference: 16,
  /** … the middle is the mean of both, but for this share of their difference: what moves is not where the mean has it … */
  largestErrorShare: 0.4,
  /** … the second end's share rises from eighth to eighth of the stretch: it falls by no more than this, since what moves falsifies it … */
  largestFall: 0.1,
  /** … and leaps by no more than this … */
  largestRise: 0.35,
  /** … and is a quarter where a quarter of the way is gone, and so on, but for this … */
  largestUnsteadiness: 0.2,
  /** … and the ends must differ in their shapes. */
  leastShapeChange: 0.4,
} as const;

/** What speaks for or against a dissolve whose middle is at a frame. Later measures are null when an earlier one has decided. */
export type DissolveEvidence = {
  readonly halfFrames: number;
  /** Of the end that has less, levels. */
  readonly contrast: number;
  /** Variance in the middle ÷ mean of the ends'. */
  readonly varianceShare: number;
  /** Mean absolute difference of the ends, levels. */
  readonly difference: number | null;
  /** Mean absolute error of the middle against the mean of the ends ÷ `difference`. */
  readonly errorShare: number | null;
  /** How far the second end's share is at most from what it is in an even dissolve, at the quarters of the stretch; 1 where it falls or leaps from one eighth to the next. */
  readonly unsteadiness: number | null;
  readonly shapeChange: number | null;
};

/** The middle of a dissolve, and how far it reaches to both sides. */
export type Dissolve = Border & { readonly halfFrames: number };

type Candidate = Dissolve & { readonly errorShare: number };

/** Finds dissolves: for a while each picture is a blend of the one before the stretch and the one after it. */
export class DissolveFinder {
  readonly #window: FrameWindow;
  #best: Candidate | null = null;
  #last: Candidate | null = null;
  readonly #found: Candidate[] = [];

  constructor(window: FrameWindow) {
    this.#window = window;
  }

  judge(frame: number): void {
    const own = this.#window.at(frame);
    if (own === null) return;
    for (const half of HALF_LENGTHS) {
      const evidence = weighDissolve(this.#window, frame, half);
      if (evidence !== null && isDissolve(evidence)) this.#note({ frame, ptsTicks: own.ptsTicks, halfFrames: half, errorShare: evidence.errorShare! });
    }
  }

  /** The middle of each dissolve, ascending. */
  finish(): Dissolve[] {
    return this.#best ? [...this.#found, this.#best] : this.#found;
  }

  /** Candidates that overlap are one dissolve. */
  #note(candidate: Candidate): void {
    if (this.#best !== null && this.#last !== null && candidate.frame - this.#last.frame > Math.max(candidate.halfFrames, this.#last.halfFrames)) {
      this.#found.push(this.#best);
      this.#best = null;
    }
    this.#last = candidate;
    if (this.#best === null || candidate.errorShare < this.#best.errorShare) this.#best = candidate;
  }
}

/** Null where the film has not as many frames on both sides. */
export function weighDissolve(window: FrameWindow, frame: number, halfFrames: number): DissolveEvidence | null {
  const before = window.at(frame - halfFrames);
  const own = window.at(frame);
  const after = window.at(frame + halfFrames);
  if (!before || !own || !after) return null;
  const limits = DISSOLVE_LIMITS;
  const deviationBefore = before.features[FEATURE.deviation];
  const deviation = own.features[FEATURE.deviation];
  const deviationAfter = after.features[FEATURE.deviation];
  const contrast = Math.min(deviationBefore, deviationAfter);
  const varianceShare = (2 * deviation ** 2) / (deviationBefore ** 2 + deviationAfter ** 2 || 1);
  const evidence = { halfFrames, contrast, varianceShare, difference: null, errorShare: null, unsteadiness: null, shapeChange: null };
  if (contrast < limits.leastContrast || varianceShare > limits.largestVarianceShare) return evidence;
  const difference = meanDifference(before.picture, after.picture);
  if (difference < limits.leastDifference) return { ...evidence, difference };
  const errorShare = blendError(before.picture, own.picture, after.picture) / difference;
  if (errorShare > limits.largestErrorShare) return { ...evidence, difference, errorShare };
  const between = EIGHTHS.map((eighth) => window.at(frame - halfFrames + Math.round((eighth * halfFrames) / 4))!.picture);
  const unsteadiness = unsteadinessOf(between.map((picture) => shareOf(after.picture, before.picture, picture)));
  if (unsteadiness > limits.largestUnsteadiness) return { ...evidence, difference, errorShare, unsteadiness };
  return { ...evidence, difference, errorShare, unsteadiness, shapeChange: shapeChange(before.picture, after.picture, STORED_GRID) };
}

export function isDissolve(evidence: DissolveEvidence): boolean {
  return evidence.shapeChange !== null && evidence.shapeChange >= DISSOLVE_LIMITS.leastShapeChange;
}

/** Mean absolute error of `middle` against the mean of both ends, levels. */
function blendError(before: Uint8Array, middle: Uint8Array, after: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < middle.length; i++) sum += Math.abs(2 * middle[i] - before[i] - after[i]);
  return sum / (2 * middle.length);
}

/** Places within a stretch. */
const EIGHTHS = [1, 2, 3, 4, 5, 6, 7] as const;

/** How much of `after` is in a picture that is blended from it and `before`: 0 none, 1 nothing else. Least squares. */
function shareOf(after: Uint8Array, before: Uint8Array, picture: Uint8Array): number {
  let [product, square] = [0, 0];
  for (let i = 0; i < picture.length; i++) {
    const step = after[i] - before[i];
    product += (picture[i] - before[i]) * step;
    square += step * step;
  }
  return product / square;
}

/** A light that flickers passes through the same shares, but in another order; what is burnt in comes at once. @param shares at the `EIGHTHS` */
function unsteadinessOf(shares: readonly number[]): number {
  const { largestFall, largestRise } = DISSOLVE_LIMITS;
  const rises = [...shares, 1].map((share, i) => share - (shares[i - 1] ?? 0));
  if (rises.some((rise) => rise < -largestFall || rise > largestRise)) return 1;
  return Math.max(...[2, 4, 6].map((eighth) => Math.abs(shares[eighth - 1] - eighth / 8)));
}
