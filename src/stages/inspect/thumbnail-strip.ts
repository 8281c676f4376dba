import type { TimeBase } from '../../media/time.ts';
import { type ContentBox, unionOf } from './crop.ts';
import type { RangeThumbnail } from './range-object.ts';
import { intervalTicks } from './thumbnail-picks.ts';

/** A file whose times jump by years must not make a strip without end: more than a day is not shown. */
const MOST_INTERVALS = 20_000;

/**
 * Puts the thumbnails of all ranges into one strip with one picture per interval. A range's first thumbnail may lie in an interval
 * that began in the range before: it is left out. Where an interval has no frame, the picture before it is still on screen and stands again.
 */
export class ThumbnailStrip {
  readonly #intervalTicks: number;
  readonly #ptsTicks: number[] = [];
  #zeroPtsTicks: number | null;
  #content: ContentBox | null = null;
  #contentSamples = 0;
  #lastInterval = -1;

  /** @param zeroPtsTicks null: the first thumbnail's time. */
  constructor(zeroPtsTicks: number | null, timeBase: TimeBase) {
    this.#zeroPtsTicks = zeroPtsTicks;
    this.#intervalTicks = intervalTicks(timeBase);
  }

  /** How often the thumbnail before, and then this one, is to be written. */
  add(thumbnail: RangeThumbnail): { before: number; own: number } {
    this.#zeroPtsTicks ??= thumbnail.ptsTicks;
    const interval = Math.floor((thumbnail.ptsTicks - this.#zeroPtsTicks) / this.#intervalTicks);
    if (interval <= this.#lastInterval || interval >= MOST_INTERVALS) return { before: 0, own: 0 };
    const empty = interval - this.#lastInterval - 1;
    const isFirst = this.#ptsTicks.length === 0;
    const before = isFirst ? 0 : empty;
    const own = isFirst ? interval + 1 : 1;
    this.#repeat(this.#ptsTicks.at(-1), before);
    this.#repeat(thumbnail.ptsTicks, own);
    this.#lastInterval = interval;
    this.#content = unionOf(this.#content, thumbnail.content);
    if (thumbnail.content) this.#contentSamples++;
    return { before, own };
  }

  /** How often the last thumbnail is to be written again until the film ends. */
  finish(endPtsTicks: number): number {
    if (this.#zeroPtsTicks === null || this.#ptsTicks.length === 0) return 0;
    const intervals = Math.min(MOST_INTERVALS, Math.ceil((endPtsTicks - this.#zeroPtsTicks) / this.#intervalTicks));
    const missing = Math.max(0, intervals - this.#ptsTicks.length);
    this.#repeat(this.#ptsTicks.at(-1), missing);
    return missing;
  }

  /** Time of the frame shown for each interval. */
  get ptsTicks(): readonly number[] {
    return this.#ptsTicks;
  }

  /** What is not black in any of the pictures, and how many pictures that rests on. */
  get content(): { readonly box: ContentBox | null; readonly samples: number } {
    return { box: this.#content, samples: this.#contentSamples };
  }

  #repeat(ptsTicks: number | undefined, times: number): void {
    for (let i = 0; i < times; i++) this.#ptsTicks.push(ptsTicks!);
  }
}
