import { changeBehindMask } from './black-mask.ts';
import { FEATURE } from './features.ts';
import type { Border, DetectorFrame, FrameWindow } from './frame-window.ts';
import { changedShare, combinedChange, likeness, pictureChange, STORED_GRID } from './picture-change.ts';

/** Frames needed on both sides of a candidate. */
export const CUT_REACH = 5;
/** Frames on each side that are held to each other. */
export const SIDE_FRAMES = 4;

/** What decides about hard cuts. All are changes as `combinedChange` measures them, or factors of such. */
export type CutLimits = {
  /** Least change at a cut, whatever happens around it. */
  readonly leastChange: number;
  /** A cut stands out from the frames around it: more than this … */
  readonly aboveNeighbours: number;
  /** … above so much of the larger change beside it … */
  readonly busySideShare: number;
  /** … and above so much of the quieter side's. */
  readonly quietSideShare: number;
  /** Where all five frames on a side change by more than this share of the change itself, the camera whips. */
  readonly mostSustained: number;
  /** Share of the picture that shows something else behind a cut; where less does, something was burnt in or moved. */
  readonly leastSpread: number;
  /** Pictures that are more alike but for brightness and contrast, as correlation, are the same shot in other light. */
  readonly mostLikeness: number;
  /** Where one of the pictures is not masked by black, they differ by more levels at a cut. */
  readonly leastBehindMask: number;
};

/** Chosen on the films of `npm run bench -- shots`, which says what they are worth on films that they were not chosen on. */
export const CUT_LIMITS: CutLimits = {
  leastChange: 0.34,
  aboveNeighbours: 0.17,
  busySideShare: 0.85,
  quietSideShare: 1.2,
  mostSustained: 0.5,
  leastSpread: 0.4,
  mostLikeness: 0.96,
  leastBehindMask: 6,
};

/** How far a cut must be from a stronger one. */
export const NEIGHBOURS = 3;

/** What speaks for or against a cut right before a frame. */
export type CutEvidence = {
  /** Change since the frame before. */
  readonly change: number;
  /** Largest change in the three frames before and after. */
  readonly changeBefore: number;
  readonly changeAfter: number;
  /** The change needed to stand out from both. */
  readonly needed: number;
  /** Least change in the five frames on a side ÷ `change`, of the side where that is larger. */
  readonly sustained: number;
  /** The frames on both sides against each other; null where `change` is too small for it to matter. */
  readonly sides: CutSides | null;
};

export type CutSides = {
  /** Least change from any of the four frames before to any of the four from here on. */
  readonly change: number;
  /** Least share of the picture that shows something else than the frame before, in the four from here on. */
  readonly spread: number;
  /** Largest correlation of those with the frame before. */
  readonly likeness: number;
  /** Least change of those since the frame before where black does not mask them, levels; infinite where none is masked. */
  readonly behindMask: number;
};

type Candidate = Border & { readonly change: number };

/**
 * Finds hard cuts. At a cut every one of the last four frames differs from every one of the next four, so one to three
 * bright frames of a flash are no border; and the change stands out from the motion on both sides.
 */
export class CutFinder {
  readonly #window: FrameWindow;
  readonly #limits: CutLimits;
  readonly #candidates: Candidate[] = [];

  constructor(window: FrameWindow, limits: CutLimits) {
    this.#window = window;
    this.#limits = limits;
  }

  /** Judges a frame; the window must hold `CUT_REACH` frames around it, as far as the film has them. */
  judge(frame: number): void {
    const own = this.#window.at(frame);
    if (own === null || frame === 0 || changeOf(own) <= this.#limits.leastChange) return;
    const evidence = weighCut(this.#window, frame, this.#limits)!;
    const change = cutStrength(evidence, this.#limits);
    if (change !== null) this.#candidates.push({ frame, ptsTicks: own.ptsTicks, change });
  }

  /** Borders, ascending; of several within three frames only the strongest. */
  finish(): Border[] {
    return this.#candidates.filter((own, i) => {
      for (const step of [-1, 1]) {
        for (let j = i + step; this.#candidates[j] && Math.abs(this.#candidates[j].frame - own.frame) <= NEIGHBOURS; j += step) {
          const other = this.#candidates[j].change;
          if (other > own.change || (other === own.change && step < 0)) return false;
        }
      }
      return true;
    });
  }
}

/** Null for the first frame, and for one that the window does not hold. */
export function weighCut(window: FrameWindow, frame: number, limits: CutLimits): CutEvidence | null {
  const own = window.at(frame);
  if (own === null || frame === 0) return null;
  const change = changeOf(own);
  const changeBefore = largestChange(window, frame - NEIGHBOURS, frame - 1);
  const changeAfter = largestChange(window, frame + 1, frame + NEIGHBOURS);
  const around = Math.max(limits.busySideShare * Math.max(changeBefore, changeAfter), limits.quietSideShare * Math.min(changeBefore, changeAfter));
  const needed = limits.aboveNeighbours + around;
  const sustained = Math.max(leastChange(window, frame - CUT_REACH, frame - 1), leastChange(window, frame + 1, frame + CUT_REACH)) / (change || 1);
  const sides = change > limits.leastChange && change > needed ? compareSides(window, frame) : null;
  return { change, changeBefore, changeAfter, needed, sustained, sides };
}

/** How strong a cut is, to be compared with others beside it; null when it is none. */
export function cutStrength({ change, needed, sustained, sides }: CutEvidence, limits: CutLimits): number | null {
  if (sides === null || sustained > limits.mostSustained) return null;
  if (sides.spread < limits.leastSpread || sides.likeness > limits.mostLikeness || sides.behindMask < limits.leastBehindMask) return null;
  const strength = Math.min(change, sides.change);
  return strength > limits.leastChange && strength > needed ? strength : null;
}

function largestChange(window: FrameWindow, firstFrame: number, lastFrame: number): number {
  let largest = 0;
  for (let frame = Math.max(1, firstFrame); frame <= lastFrame; frame++) {
    const there = window.at(frame);
    if (there) largest = Math.max(largest, changeOf(there));
  }
  return largest;
}

/** 0 where a frame is missing. */
function leastChange(window: FrameWindow, firstFrame: number, lastFrame: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let frame = firstFrame; frame <= lastFrame; frame++) {
    const there = frame > 0 ? window.at(frame) : null;
    least = there ? Math.min(least, changeOf(there)) : 0;
  }
  return least;
}

function compareSides(window: FrameWindow, frame: number): CutSides {
  const [before, after] = [[1, 2, 3, 4].map((back) => window.at(frame - back)), [0, 1, 2, 3].map((ahead) => window.at(frame + ahead))].map((side) =>
    side.filter((each) => each !== null).map(({ picture }) => picture),
  );
  return {
    change: Math.min(...before.flatMap((own) => after.map((other) => pictureChange(own, other, STORED_GRID)))),
    spread: Math.min(...after.map((other) => changedShare(before[0], other, STORED_GRID))),
    likeness: Math.max(...after.map((other) => likeness(before[0], other, STORED_GRID))),
    behindMask: Math.min(...after.map((other) => changeBehindMask(before[0], other, STORED_GRID))),
  };
}

function changeOf({ features }: DetectorFrame): number {
  return combinedChange(features[FEATURE.shape], features[FEATURE.histogram], features[FEATURE.difference]);
}
