import { type TimeBase, ticksToSeconds } from '../../../media/time.ts';
import type { Shot } from '../../../model/shot.ts';
import { CUT_REACH, CutFinder } from './cuts.ts';
import { DISSOLVE_REACH, DissolveFinder } from './dissolves.ts';
import { FadeFinder, type FlatStretch } from './fades.ts';
import { type Border, type DetectorFrame, FrameWindow } from './frame-window.ts';

/** Black or white for this long is a pause, and the next shot starts after it; shorter, it is the border itself. */
const LONG_FLAT_SECONDS = 1;
/** Two finders that name frames this close mean the same border. */
const SAME_BORDER_FRAMES = 3;

/**
 * Finds shots in a film that streams by frame by frame; keeps the last 25 frames only.
 * The same frames give the same shots, whatever the pieces they arrive in.
 */
export class ShotDetector {
  readonly #timeBase: TimeBase;
  readonly #window = new FrameWindow(2 * DISSOLVE_REACH + 1);
  readonly #cuts = new CutFinder(this.#window);
  readonly #dissolves = new DissolveFinder(this.#window);
  readonly #fades = new FadeFinder();
  #first: Border | null = null;

  constructor(timeBase: TimeBase) {
    this.#timeBase = timeBase;
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
    const borders = this.#cuts.finish();
    const flats = this.#fades.finish();
    const fades = flats.flatMap((flat) => this.#fadeBorders(flat, borders));
    const dissolves = this.#dissolves
      .finish()
      .filter(
        ({ frame }) =>
          !borders.some((cut) => Math.abs(cut.frame - frame) <= DISSOLVE_REACH) &&
          !flats.some((flat) => frame >= flat.first.frame - DISSOLVE_REACH && frame <= flat.lastFrame + DISSOLVE_REACH),
      );
    const starts = [this.#first, ...[...borders, ...fades, ...dissolves].sort((a, b) => a.frame - b.frame)];
    return starts.map(({ frame, ptsTicks }, i) => ({
      startFrame: frame,
      endFrameExclusive: starts[i + 1]?.frame ?? count,
      startSeconds: Number(ticksToSeconds(ptsTicks - starts[0].ptsTicks, this.#timeBase).toFixed(6)),
    }));
  }

  /** A long flat stretch belongs to the shot before it; a short one is parted at its darkest (or whitest) frame. At the film's ends they are no border. */
  #fadeBorders(flat: FlatStretch, cuts: readonly Border[]): Border[] {
    if (flat.first.frame === 0 || flat.after === null) return [];
    const isNew = (border: Border) => !cuts.some((cut) => Math.abs(cut.frame - border.frame) <= SAME_BORDER_FRAMES);
    const isLong = ticksToSeconds(flat.after.ptsTicks - flat.first.ptsTicks, this.#timeBase) >= LONG_FLAT_SECONDS;
    if (isLong) return isNew(flat.after) ? [flat.after] : [];
    return isNew(flat.first) && isNew(flat.after) ? [flat.extreme] : [];
  }
}
