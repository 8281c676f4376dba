import { AAC_FRAME_SAMPLES } from '../../media/codecs/aac.ts';
import type { ByteSource } from '../../media/isobmff/byte-source.ts';
import { type Movie, type MovieTrack, onlySampleEntry, onlyTrack, readMovie } from '../../media/isobmff/movie.ts';
import type { Extent, TrackSamples } from '../../media/isobmff/sample.ts';
import { finishSampleEntry, readSampleEntry } from '../../media/isobmff/sample-entry.ts';
import { tableSamples } from '../../media/isobmff/sample-tables.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { AudioPlan } from '../../model/plan.ts';
import { type Opener, readable } from './stored-objects.ts';

export type AudioInput = { readonly plan: AudioPlan; readonly objectKey: string };

/** One audio rendition, cut to what is heard. */
export type AudioSamples = {
  readonly plan: AudioPlan;
  readonly sampleEntry: Uint8Array;
  readonly samples: TrackSamples;
  /** Samples the encoder put before the first audible one. */
  readonly primingSamples: number;
  /** Lead silence and sound together. */
  readonly audibleSamples: number;
};

/**
 * Reads an encoded audio rendition and cuts it to the plan: access units behind the last audible sample are left out, and the last unit's duration ends with it.
 * Throws SL-304 when it is not AAC of the planned rate and channels or too short, SL-905 when it cannot be read.
 */
export async function readAudioSamples(input: AudioInput, open: Opener): Promise<AudioSamples> {
  const { source } = await open(input.objectKey);
  const { track, entry, movie } = await readable(input.objectKey, async () => {
    const found = await readMovie(source);
    const only = onlyTrack(found, 'soun');
    return { movie: found, track: only, entry: readSampleEntry(onlySampleEntry(only)) };
  });
  const { plan } = input;
  if (entry.family !== 'aac' || track.timescale !== plan.sampleRate || entry.channels !== plan.channels) {
    throw wrong(
      input,
      `is ${entry.codec} with ${entry.channels} channels at ${track.timescale} Hz where ${plan.channels} at ${plan.sampleRate} Hz were asked for`,
    );
  }
  const primingSamples = primingOf(track, movie, input);
  const audibleSamples = plan.leadSamples + plan.sampleCount;
  const units = Math.ceil((primingSamples + audibleSamples) / AAC_FRAME_SAMPLES);
  if (audibleSamples < 1 || track.tables.sampleCount < units) throw wrong(input, `has ${track.tables.sampleCount} access units where ${units} are needed`);
  const sizesBytes = new Uint32Array(units);
  const extents = await readable(input.objectKey, async () => fillSizes(source, track, sizesBytes));
  const durationsTicks = new Uint32Array(units).fill(AAC_FRAME_SAMPLES);
  durationsTicks[units - 1] = primingSamples + audibleSamples - (units - 1) * AAC_FRAME_SAMPLES;
  const samples = { sizesBytes, durationsTicks, compositionOffsetsTicks: null, syncSamples: null, extents };
  return { plan, sampleEntry: finishSampleEntry(onlySampleEntry(track)), samples, primingSamples, audibleSamples };
}

function primingOf(track: MovieTrack, movie: Movie, input: AudioInput): number {
  const [edit, ...others] = track.edits;
  if (edit === undefined) return 0;
  if (others.length > 0 || edit.mediaTimeTicks < 0)
    throw wrong(input, `has an edit list of ${track.edits.length} entries in a movie of ${movie.timescale} ticks a second`);
  return edit.mediaTimeTicks;
}

/** Fills the sizes of the first access units; every unit but the file's last must last a whole frame. */
function fillSizes(source: ByteSource, track: MovieTrack, sizesBytes: Uint32Array): Extent[] {
  const extents: { source: ByteSource; startBytes: number; sampleCount: number }[] = [];
  let unit = 0;
  let endBytes = -1;
  for (const sample of tableSamples(track.tables, source.sizeBytes)) {
    const isLast = unit === track.tables.sampleCount - 1;
    if (sample.durationTicks !== AAC_FRAME_SAMPLES && !isLast) throw new RangeError(`access unit ${unit} lasts ${sample.durationTicks} samples`);
    if (unit < sizesBytes.length) {
      sizesBytes[unit] = sample.sizeBytes;
      if (sample.offsetBytes === endBytes) extents[extents.length - 1].sampleCount++;
      else extents.push({ source, startBytes: sample.offsetBytes, sampleCount: 1 });
      endBytes = sample.offsetBytes + sample.sizeBytes;
    }
    unit++;
  }
  return extents;
}

function wrong(input: AudioInput, message: string): ScenelineError {
  return new ScenelineError('SL-304', `Audio track ${input.plan.name} ${message}.`, { evidence: { objectKeys: [input.objectKey] } });
}
