import { type TimeBase, ticksToSeconds } from '../media/time.ts';

/** How much some pictures of an encoded chunk resemble what the encoder was fed. Both are compared at the rung's full size. */
export type ChunkQuality = {
  /** Places of the scored pictures inside the chunk, presentation order, ascending. */
  readonly positions: readonly number[];
  /** Structural similarity (Wang et al. 2004) of luma, one for each position: 1 is equal. Four decimals. */
  readonly ssim: readonly number[];
  /** VMAF 0.6.1 of a picture by itself (no motion), 0 to 100, two decimals; null for all but one of each segment, and where the ffmpeg cannot. */
  readonly vmaf: readonly (number | null)[];
};

const HALF_SECOND = 0.5;

/**
 * Places of the pictures of a chunk that are scored: of every segment the ones on show half a second after its start, and every second from there; its middle one where there is none. Decided
 * by nothing that the content address does not cover, so equal chunks have equal scores wherever they stand in a film.
 * @param ptsTicks presentation times of the chunk's frames, ascending
 * @param idrPositions places of the segments' first frames; the first is 0
 */
export function scoredPositions(chunk: { ptsTicks: readonly number[]; idrPositions: readonly number[]; timeBase: TimeBase }): number[] {
  const { ptsTicks, idrPositions, timeBase } = chunk;
  return idrPositions.flatMap((start, i) => {
    const endExclusive = idrPositions[i + 1] ?? ptsTicks.length;
    const secondsIn = (position: number) => ticksToSeconds(ptsTicks[position] - ptsTicks[start], timeBase);
    const chosen: number[] = [];
    for (let at = start; at + 1 < endExclusive; at++) {
      const nextMark = Math.max(0, Math.ceil(secondsIn(at) - HALF_SECOND)) + HALF_SECOND;
      if (nextMark < secondsIn(at + 1)) chosen.push(at);
    }
    return chosen.length > 0 ? chosen : [Math.floor((start + endExclusive - 1) / 2)];
  });
}

/** Places in `positions` of the first one of each segment: what costs much is measured of these only. */
export function firstOfSegments(positions: readonly number[], idrPositions: readonly number[]): number[] {
  return idrPositions.map((start) => positions.findIndex((position) => position >= start)).filter((place) => place >= 0);
}
