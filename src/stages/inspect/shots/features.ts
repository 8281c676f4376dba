import { FEATURE_COUNT, PICTURE_BYTES, PICTURE_HEIGHT_PX, PICTURE_WIDTH_PX } from '../../../model/frame-index.ts';
import { FULL_GRID, histogramChange, meanDifference, shapeChange } from './picture-change.ts';

/** Pictures that features are measured on: 64×36 luma. */
export const LUMA_WIDTH_PX = FULL_GRID.widthPx;
export const LUMA_HEIGHT_PX = FULL_GRID.heightPx;
export const LUMA_BYTES = LUMA_WIDTH_PX * LUMA_HEIGHT_PX;

/** Places of the numbers in a frame's `features`; the rest is zero. */
export const FEATURE = {
  /** Change of shapes since the frame before, see `shapeChange`. */
  shape: 0,
  /** Change of brightness distributions since the frame before, see `histogramChange`. */
  histogram: 1,
  /** Mean luma, levels of the limited range. */
  mean: 2,
  /** Standard deviation of luma, levels. */
  deviation: 3,
  /** Mean absolute difference to the frame before, levels. */
  difference: 4,
  /** Share of pixels that are as good as black. */
  darkShare: 5,
} as const;

/** A tenth of the way from black to white in limited range. */
const DARK_LUMA = 16 + 22;

/** Measures one 64×36 picture alone: brightness, contrast, darkness. */
export function measurePicture(luma: Uint8Array): Float32Array {
  const features = new Float32Array(FEATURE_COUNT);
  let sum = 0;
  let squares = 0;
  let dark = 0;
  for (let i = 0; i < LUMA_BYTES; i++) {
    const level = luma[i];
    sum += level;
    squares += level * level;
    if (level <= DARK_LUMA) dark++;
  }
  const mean = sum / LUMA_BYTES;
  features[FEATURE.mean] = mean;
  features[FEATURE.deviation] = Math.sqrt(Math.max(0, squares / LUMA_BYTES - mean * mean));
  features[FEATURE.darkShare] = dark / LUMA_BYTES;
  return features;
}

/** Adds what needs the picture before. A film's first frame has zeros there. */
export function measureChange(before: Uint8Array, after: Uint8Array, features: Float32Array): void {
  const difference = meanDifference(before, after);
  features[FEATURE.difference] = difference;
  features[FEATURE.shape] = difference === 0 ? 0 : shapeChange(before, after, FULL_GRID);
  features[FEATURE.histogram] = difference === 0 ? 0 : histogramChange(before, after, FULL_GRID);
}

/** The stored 32×18 picture: each pixel the rounded mean of four. */
export function storedPicture(luma: Uint8Array): Uint8Array {
  const picture = new Uint8Array(PICTURE_BYTES);
  for (let y = 0; y < PICTURE_HEIGHT_PX; y++) {
    for (let x = 0; x < PICTURE_WIDTH_PX; x++) {
      const i = 2 * y * LUMA_WIDTH_PX + 2 * x;
      picture[y * PICTURE_WIDTH_PX + x] = (luma[i] + luma[i + 1] + luma[i + LUMA_WIDTH_PX] + luma[i + LUMA_WIDTH_PX + 1] + 2) >> 2;
    }
  }
  return picture;
}
