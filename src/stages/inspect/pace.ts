import { type TimeBase, ticksToSeconds } from '../../media/time.ts';

/** The frame after which nothing new comes for long. */
export type PictureGap = { readonly frame: number; readonly startPtsTicks: number; readonly endPtsTicks: number };

export type Pace = {
  /** Most frequent distance of two frames; null for fewer than two. */
  readonly commonTicks: number | null;
  readonly isVariable: boolean;
  /** The longest hundred, in order. */
  readonly gaps: readonly PictureGap[];
};

const GAP_SECONDS = 0.5;
/** In a slow film half a second is nothing: a gap is also so many times the usual distance. */
const GAP_TIMES = 4;
const MOST_GAPS = 100;
const MOST_DISTANCES = 4096;
const TOLERANCE_SHARE = 0.05;
/** Distances differ by a tick where the time base does not divide the frame rate; in a very coarse one a tick is a frame. */
const LEAST_TICKS_FOR_ROUNDING = 4;
const VARIABLE_SHARE = 0.01;

/** Measures how evenly frames follow each other. Bounded memory: counts distances, keeps the longest. */
export class PaceMeter {
  readonly #gapTicks: number;
  readonly #distances = new Map<number, number>();
  readonly #long: PictureGap[] = [];
  #uncounted = 0;
  #frame = -1;
  #lastPts = 0;

  constructor(timeBase: TimeBase) {
    this.#gapTicks = GAP_SECONDS / ticksToSeconds(1, timeBase);
  }

  push(ptsTicks: number): void {
    if (this.#frame >= 0) this.#note(ptsTicks - this.#lastPts, ptsTicks);
    this.#frame++;
    this.#lastPts = ptsTicks;
  }

  finish(): Pace {
    let commonTicks: number | null = null;
    let most = 0;
    let total = this.#uncounted;
    for (const [distance, count] of this.#distances) {
      total += count;
      if (count > most || (count === most && distance < (commonTicks ?? 0))) [commonTicks, most] = [distance, count];
    }
    if (commonTicks === null) return { commonTicks: null, isVariable: false, gaps: [] };
    const common = commonTicks;
    const isGap = (distance: number) => distance >= this.#gapTicks && distance > GAP_TIMES * common;
    const tolerance = Math.max(common >= LEAST_TICKS_FOR_ROUNDING ? 1 : 0, TOLERANCE_SHARE * common);
    let uneven = this.#uncounted;
    for (const [distance, count] of this.#distances) if (Math.abs(distance - common) > tolerance && !isGap(distance)) uneven += count;
    const gaps = this.#long.filter(({ startPtsTicks, endPtsTicks }) => isGap(endPtsTicks - startPtsTicks)).sort((a, b) => a.frame - b.frame);
    return { commonTicks, isVariable: uneven > Math.max(1, VARIABLE_SHARE * total), gaps };
  }

  #note(distance: number, ptsTicks: number): void {
    const count = this.#distances.get(distance);
    if (count !== undefined || this.#distances.size < MOST_DISTANCES) this.#distances.set(distance, (count ?? 0) + 1);
    else this.#uncounted++;
    if (distance < this.#gapTicks) return;
    this.#long.push({ frame: this.#frame, startPtsTicks: this.#lastPts, endPtsTicks: ptsTicks });
    if (this.#long.length > 2 * MOST_GAPS) {
      const length = ({ startPtsTicks, endPtsTicks }: PictureGap) => endPtsTicks - startPtsTicks;
      this.#long.sort((a, b) => length(b) - length(a) || a.frame - b.frame);
      this.#long.length = MOST_GAPS;
    }
  }
}
