import type { TimeBase } from '../../media/time.ts';
import type { VideoTrack } from '../../model/source.ts';

export const THUMBNAIL_INTERVAL_SECONDS = 5;
const THUMBNAIL_WIDTH_PX = 160;
const TALLEST_PX = 720;

/** Size of an upright thumbnail with square pixels: 160 px wide, height even. */
export function thumbnailSize(video: VideoTrack): { widthPx: number; heightPx: number } {
  const shown = (video.widthPx * video.sampleAspect.num) / (video.heightPx * video.sampleAspect.den);
  const aspect = video.rotationDegrees === 90 || video.rotationDegrees === 270 ? 1 / shown : shown;
  const heightPx = 2 * Math.round(THUMBNAIL_WIDTH_PX / aspect / 2);
  return { widthPx: THUMBNAIL_WIDTH_PX, heightPx: Math.min(TALLEST_PX, Math.max(2, heightPx)) };
}

export function intervalTicks(timeBase: TimeBase): number {
  return (THUMBNAIL_INTERVAL_SECONDS * timeBase.den) / timeBase.num;
}

/**
 * The expression for ffmpeg's `select`: the first frame seen of each interval.
 * @param zeroPtsTicks where the first interval starts; null: at the first frame the filter sees.
 */
export function selectExpression(zeroPtsTicks: number | null, timeBase: TimeBase): string {
  const zero = zeroPtsTicks === null ? 'start_pts' : `(${zeroPtsTicks})`;
  const interval = (name: string) => `floor((${name}-${zero})/${intervalTicks(timeBase)})`;
  return `isnan(prev_selected_pts)+gt(${interval('pts')}\\,${interval('prev_selected_pts')})`;
}

/** The same choice for frames that pass by one after the other. */
export class ThumbnailPicker {
  readonly #intervalTicks: number;
  #zeroPtsTicks: number | null;
  #last = Number.NEGATIVE_INFINITY;

  constructor(zeroPtsTicks: number | null, timeBase: TimeBase) {
    this.#zeroPtsTicks = zeroPtsTicks;
    this.#intervalTicks = intervalTicks(timeBase);
  }

  isPicked(ptsTicks: number): boolean {
    this.#zeroPtsTicks ??= ptsTicks;
    const interval = Math.floor((ptsTicks - this.#zeroPtsTicks) / this.#intervalTicks);
    if (interval <= this.#last) return false;
    this.#last = interval;
    return true;
  }
}
