/** Part of a picture, in its pixels. */
export type Detail = { readonly xPx: number; readonly yPx: number; readonly widthPx: number; readonly heightPx: number };

const BLOCK_PX = 16;
const LARGEST = { widthPx: 320, heightPx: 176 };

/**
 * The part of two pictures, at most 320×176, in which they differ most, by squared differences of luma. Null where they are not much larger than that, or equal.
 * @param luma two planes of `widthPx * heightPx` bytes
 */
export function mostDifferentPart(luma: readonly [Uint8Array, Uint8Array], widthPx: number, heightPx: number): Detail | null {
  if (widthPx < 2 * LARGEST.widthPx || heightPx < 2 * LARGEST.heightPx) return null;
  const [columns, rows] = [Math.floor(widthPx / BLOCK_PX), Math.floor(heightPx / BLOCK_PX)];
  const sums = summedBlocks(luma, widthPx, columns, rows);
  const [wide, high] = [LARGEST.widthPx / BLOCK_PX, LARGEST.heightPx / BLOCK_PX];
  const stride = columns + 1;
  let most = 0;
  let best: Detail | null = null;
  for (let y = 0; y + high <= rows; y++) {
    for (let x = 0; x + wide <= columns; x++) {
      const inside = sums[(y + high) * stride + x + wide] - sums[y * stride + x + wide] - sums[(y + high) * stride + x] + sums[y * stride + x];
      if (inside <= most) continue;
      most = inside;
      best = { xPx: x * BLOCK_PX, yPx: y * BLOCK_PX, ...LARGEST };
    }
  }
  return best;
}

/** Squared differences summed over all blocks above and left of each corner: any rectangle of blocks is then four look-ups. */
function summedBlocks([a, b]: readonly [Uint8Array, Uint8Array], widthPx: number, columns: number, rows: number): Float64Array {
  const stride = columns + 1;
  const sums = new Float64Array(stride * (rows + 1));
  for (let y = 0; y < rows * BLOCK_PX; y++) {
    const row = (Math.floor(y / BLOCK_PX) + 1) * stride;
    for (let x = 0; x < columns * BLOCK_PX; x++) {
      const difference = a[y * widthPx + x] - b[y * widthPx + x];
      sums[row + Math.floor(x / BLOCK_PX) + 1] += difference * difference;
    }
  }
  for (let y = 1; y <= rows; y++) for (let x = 1; x <= columns; x++) sums[y * stride + x] += sums[y * stride + x - 1];
  for (let y = 1; y <= rows; y++) for (let x = 1; x <= columns; x++) sums[y * stride + x] += sums[(y - 1) * stride + x];
  return sums;
}
