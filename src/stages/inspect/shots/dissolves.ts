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
  largestVarianceShare: 0.65,
  /** The ends must differ by this many levels … */
  leastDifference: 16,
  /** … the middle is the mean of both, but for this share of their difference … */
  largestErrorShare: 0.22,
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
  const evidence = { halfFrames, contrast, varianceShare, difference: null, errorShare: null, shapeChange: null };
  if (contrast < limits.leastContrast || varianceShare > limits.largestVarianceShare) return evidence;
  const difference = meanDifference(before.picture, after.picture);
  if (difference < limits.leastDifference) return { ...evidence, difference };
  const errorShare = blendError(before.picture, own.picture, after.picture) / difference;
  if (errorShare > limits.largestErrorShare) return { ...evidence, difference, errorShare };
  return { ...evidence, difference, errorShare, shapeChange: shapeChange(before.picture, after.picture, STORED_GRID) };
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
