/** A grey picture's size, and the blocks and search that changes are measured with. Blocks divide the picture evenly. */
export type PictureGrid = {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly blockWidthPx: number;
  readonly blockHeightPx: number;
  /** How far a block may have moved since the picture before. */
  readonly reachXPx: number;
  readonly reachYPx: number;
};

/** The grid for the pictures that features are measured on. */
export const FULL_GRID: PictureGrid = { widthPx: 64, heightPx: 36, blockWidthPx: 16, blockHeightPx: 12, reachXPx: 4, reachYPx: 3 };
/** The grid for the stored pictures: half the size, four times the blocks. */
export const STORED_GRID: PictureGrid = { widthPx: 32, heightPx: 18, blockWidthPx: 8, blockHeightPx: 6, reachXPx: 2, reachYPx: 1 };

/** Keeps noise in flat pictures from counting as change, in luma levels. */
const NOISE_LEVELS = 4;
const HISTOGRAM_BINS = 16;

/**
 * How much the shapes in a picture changed: each block is looked for around its place in the picture before, its brightness made equal,
 * and what still differs is set against the contrast of both. 0 for the same picture, about 0.5 and more for another one;
 * dark and low-contrast pictures count as much as bright ones, a change of light alone counts little.
 */
export function shapeChange(before: Uint8Array, after: Uint8Array, grid: PictureGrid): number {
  const { widthPx, heightPx, blockWidthPx, blockHeightPx } = grid;
  const beforeSums = summedArea(before, grid);
  let change = 0;
  let contrast = 0;
  let blocks = 0;
  for (let y = 0; y < heightPx; y += blockHeightPx) {
    for (let x = 0; x < widthPx; x += blockWidthPx) {
      change += leastDifference(before, beforeSums, after, x, y, grid);
      contrast += Math.max(blockDeviation(before, x, y, grid), blockDeviation(after, x, y, grid));
      blocks++;
    }
  }
  return change / (blocks * NOISE_LEVELS + contrast);
}

/** Difference of brightness distributions over tiles, the median of them: 0 same, 1 nothing in common. Tiles are the grid's blocks. */
export function histogramChange(before: Uint8Array, after: Uint8Array, grid: PictureGrid): number {
  const { widthPx, heightPx, blockWidthPx, blockHeightPx } = grid;
  const balance = new Int32Array(HISTOGRAM_BINS);
  const distances: number[] = [];
  for (let y = 0; y < heightPx; y += blockHeightPx) {
    for (let x = 0; x < widthPx; x += blockWidthPx) {
      balance.fill(0);
      for (let row = y; row < y + blockHeightPx; row++) {
        for (let i = row * widthPx + x, end = i + blockWidthPx; i < end; i++) {
          balance[after[i] >> 4]++;
          balance[before[i] >> 4]--;
        }
      }
      let sum = 0;
      for (const count of balance) sum += Math.abs(count);
      distances.push(sum / (2 * blockWidthPx * blockHeightPx));
    }
  }
  return distances.sort((a, b) => a - b)[distances.length >> 1];
}

/** A block without this contrast, before and after, shows nothing; it says nothing unless its brightness changed. */
const BLANK_LEVELS = 3;
const BLANK_LIGHT_LEVELS = 6;
/** A block with a larger change of shapes shows something else … */
const BLOCK_CHANGE = 0.3;
/** … and so does one whose brightness changed by more. */
const BLOCK_LIGHT_LEVELS = 20;

/** Share of a picture's blocks that show something else than before, of all that show anything; 0 when none does. */
export function changedShare(before: Uint8Array, after: Uint8Array, grid: PictureGrid): number {
  const beforeSums = summedArea(before, grid);
  const pixels = grid.blockWidthPx * grid.blockHeightPx;
  let changed = 0;
  let shown = 0;
  for (let y = 0; y < grid.heightPx; y += grid.blockHeightPx) {
    for (let x = 0; x < grid.widthPx; x += grid.blockWidthPx) {
      const contrast = Math.max(blockDeviation(before, x, y, grid), blockDeviation(after, x, y, grid));
      const light = Math.abs(blockSum(before, x, y, grid) - blockSum(after, x, y, grid)) / pixels;
      if (contrast < BLANK_LEVELS && light < BLANK_LIGHT_LEVELS) continue;
      shown++;
      if (light > BLOCK_LIGHT_LEVELS || leastDifference(before, beforeSums, after, x, y, grid) / (NOISE_LEVELS + contrast) > BLOCK_CHANGE) changed++;
    }
  }
  return shown === 0 ? 0 : changed / shown;
}

/** Correlation of two pictures at the shift where it is largest, -1 to 1: 1 when they are the same but for brightness, contrast and a camera that turned. */
export function likeness(before: Uint8Array, after: Uint8Array, grid: PictureGrid): number {
  let largest = -1;
  for (let down = -grid.reachYPx; down <= grid.reachYPx; down++) {
    for (let right = -grid.reachXPx; right <= grid.reachXPx; right++) largest = Math.max(largest, correlation(before, after, right, down, grid));
  }
  return largest;
}

