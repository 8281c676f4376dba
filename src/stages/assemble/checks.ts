import type { Edit } from '../../media/isobmff/movie.ts';
import type { Sample } from '../../media/isobmff/sample.ts';
import type { TimeBase } from '../../media/time.ts';
import { PICTURE_BYTES } from '../../model/frame-index.ts';
import { pictureError } from '../../model/picture-match.ts';

/** Mean absolute error, in levels of 8-bit luma, that an encoder at any sane quality stays below. */
const MAX_PICTURE_ERROR = 4;
/** Two pictures that differ by more than this can be told apart. */
const LEAST_DISTINCTION = 2;

export type Fault = { readonly frame: number; readonly message: string };

/** Where a track's edit list puts it. Ticks of the track's timescale. */
export type Placement = { readonly startTicks: number; readonly mediaTimeTicks: number; readonly presentedTicks: number };

/** Reads an edit list of the form that we write: an empty edit at most, then one that shows the media. Null when it has another form. */
export function placementOf(edits: readonly Edit[], movieTimescale: number, trackTimescale: number): Placement | null {
  const [shown, ...before] = [...edits].reverse();
  if (shown === undefined || shown.mediaTimeTicks < 0 || before.length > 1 || before.some((edit) => edit.mediaTimeTicks !== -1)) return null;
  return {
    startTicks: wholeTicks(before[0]?.durationTicks ?? 0, movieTimescale, trackTimescale),
    mediaTimeTicks: shown.mediaTimeTicks,
    presentedTicks: wholeTicks(shown.durationTicks, movieTimescale, trackTimescale),
  };
}

export type FrameExpectation = {
  readonly ptsTicks: Float64Array;
  readonly timeBase: TimeBase;
  /** Ascending; the first is frame 0. */
  readonly idrFrames: readonly number[];
  readonly mediaTimeTicks: number;
};

/** One closed group of pictures: its IDR and its size. */
export type Group = { readonly idrFrame: number; readonly idr: Sample; readonly sizeBytes: number };

/**
 * Holds a video track, sample by sample in decode order, to the index: every group starts with the planned IDR and has exactly its frames, each presented at
 * exactly the time of its frame, so there is no gap and no overlap anywhere, joins included. Calls `onSample` for each. Memory: one group.
 */
export function checkFrames(
  samples: Iterable<Sample>,
  expected: FrameExpectation,
  onSample: (sample: Sample, number: number) => void,
): { readonly groups: readonly Group[] } | { readonly fault: Fault } {
  const { ptsTicks, idrFrames } = expected;
  const groups: Group[] = [];
  let group: Sample[] = [];
  let number = 0;
  for (const sample of samples) {
    if (number >= ptsTicks.length) return { fault: { frame: ptsTicks.length - 1, message: `there are more than ${ptsTicks.length} frames` } };
    const isPlanned = number === idrFrames[groups.length];
    if (isPlanned !== sample.isSync)
      return { fault: { frame: number, message: isPlanned ? 'the IDR frame is missing' : 'there is an IDR that the plan does not have' } };
    onSample(sample, number);
    group.push(sample);
    number++;
    if (number !== (idrFrames[groups.length + 1] ?? ptsTicks.length)) continue;
    const idrFrame = idrFrames[groups.length];
    const fault = groupFault(group, idrFrame, expected);
    if (fault !== null) return { fault };
    groups.push({ idrFrame, idr: group[0], sizeBytes: group.reduce((sum, it) => sum + it.sizeBytes, 0) });
    group = [];
  }
  if (number < ptsTicks.length) return { fault: { frame: number, message: `the file ends after ${number} of ${ptsTicks.length} frames` } };
  return { groups };
}

function groupFault(group: readonly Sample[], idrFrame: number, expected: FrameExpectation): Fault | null {
  const { ptsTicks, timeBase, mediaTimeTicks } = expected;
  const times = group.map((sample) => sample.ptsTicks - mediaTimeTicks).sort((a, b) => a - b);
  for (const [rank, time] of times.entries()) {
    const wanted = (ptsTicks[idrFrame + rank] - ptsTicks[0]) * timeBase.num;
    if (time !== wanted) return { frame: idrFrame + rank, message: `it is presented at tick ${time} instead of ${wanted}` };
  }
  if (group[0].ptsTicks - mediaTimeTicks !== times[0]) return { frame: idrFrame, message: 'a frame is presented before the IDR that it follows' };
  return null;
}

/**
 * Holds a decoded IDR to the fingerprint of the picture that was fed there: close to it, and closer than to the picture before where those two can be told apart.
 * All are 32×18 pictures; `before` is null at the first frame.
 */
export function checkPicture(seen: Uint8Array, fed: Uint8Array, before: Uint8Array | null): { readonly error: number; readonly message: string | null } {
  if ([seen, fed, before ?? fed].some((picture) => picture.byteLength !== PICTURE_BYTES)) throw new RangeError('not a 32×18 picture');
  const error = pictureError(seen, 0, fed, 0);
  if (error > MAX_PICTURE_ERROR) return { error, message: `the picture differs by ${error.toFixed(2)} levels from the one that was encoded` };
  const isDistinct = before !== null && pictureError(fed, 0, before, 0) > LEAST_DISTINCTION;
  if (isDistinct && error >= pictureError(seen, 0, before, 0)) return { error, message: 'the picture is that of the frame before' };
  return { error, message: null };
}

/** Edits are written rounded up, in a movie timescale at least as fine as the track's or exact in it. */
function wholeTicks(ticks: number, from: number, to: number): number {
  return Number((BigInt(ticks) * BigInt(to)) / BigInt(from));
}
