import { FEATURE } from './features.ts';
import type { Border, DetectorFrame, FrameWindow } from './frame-window.ts';
import { combinedChange, pictureChange, STORED_GRID } from './picture-change.ts';

/** Frames needed on both sides of a candidate. */
export const CUT_REACH = 4;

/** Least change at a cut, whatever happens around it. */
const LEAST_CHANGE = 0.34;
/** A cut stands out from the frames around it: more than this … */
const ABOVE_NEIGHBOURS = 0.17;
/** … above so much of the larger change beside it … */
const BUSY_SIDE_SHARE = 0.85;
/** … and above so much of the quieter side's. */
const QUIET_SIDE_SHARE = 1.2;
const NEIGHBOURS = 3;

type Candidate = Border & { readonly change: number };

/**
 * Finds hard cuts. At a cut every one of the last four frames differs from every one of the next four, so one to three
 * bright frames of a flash are no border; and the change stands out from the motion on both sides.
 */
export class CutFinder {
  readonly #window: FrameWindow;
  readonly #candidates: Candidate[] = [];

  constructor(window: FrameWindow) {
    this.#window = window;
  }

  /** Judges a frame; the window must hold `CUT_REACH` frames around it, as far as the film has them. */
  judge(frame: number): void {
    const own = this.#window.at(frame);
    if (own === null || frame === 0) return;
    const step = changeOf(own);
    if (step <= LEAST_CHANGE) return;
    const left = this.#largestChange(frame - NEIGHBOURS, frame - 1);
    const right = this.#largestChange(frame + 1, frame + NEIGHBOURS);
    const needed = ABOVE_NEIGHBOURS + Math.max(BUSY_SIDE_SHARE * Math.max(left, right), QUIET_SIDE_SHARE * Math.min(left, right));
    if (step <= needed) return;
    const change = Math.min(step, this.#leastChangeAcross(frame));
    if (change > LEAST_CHANGE && change > needed) this.#candidates.push({ frame, ptsTicks: own.ptsTicks, change });
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

  #largestChange(firstFrame: number, lastFrame: number): number {
    let largest = 0;
    for (let frame = Math.max(1, firstFrame); frame <= lastFrame; frame++) {
      const there = this.#window.at(frame);
      if (there) largest = Math.max(largest, changeOf(there));
    }
    return largest;
  }

  #leastChangeAcross(frame: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let back = 1; back <= CUT_REACH; back++) {
      for (let ahead = 0; ahead < CUT_REACH; ahead++) {
        const before = this.#window.at(frame - back);
        const after = this.#window.at(frame + ahead);
        if (before && after) least = Math.min(least, pictureChange(before.picture, after.picture, STORED_GRID));
      }
    }
    return least;
  }
}

function changeOf({ features }: DetectorFrame): number {
  return combinedChange(features[FEATURE.shape], features[FEATURE.histogram], features[FEATURE.difference]);
}