/** Over what both show when `after` is moved; 0 when one of them is of one colour there. */
function correlation(before: Uint8Array, after: Uint8Array, rightPx: number, downPx: number, { widthPx, heightPx }: PictureGrid): number {
  let [count, own, other, ownSquare, otherSquare, product] = [0, 0, 0, 0, 0, 0];
  for (let y = Math.max(0, downPx); y < heightPx + Math.min(0, downPx); y++) {
    for (let x = Math.max(0, rightPx); x < widthPx + Math.min(0, rightPx); x++) {
      const a = before[y * widthPx + x];
      const b = after[(y - downPx) * widthPx + x - rightPx];
      count++;
      own += a;
      other += b;
      ownSquare += a * a;
      otherSquare += b * b;
      product += a * b;
    }
  }
  const scale = Math.sqrt((ownSquare - (own * own) / count) * (otherSquare - (other * other) / count));
  return scale > 0 ? (product - (own * other) / count) / scale : 0;
}

/** Mean absolute difference of two pictures, in levels. */
export function meanDifference(before: Uint8Array, after: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < after.length; i++) sum += Math.abs(after[i] - before[i]);
  return sum / after.length;
}

/** All measures in one figure; a cut is rarely below 0.45, the same shot rarely above 0.3. */
export function pictureChange(before: Uint8Array, after: Uint8Array, grid: PictureGrid): number {
  return combinedChange(shapeChange(before, after, grid), histogramChange(before, after, grid), meanDifference(before, after));
}

/** A light switched on changes the mean by less than this … */
const LIGHT_STEP_LEVELS = 20;
/** … and by this much more when a picture gives way to black or white. */
const LIGHT_SCALE_LEVELS = 80;

/**
 * Distributions count only as far as shapes or brightness changed too: in a slow fade all pixels of a flat picture
 * step over a bin's border at once, which is no change.
 */
export function combinedChange(shape: number, histogram: number, differenceLevels: number): number {
  const light = Math.max(0, differenceLevels - LIGHT_STEP_LEVELS) / LIGHT_SCALE_LEVELS;
  return shape + Math.min(histogram, 2 * shape + light) / 2;
}

/**
 * Least mean absolute difference of the block at `x`, `y` of `after` to any block within reach in `before`, brightness made equal. The same place is tried first: it
 * is the best one most often, and a place is given up where it is worse. One loop without a closure: numbers that a closure shares are allocated anew at every change.
 */
function leastDifference(before: Uint8Array, beforeSums: Int32Array, after: Uint8Array, x: number, y: number, grid: PictureGrid): number {
  const { widthPx, heightPx, blockWidthPx, blockHeightPx, reachXPx, reachYPx } = grid;
  const pixels = blockWidthPx * blockHeightPx;
  const mean = blockSum(after, x, y, grid) / pixels;
  const stride = widthPx + 1;
  const firstTop = Math.max(0, y - reachYPx);
  const firstLeft = Math.max(0, x - reachXPx);
  const columns = Math.min(widthPx - blockWidthPx, x + reachXPx) - firstLeft + 1;
  const places = columns * (Math.min(heightPx - blockHeightPx, y + reachYPx) - firstTop + 1);
  let least = Number.POSITIVE_INFINITY;
  for (let place = -1; place < places; place++) {
    const top = place < 0 ? y : firstTop + Math.floor(place / columns);
    const left = place < 0 ? x : firstLeft + (place % columns);
    const upper = top * stride + left;
    const lower = upper + blockHeightPx * stride;
    const sum = beforeSums[lower + blockWidthPx] - beforeSums[upper + blockWidthPx] - beforeSums[lower] + beforeSums[upper];
    const offset = mean - sum / pixels;
    let difference = 0;
    for (let row = 0; row < blockHeightPx && difference < least; row++) {
      let a = (y + row) * widthPx + x;
      let b = (top + row) * widthPx + left;
      for (const end = a + blockWidthPx; a < end; a++, b++) difference += Math.abs(after[a] - before[b] - offset);
    }
    if (difference < least) least = difference;
  }
  return least / pixels;
}

function blockSum(picture: Uint8Array, x: number, y: number, grid: PictureGrid): number {
  let sum = 0;
  for (let row = y; row < y + grid.blockHeightPx; row++) {
    for (let i = row * grid.widthPx + x, end = i + grid.blockWidthPx; i < end; i++) sum += picture[i];
  }
  return sum;
}

function blockDeviation(picture: Uint8Array, x: number, y: number, grid: PictureGrid): number {
  const pixels = grid.blockWidthPx * grid.blockHeightPx;
  let sum = 0;
  let squares = 0;
  for (let row = y; row < y + grid.blockHeightPx; row++) {
    for (let i = row * grid.widthPx + x, end = i + grid.blockWidthPx; i < end; i++) {
      sum += picture[i];
      squares += picture[i] * picture[i];
    }
  }
  return Math.sqrt(Math.max(0, squares / pixels - (sum / pixels) ** 2));
}

/** Sums of all pixels above and left of each corner, so that any block's sum is four look-ups. */
function summedArea(picture: Uint8Array, { widthPx, heightPx }: PictureGrid): Int32Array {
  const stride = widthPx + 1;
  const sums = new Int32Array(stride * (heightPx + 1));
  for (let y = 0; y < heightPx; y++) {
    let row = 0;
    for (let x = 0; x < widthPx; x++) {
      row += picture[y * widthPx + x];
      sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + row;
    }
  }
  return sums;
}
