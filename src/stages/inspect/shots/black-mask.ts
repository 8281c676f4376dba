import type { PictureGrid } from './picture-change.ts';

/** As good as black, and clearly not, in levels of the limited range. */
const BLACK_LEVEL = 24;
const SHOWN_LEVEL = 40;
/** A picture is masked when this share of it is black … */
const LEAST_BLACK_SHARE = 0.4;
/** … and so many pixels are left, their neighbours too, so that edges do not count. */
const LEAST_SHOWN_PIXELS = 10;

/**
 * How much changed, in levels, where one of two pictures is not black: next to nothing when an iris, a curtain or bars close over a shot or open it. Infinite when neither has
 * much black.
 */
export function changeBehindMask(before: Uint8Array, after: Uint8Array, grid: PictureGrid): number {
  return Math.min(changeWhereShown(after, before, grid), changeWhereShown(before, after, grid));
}

function changeWhereShown(masked: Uint8Array, other: Uint8Array, { widthPx, heightPx }: PictureGrid): number {
  let [black, shown, sum] = [0, 0, 0];
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const at = y * widthPx + x;
      if (masked[at] <= BLACK_LEVEL) black++;
      else if (isInside(masked, x, y, widthPx, heightPx)) {
        shown++;
        sum += Math.abs(masked[at] - other[at]);
      }
    }
  }
  return black < LEAST_BLACK_SHARE * masked.length || shown < LEAST_SHOWN_PIXELS ? Number.POSITIVE_INFINITY : sum / shown;
}

/** Whether a pixel and all around it show something. */
function isInside(picture: Uint8Array, xPx: number, yPx: number, widthPx: number, heightPx: number): boolean {
  for (let y = Math.max(0, yPx - 1); y <= Math.min(heightPx - 1, yPx + 1); y++) {
    for (let x = Math.max(0, xPx - 1); x <= Math.min(widthPx - 1, xPx + 1); x++) if (picture[y * widthPx + x] <= SHOWN_LEVEL) return false;
  }
  return true;
}
