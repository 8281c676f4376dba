import type { CmafTrack } from './track.ts';

export type FrameRate = { readonly num: number; readonly den: number };

const WHOLE_RATES = [10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 72, 90, 100, 120];
const CANDIDATES: readonly FrameRate[] = [
  ...[24, 30, 48, 60, 120].map((rate) => ({ num: rate * 1000, den: 1001 })),
  ...WHOLE_RATES.map((num) => ({ num, den: 1 })),
];

/** Time stamps of a coarse clock are rounded: a segment border may be this many ticks off its ideal place. */
const ROUNDING_TICKS = 1;
const EXACT_TOLERANCE = 1e-6;
/** A clock so coarse that a border off by a tick could be the neighbouring frame's says nothing. */
const MAX_TOLERANCE = 0.25;

/**
 * The usual frame rate at which every segment of the track holds a whole number of frames and all of them together its frame count;
 * null when there is none, which is so for a variable frame rate.
 */
export function constantFrameRate(track: CmafTrack): FrameRate | null {
  if (track.kind !== 'video' || !track.frameCount || track.segments.length === 0) return null;
  return CANDIDATES.find((rate) => fits(track, rate)) ?? null;
}

function fits(track: CmafTrack, rate: FrameRate): boolean {
  const framesPerTick = rate.num / rate.den / track.timescale;
  const isExact = (track.timescale * rate.den) % rate.num === 0;
  const tolerance = isExact ? EXACT_TOLERANCE : Math.max(ROUNDING_TICKS * framesPerTick, EXACT_TOLERANCE);
  if (tolerance > MAX_TOLERANCE) return false;
  const first = track.segments[0].startTicks;
  const isFrameBorder = (ticks: number) => Math.abs((ticks - first) * framesPerTick - Math.round((ticks - first) * framesPerTick)) <= tolerance;
  const last = track.segments[track.segments.length - 1];
  const end = last.startTicks + last.durationTicks;
  return Math.round((end - first) * framesPerTick) === track.frameCount && isFrameBorder(end) && track.segments.every((s) => isFrameBorder(s.startTicks));
}
