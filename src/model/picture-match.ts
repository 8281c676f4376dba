import { PICTURE_BYTES } from './frame-index.ts';

/** How strictly pictures are compared. All in levels of 8-bit luma, mean absolute error over the 32×18 picture. */
export type MatchLimits = {
  /** No picture may differ by more, whatever the rest looks like. */
  readonly hardError: number;
  /** The median over the stretch may not be more. */
  readonly medianError: number;
  /** Below this a single picture is never a fault by its size alone. */
  readonly leastError: number;
};

/** For a picture against what the encoder was fed: the encoder's own error only (measured: 0.24 in the mean, 0.58 at most, at 480p). */
export const FED_LIMITS: MatchLimits = { hardError: 12, medianError: 3, leastError: 4 };

export type PictureFault = { readonly position: number; readonly reason: string };

/** Two pictures are distinguishable when their shapes differ by at least this, and by four times the stretch's own error. */
const LEAST_DISTINCTION = 0.75;
const REACH = 2;

/** Mean absolute difference of two 32×18 pictures inside larger buffers, in levels. */
export function pictureError(a: Uint8Array, aPosition: number, b: Uint8Array, bPosition: number): number {
  const aStart = aPosition * PICTURE_BYTES;
  const bStart = bPosition * PICTURE_BYTES;
  let sum = 0;
  for (let i = 0; i < PICTURE_BYTES; i++) sum += Math.abs(a[aStart + i] - b[bStart + i]);
  return sum / PICTURE_BYTES;
}

/** The same after the overall brightness is made equal: an encoder may lag by a level in a slow fade, which is not another picture. */
function shapeError(a: Uint8Array, aPosition: number, b: Uint8Array, bPosition: number): number {
  const aStart = aPosition * PICTURE_BYTES;
  const bStart = bPosition * PICTURE_BYTES;
  let offset = 0;
  for (let i = 0; i < PICTURE_BYTES; i++) offset += a[aStart + i] - b[bStart + i];
  offset /= PICTURE_BYTES;
  let sum = 0;
  for (let i = 0; i < PICTURE_BYTES; i++) sum += Math.abs(a[aStart + i] - b[bStart + i] - offset);
  return sum / PICTURE_BYTES;
}

export type MatchReport = { readonly medianError: number; readonly largestError: number; readonly faults: readonly PictureFault[] };

/**
 * Holds each picture of `seen` to the picture of `expected` at the same place: close to it, and in shape closer than to its neighbours where those
 * can be told apart; what can be told apart grows with the stretch's own median error.
 * Both are concatenated 32×18 pictures; throws RangeError when they are not of the same whole number.
 */
export function matchPictures(expected: Uint8Array, seen: Uint8Array, limits: MatchLimits): MatchReport {
  const count = expected.byteLength / PICTURE_BYTES;
  if (!Number.isInteger(count) || seen.byteLength !== expected.byteLength) throw new RangeError('picture match: not the same whole number of pictures');
  const errors = new Float64Array(count);
  const shapes = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    errors[i] = pictureError(expected, i, seen, i);
    shapes[i] = shapeError(expected, i, seen, i);
  }
  const medianError = median(errors);
  const faults: PictureFault[] = [];
  if (medianError > limits.medianError) faults.push({ position: 0, reason: `pictures differ by ${medianError.toFixed(2)} levels in the median` });
  const singleLimit = Math.min(limits.hardError, Math.max(limits.leastError, 8 * medianError));
  const distinction = Math.max(LEAST_DISTINCTION, 4 * median(shapes));
  for (let i = 0; i < count; i++) {
    if (errors[i] > singleLimit) faults.push({ position: i, reason: `picture differs by ${errors[i].toFixed(2)} levels` });
    else {
      const other = closerNeighbour({ expected, seen, i, ownError: errors[i], ownShape: shapes[i] }, distinction);
      if (other !== null) faults.push({ position: i, reason: `picture is that of position ${other}` });
    }
  }
  return { medianError, largestError: errors.reduce((most, error) => Math.max(most, error), 0), faults };
}

/** Below this standard deviation, in levels, a stretch is flat and has no shape to correlate. */
const FLAT_DEVIATION = 3;
const FLAT_MEAN_DIFFERENCE = 32;
const LEAST_CORRELATION = 0.85;

/**
 * Whether fed pictures can be those of a stretch of the master: their luma rises and falls together over all pixels and frames. Tolerates another scaler, colour
 * matrix or tone curve; tells other pictures from these. Throws RangeError when the sizes differ.
 */
export function resemblesMaster(master: Uint8Array, fed: Uint8Array): boolean {
  if (master.byteLength !== fed.byteLength || master.byteLength % PICTURE_BYTES !== 0)
    throw new RangeError('picture match: not the same whole number of pictures');
  const n = Math.max(1, master.byteLength);
  let [sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0];
  for (let i = 0; i < master.byteLength; i++) {
    const a = master[i];
    const b = fed[i];
    sumA += a;
    sumB += b;
    sumAA += a * a;
    sumBB += b * b;
    sumAB += a * b;
  }
  const deviationA = Math.sqrt(Math.max(0, sumAA / n - (sumA / n) ** 2));
  const deviationB = Math.sqrt(Math.max(0, sumBB / n - (sumB / n) ** 2));
  if (deviationA < FLAT_DEVIATION || deviationB < FLAT_DEVIATION) {
    return Math.abs(sumA - sumB) / n < FLAT_MEAN_DIFFERENCE && Math.abs(deviationA - deviationB) < 2 * FLAT_DEVIATION;
  }
  return (sumAB / n - (sumA / n) * (sumB / n)) / (deviationA * deviationB) >= LEAST_CORRELATION;
}

type Compared = { readonly expected: Uint8Array; readonly seen: Uint8Array; readonly i: number; readonly ownError: number; readonly ownShape: number };

/** A neighbour that the picture is closer to in shape and in brightness: shape alone says nothing where a flat picture fades. */
function closerNeighbour({ expected, seen, i, ownError, ownShape }: Compared, distinction: number): number | null {
  const count = expected.byteLength / PICTURE_BYTES;
  for (let j = Math.max(0, i - REACH); j <= Math.min(count - 1, i + REACH); j++) {
    if (j === i || shapeError(expected, i, expected, j) < distinction) continue;
    if (shapeError(expected, j, seen, i) <= ownShape && pictureError(expected, j, seen, i) <= ownError) return j;
  }
  return null;
}

function median(values: Float64Array): number {
  if (values.length === 0) return 0;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length / 2)];
}
