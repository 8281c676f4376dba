import { rescaleTicks, ticksToSeconds } from '../time.ts';
import type { TimedSegments } from './track-index.ts';

export type SegmentRates = { readonly peakBitsPerSecond: number; readonly averageBitsPerSecond: number };

const MICROSECONDS = { num: 1, den: 1_000_000 };

/**
 * Length of every segment for a playlist, whole microseconds. Both borders are rounded and not the length, so the sum never drifts away from the media.
 * Borders are decode times, from zero to the end of the track: Shaka Player puts the first sample of a segment where the lengths before it add up to,
 * taking its `tfdt` for its time, and would otherwise move sound by its priming.
 */
export function playlistLengthsUs({ segments, timescale }: TimedSegments): number[] {
  const last = segments[segments.length - 1];
  const timeBase = { num: 1, den: timescale };
  const bordersUs = [0, ...segments.slice(1).map(({ decodeTicks }) => decodeTicks), last.startTicks + last.durationTicks].map((ticks) =>
    rescaleTicks(ticks, timeBase, MICROSECONDS),
  );
  return segments.map((_, i) => Math.max(1, bordersUs[i + 1] - bordersUs[i]));
}

/** EXT-X-TARGETDURATION for a set of tracks: the longest segment, rounded to whole seconds (RFC 8216 section 4.3.3.1); one value for all (section 6.2.4). */
export function targetDurationSeconds(tracks: readonly TimedSegments[]): number {
  return Math.max(1, ...tracks.map((track) => Math.round(Math.max(...playlistLengthsUs(track)) / 1_000_000)));
}

/**
 * Measured rates of a track, bits per second, headers of the fragments included.
 * Peak as RFC 8216 section 4.1 defines it: the largest rate of any run of segments that lasts 0.5 to 1.5 target durations.
 */
export function segmentRates(track: TimedSegments, targetSeconds: number): SegmentRates {
  const seconds = playlistLengthsUs(track).map((lengthUs) => lengthUs / 1_000_000);
  const bits = track.segments.map(({ sizeBytes }) => sizeBytes * 8);
  const average = sum(bits) / sum(seconds);
  let peak = 0;
  for (let from = 0; from < bits.length; from++) {
    let runBits = 0;
    let runSeconds = 0;
    for (let at = from; at < bits.length; at++) {
      runBits += bits[at];
      runSeconds += seconds[at];
      if (runSeconds > 1.5 * targetSeconds) break;
      if (runSeconds >= 0.5 * targetSeconds) peak = Math.max(peak, runBits / runSeconds);
    }
  }
  return { peakBitsPerSecond: Math.ceil(Math.max(peak, average)), averageBitsPerSecond: Math.ceil(average) };
}

/**
 * Least start-up delay, seconds, with which a line of `bitsPerSecond` brings every segment whole before its first picture is due,
 * whichever segment playback starts at (ISO/IEC 23009-1 section 5.3.1.2, minBufferTime, on whole segments).
 */
export function startupSeconds({ segments, timescale }: TimedSegments, bitsPerSecond: number): number {
  let late = 0;
  let worst = 0;
  for (const [i, { sizeBytes }] of segments.entries()) {
    const carried = i === 0 ? 0 : Math.max(0, late - ticksToSeconds(segments[i - 1].durationTicks, { num: 1, den: timescale }));
    late = (sizeBytes * 8) / bitsPerSecond + carried;
    worst = Math.max(worst, late);
  }
  return worst;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
