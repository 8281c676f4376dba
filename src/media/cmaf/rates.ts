import { ticksToSeconds } from '../time.ts';
import type { TimedSegments } from './track-index.ts';

export type SegmentRates = { readonly peakBitsPerSecond: number; readonly averageBitsPerSecond: number };

/** EXT-X-TARGETDURATION for a set of tracks: the longest segment, rounded to whole seconds (RFC 8216 section 4.3.3.1); one value for all (section 6.2.4). */
export function targetDurationSeconds(tracks: readonly TimedSegments[]): number {
  return Math.max(1, ...tracks.map((track) => Math.round(Math.max(...segmentSeconds(track)))));
}

/**
 * Measured rates of a track, bits per second, headers of the fragments included.
 * Peak as RFC 8216 section 4.1 defines it: the largest rate of any run of segments that lasts 0.5 to 1.5 target durations.
 */
export function segmentRates(track: TimedSegments, targetSeconds: number): SegmentRates {
  const seconds = segmentSeconds(track);
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
export function startupSeconds(track: TimedSegments, bitsPerSecond: number): number {
  const seconds = segmentSeconds(track);
  let late = 0;
  let worst = 0;
  for (const [i, segment] of track.segments.entries()) {
    const carried = i === 0 ? 0 : Math.max(0, late - seconds[i - 1]);
    late = (segment.sizeBytes * 8) / bitsPerSecond + carried;
    worst = Math.max(worst, late);
  }
  return worst;
}

function segmentSeconds(track: TimedSegments): number[] {
  return track.segments.map(({ durationTicks }) => ticksToSeconds(durationTicks, { num: 1, den: track.timescale }));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
