import { type TimeBase, ticksToSeconds } from '../../../media/time.ts';
import type { Shot } from '../../../model/shot.ts';
import { CUT_LIMITS, CUT_REACH, CutFinder, type CutLimits } from './cuts.ts';
import { DISSOLVE_REACH, DissolveFinder } from './dissolves.ts';
import { FadeFinder, type FlatStretch } from './fades.ts';
import { type Border, type DetectorFrame, FrameWindow } from './frame-window.ts';

/** What decides about borders, as far as it was chosen by measuring. */
export type ShotLimits = { readonly cut: CutLimits };

export const SHOT_LIMITS: ShotLimits = { cut: CUT_LIMITS };

/** Black or white for this long is a pause, and the next shot starts after it; shorter, it is the border itself. */
const LONG_FLAT_SECONDS = 1;
/** Two finders that name frames this close mean the same border. */
const SAME_BORDER_FRAMES = 3;
/** A dissolve that is found this close to another border, or closer than its own half length, is that border's motion or light. */
const DISSOLVE_MARGIN_FRAMES = 12;

/**
 * Finds shots in a film that streams by frame by frame; keeps the last 49 frames only.
 * The same frames give the same shots, whatever the pieces they arrive in.
 */
export class ShotDetector {
  readonly #timeBase: TimeBase;
  readonly #window = new FrameWindow(2 * DISSOLVE_REACH + 1);
  readonly #cuts: CutFinder;
  readonly #dissolves = new DissolveFinder(this.#window);
  readonly #fades = new FadeFinder();
  #first: Border | null = null;

  constructor(timeBase: TimeBase, limits: ShotLimits = SHOT_LIMITS) {
    this.#timeBase = timeBase;
    this.#cuts = new CutFinder(this.#window, limits.cut);
  }

  push(frame: DetectorFrame): void {
    const number = this.#window.count;
    this.#first ??= { frame: 0, ptsTicks: frame.ptsTicks };
    this.#window.push(frame);
    this.#fades.push(number, frame);
    this.#cuts.judge(number - CUT_REACH);
    this.#dissolves.judge(number - DISSOLVE_REACH);
  }

  /** Shots without gap or overlap over all frames pushed; none for no frames. */
  finish(): Shot[] {
    if (this.#first === null) return [];
    const count = this.#window.count;
    for (let frame = Math.max(1, count - CUT_REACH); frame < count; frame++) this.#cuts.judge(frame);
    const flats = this.#fades.finish();
    const short = flats.filter((flat) => flat.first.frame > 0 && flat.after !== null && !this.#isLong(flat));
    const cuts = this.#cuts.finish();
    const isBeside = (flat: FlatStretch, frame: number) => frame >= flat.first.frame - SAME_BORDER_FRAMES && frame <= flat.lastFrame + 1 + SAME_BORDER_FRAMES;
    const borders = cuts.filter(({ frame }) => !short.some((flat) => isBeside(flat, frame)));
    const fades = [
      ...short.map((flat) => borderOfShort(flat, cuts)),
      ...flats.flatMap((flat) => (flat.first.frame > 0 && flat.after !== null && this.#isLong(flat) ? this.#afterLong(flat.after, borders) : [])),
    ];
    const dissolves = this.#dissolves.finish().filter(({ frame, halfFrames }) => {
      const margin = Math.max(DISSOLVE_MARGIN_FRAMES, halfFrames);
      const isNear = (firstFrame: number, lastFrame: number) => frame >= firstFrame - margin && frame <= lastFrame + margin;
      return !cuts.some((cut) => isNear(cut.frame, cut.frame)) && !flats.some((flat) => isNear(flat.first.frame, flat.lastFrame));
    });
    const sorted = [this.#first, ...borders, ...fades, ...dissolves].sort((a, b) => a.frame - b.frame);
    // Two stretches of nothing with little between them may name the same cut.
    const starts = sorted.filter(({ frame }, i) => i === 0 || frame !== sorted[i - 1].frame);
    return starts.map(({ frame, ptsTicks }, i) => ({
      startFrame: frame,
      endFrameExclusive: starts[i + 1]?.frame ?? count,
      startSeconds: Number(ticksToSeconds(ptsTicks - starts[0].ptsTicks, this.#timeBase).toFixed(6)),
    }));
  }

  #isLong({ first, after }: FlatStretch): boolean {
    return after !== null && ticksToSeconds(after.ptsTicks - first.ptsTicks, this.#timeBase) >= LONG_FLAT_SECONDS;
  }

  /** A long flat stretch belongs to the shot before it. */
  #afterLong(after: Border, cuts: readonly Border[]): Border[] {
    return cuts.some((cut) => Math.abs(cut.frame - after.frame) <= SAME_BORDER_FRAMES) ? [] : [after];
  }
}

/** A short flat stretch is one border: the cut out of it, else the cut into it, else its darkest (or whitest) frame. */
function borderOfShort({ first, lastFrame, extreme }: FlatStretch, cuts: readonly Border[]): Border {
  const near = (frame: number) => cuts.find((cut) => Math.abs(cut.frame - frame) <= SAME_BORDER_FRAMES);
  return near(lastFrame + 1) ?? near(first.frame) ?? extreme;
}
