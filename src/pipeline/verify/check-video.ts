import type { TimeBase } from '../../media/time.ts';
import type { ExactTime, TrackReading } from './read-video.ts';

/** What the master and the plan say about every picture track of the title. */
export type VideoExpectation = {
  readonly timeBase: TimeBase;
  readonly ptsTicks: Float64Array;
  /** Where the first frame stands on the title's timeline, ticks of the time base. */
  readonly videoStartTicks: number;
  /** Ascending; the first is 0. */
  readonly idrFrames: readonly number[];
};

export type VideoFault = { readonly message: string; readonly frame?: number };

/** Sentences about one picture track: frame count, every presentation time (to the tick), IDRs. Pure; empty when all is right. */
export function checkVideo(reading: TrackReading, expected: VideoExpectation): VideoFault[] {
  return [...countFaults(reading, expected), ...timeFaults(reading, expected), ...startFaults(reading, expected), ...syncFaults(reading, expected)];
}

function countFaults({ ptsTicks }: TrackReading, expected: VideoExpectation): VideoFault[] {
  if (ptsTicks.length === expected.ptsTicks.length) return [];
  return [{ message: `has ${ptsTicks.length} frames and the master has ${expected.ptsTicks.length}` }];
}

/** Times relative to the first frame; only the first wrong one is told, because one lost frame moves all that follow. */
function timeFaults({ ptsTicks, track }: TrackReading, expected: VideoExpectation): VideoFault[] {
  const shown = ptsTicks.slice().sort();
  const { num, den } = expected.timeBase;
  const count = Math.min(shown.length, expected.ptsTicks.length);
  for (let frame = 1; frame < count; frame++) {
    const is = shown[frame] - shown[0];
    const wanted = expected.ptsTicks[frame] - expected.ptsTicks[0];
    if (!sameTime({ ticks: is, timescale: track.timescale }, wanted * num, den)) {
      const [isSeconds, wantedSeconds] = [is / track.timescale, (wanted * num) / den];
      return [{ frame, message: `frame ${frame} is shown ${isSeconds.toFixed(6)} s after the first; in the master it is ${wantedSeconds.toFixed(6)} s` }];
    }
  }
  return [];
}

/** Exact where the movie's timescale allows it: an edit list is rounded up to whole ticks of it. */
function startFaults(reading: TrackReading, expected: VideoExpectation): VideoFault[] {
  const { start, mediaTimeTicks, shown, ptsTicks, track } = reading;
  if (ptsTicks.length === 0) return [];
  const faults: VideoFault[] = [];
  const [first, last] = [ptsTicks.reduce((a, b) => Math.min(a, b)), ptsTicks.reduce((a, b) => Math.max(a, b))];
  const wantedSeconds = (expected.videoStartTicks * expected.timeBase.num) / expected.timeBase.den;
  const isSeconds = start.ticks / start.timescale + (first - mediaTimeTicks) / track.timescale;
  const toleranceSeconds = start.ticks === 0 ? 1e-9 * Math.max(1, isSeconds) : 1 / start.timescale;
  if (Math.abs(isSeconds - wantedSeconds) > toleranceSeconds) {
    faults.push({ frame: 0, message: `the first frame is shown at ${isSeconds.toFixed(6)} s instead of ${wantedSeconds.toFixed(6)} s` });
  }
  if (first < mediaTimeTicks) faults.push({ frame: 0, message: 'the edit list cuts the first frame off' });
  if (shown !== null && (last - mediaTimeTicks) / track.timescale >= shown.ticks / shown.timescale) {
    faults.push({ frame: ptsTicks.length - 1, message: 'the edit list cuts the last frame off' });
  }
  return faults;
}

function syncFaults({ syncSamples, wrongSync, ptsTicks }: TrackReading, { idrFrames }: VideoExpectation): VideoFault[] {
  const faults: VideoFault[] = [];
  if (wrongSync !== null) {
    const message = wrongSync.isIdr ? 'is an IDR and not marked as one' : 'is marked as an IDR and is none';
    faults.push({ frame: wrongSync.sample, message: `sample ${wrongSync.sample} ${message}` });
  }
  const differs = Array.from({ length: Math.max(syncSamples.length, idrFrames.length) }, (_, i) => i).find((i) => syncSamples[i] !== idrFrames[i]);
  if (differs !== undefined) {
    const message = `IDR ${differs} is sample ${syncSamples[differs] ?? 'none'} and the report says ${idrFrames[differs] ?? 'none'}`;
    faults.push({ frame: syncSamples[differs] ?? idrFrames[differs], message });
  }
  const open = openGroup(ptsTicks, syncSamples);
  if (open !== null) faults.push({ frame: open, message: `a picture after IDR ${open} is shown before it, or one before it after it` });
  return faults;
}

/** The first IDR that does not part the pictures before it from those after it; null when all do. */
function openGroup(ptsTicks: Float64Array, syncSamples: readonly number[]): number | null {
  let latest = Number.NEGATIVE_INFINITY;
  for (const [i, sync] of syncSamples.entries()) {
    const group = ptsTicks.subarray(sync, syncSamples[i + 1] ?? ptsTicks.length);
    if (ptsTicks[sync] <= latest || group.some((pts) => pts < ptsTicks[sync])) return sync;
    latest = group.reduce((most, pts) => Math.max(most, pts), latest);
  }
  return null;
}

function sameTime(time: ExactTime, ticks: number, den: number): boolean {
  if (time.timescale === den) return time.ticks === ticks;
  return BigInt(time.ticks) * BigInt(den) === BigInt(ticks) * BigInt(time.timescale);
}
