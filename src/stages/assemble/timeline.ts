import type { TimeBase } from '../../media/time.ts';

/** The longest step at which decode times run ahead of the first picture; a slow first frame must not delay the whole title. */
const MAX_FIRST_STEP_SECONDS = 0.1;

export type TimelineInput = {
  /** Of every frame in presentation order, source ticks, strictly ascending. */
  readonly ptsTicks: Float64Array;
  readonly endPtsTicks: number;
  readonly timeBase: TimeBase;
  /** Where the first frame stands on the title's timeline, source ticks. */
  readonly videoStartTicks: number;
  /** Frame number of every sample in decode order. */
  readonly frameOfSample: Uint32Array;
};

/** Times of a whole title's samples in ticks of the track's timescale. */
export type Timeline = {
  readonly timescale: number;
  /** Decode time to the next sample, in decode order. */
  readonly durationsTicks: Uint32Array;
  /** Presentation minus decode time; null when no sample is reordered. */
  readonly compositionOffsetsTicks: Uint32Array | null;
  /** The one composition offset: place of the first picture on the media timeline, for the edit list. */
  readonly mediaTimeTicks: number;
  readonly startTicks: number;
  /** From the first picture to the end of the last one. */
  readonly presentedTicks: number;
};

/**
 * Gives every sample its times from the frame index alone, whatever the chunks' own clocks say.
 *
 * With R the largest number of places by which a frame is decoded after its place in presentation order, and p the presentation times from zero:
 * decode time of sample j is p[j - R] + X, and the frame is presented at p[frame] + X. So no composition offset is negative, decode times ascend strictly,
 * and X, which the edit list takes away again, is constant over the title. The first R samples ascend evenly from zero to X.
 * RangeError: times that do not ascend, or a step that does not fit in 31 bits.
 */
export function timelineOf(input: TimelineInput): Timeline {
  const { ptsTicks, timeBase, frameOfSample } = input;
  const count = ptsTicks.length;
  if (count === 0 || frameOfSample.length !== count) throw new RangeError(`${frameOfSample.length} samples for ${count} frames`);
  const at = (frame: number): number => (ptsTicks[frame] - ptsTicks[0]) * timeBase.num;
  const presentedTicks = (input.endPtsTicks - ptsTicks[0]) * timeBase.num;
  const reorder = reorderDepth(frameOfSample);
  const firstStep = count > 1 ? Math.min(at(1), Math.max(1, Math.floor(timeBase.den * MAX_FIRST_STEP_SECONDS))) : 0;
  const mediaTimeTicks = reorder * firstStep;
  const dtsOf = (sample: number): number => (sample < reorder ? sample * firstStep : at(sample - reorder) + mediaTimeTicks);
  const durationsTicks = new Uint32Array(count);
  const offsets = reorder === 0 ? null : new Uint32Array(count);
  for (let sample = 0; sample < count; sample++) {
    const dtsTicks = dtsOf(sample);
    const nextDtsTicks = sample + 1 < count ? dtsOf(sample + 1) : endOfDecoding(dtsOf(count - 1), reorder, at, count, presentedTicks, mediaTimeTicks);
    durationsTicks[sample] = fitting(nextDtsTicks - dtsTicks, 1, sample);
    if (offsets !== null) offsets[sample] = fitting(at(frameOfSample[sample]) + mediaTimeTicks - dtsTicks, 0, sample);
  }
  return {
    timescale: timeBase.den,
    durationsTicks,
    compositionOffsetsTicks: offsets,
    mediaTimeTicks,
    startTicks: input.videoStartTicks * timeBase.num,
    presentedTicks,
  };
}

/**
 * When the last sample's decode duration ends. With reordering it goes on at the pace of the presentation times, as encoders write it, but never so early that the
 * decode durations add up to less than the presentation lasts: readers take the track's length from their sum.
 */
function endOfDecoding(
  lastDtsTicks: number,
  reorder: number,
  at: (frame: number) => number,
  count: number,
  presentedTicks: number,
  mediaTimeTicks: number,
): number {
  const paced = reorder === 0 ? presentedTicks : at(Math.max(0, count - reorder)) + mediaTimeTicks;
  return Math.max(paced, presentedTicks, lastDtsTicks + 1);
}

function reorderDepth(frameOfSample: Uint32Array): number {
  let depth = 0;
  for (let sample = 0; sample < frameOfSample.length; sample++) depth = Math.max(depth, sample - frameOfSample[sample]);
  return depth;
}

/** 31 bits, because common readers take these unsigned fields for signed ones. */
function fitting(ticks: number, least: number, sample: number): number {
  if (!(ticks >= least && ticks <= 0x7fffffff)) throw new RangeError(`sample ${sample} would get a step of ${ticks} ticks`);
  return ticks;
}
