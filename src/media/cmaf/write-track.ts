import type { Edit } from '../isobmff/movie.ts';
import { type Layout, PayloadCursor, type Piece } from '../isobmff/pieces.ts';
import type { TrackSamples } from '../isobmff/sample.ts';
import { readSampleEntry } from '../isobmff/sample-entry.ts';
import { sidxBox } from '../isobmff/sidx.ts';
import { box, bytesOf, concat, fullBox, u32, u64 } from '../isobmff/write-boxes.ts';
import { emptyTables, ftypBox, mvhdBox, trakBox } from '../isobmff/write-movie.ts';
import type { CmafSegment, CmafTrack } from './track.ts';

const TRACK_ID = 1;
const BASE_IS_MOOF = 0x20000;
const DEFAULT_DURATION = 0x8;
const DEFAULT_FLAGS = 0x20;
const TRUN_DATA_OFFSET = 0x1;
const TRUN_FIRST_FLAGS = 0x4;
const TRUN_DURATION = 0x100;
const TRUN_SIZE = 0x200;
const TRUN_COMPOSITION = 0x800;
/** sample_depends_on 2 (nothing else), and 1 with sample_is_non_sync_sample (ISO/IEC 14496-12, 8.8.3.1). */
const SYNC_FLAGS = 0x2000000;
const NON_SYNC_FLAGS = 0x1010000;
const MAX_STEP_TICKS = 0x7fffffff;

export type CmafInput = {
  readonly name: string;
  readonly file: string;
  readonly sampleEntry: Uint8Array;
  readonly timescale: number;
  /** ISO 639-2/T for the media header. */
  readonly language: string;
  readonly extendedLanguage: string | null;
  readonly handlerName: string;
  readonly samples: TrackSamples;
  /** Sample numbers at which fragments start, ascending, the first zero; every one a sync sample. */
  readonly fragmentStarts: readonly number[];
  /** Where the samples' clock starts on the title's timeline, priming and composition offset taken away. */
  readonly startTicks: number;
  /** Shift from decode to presentation time that the edit list takes away: composition offset of video, priming of audio. */
  readonly mediaTimeTicks: number;
  /** Presentation time at which the track ends, on the title's timeline. */
  readonly endTicks: number;
  /** What the manifests say besides. */
  readonly facts: Pick<CmafTrack, 'language' | 'title' | 'isDefault' | 'sampleRate'>;
};

type FragmentPlan = {
  readonly firstSample: number;
  readonly sampleCount: number;
  readonly payloadBytes: number;
  readonly decodeTicks: number;
  readonly startTicks: number;
};

/**
 * Lays out a single-file CMAF track (ISO/IEC 23000-19, 7.3): `ftyp moov sidx (moof mdat)*`, one fragment for each entry of the index.
 * The edit list only takes the composition offset or priming away, with duration zero as 7.5.13 there demands; `sidx` times are presentation times.
 * Pure. RangeError when a number does not fit the format.
 */
export function layoutCmafTrack(given: CmafInput): { readonly track: CmafTrack; readonly layout: Layout } {
  const input = decodedFromZero(given);
  const entry = readSampleEntry(input.sampleEntry);
  const fragments = planFragments(input);
  const init = initSegment(input, entry);
  const references = fragments.map((fragment, i) => ({
    sizeBytes: moofBytes(input, fragment, runOf(input.samples, fragment)) + 8 + fragment.payloadBytes,
    durationTicks: (fragments[i + 1]?.startTicks ?? input.endTicks) - fragment.startTicks,
  }));
  const sidx = sidxBox({ referenceId: TRACK_ID, timescale: input.timescale, earliestTicks: fragments[0].startTicks, references });
  const firstOffsetBytes = init.byteLength + sidx.byteLength;
  let offsetBytes = firstOffsetBytes;
  const segments = references.map((reference, i): CmafSegment => {
    const { startTicks, decodeTicks } = fragments[i];
    const segment = { offsetBytes, startTicks, decodeTicks, ...reference };
    offsetBytes += reference.sizeBytes;
    return segment;
  });
  const track: CmafTrack = {
    name: input.name,
    file: input.file,
    kind: entry.kind,
    codec: entry.codec,
    timescale: input.timescale,
    initRange: { start: 0, endExclusive: init.byteLength },
    indexRange: { start: init.byteLength, endExclusive: firstOffsetBytes },
    segments,
    sizeBytes: offsetBytes,
    ...(entry.kind === 'video'
      ? {
          widthPx: entry.widthPx,
          heightPx: entry.heightPx,
          frameCount: input.samples.sizesBytes.length,
          ...(entry.videoRange ? { videoRange: entry.videoRange } : {}),
        }
      : { channels: entry.channels }),
    ...input.facts,
  };
  return { track, layout: { sizeBytes: offsetBytes, pieces: () => trackPieces(input, fragments, concat([init, sidx])) } };
}

/**
 * The same pictures or sounds at the same times, with a decode clock that starts with the title: the wait before a late first sample is a longer step to the
 * second one. Players that line tracks up by their first `tfdt` (all of HLS) would otherwise play a late picture too early.
 */
function decodedFromZero(input: CmafInput): CmafInput {
  const { startTicks, samples } = input;
  if (startTicks === 0) return input;
  const durationsTicks = samples.durationsTicks.slice();
  const compositionOffsetsTicks = samples.compositionOffsetsTicks?.slice() ?? new Uint32Array(durationsTicks.length);
  for (const column of [durationsTicks, compositionOffsetsTicks]) {
    if (column[0] + startTicks > MAX_STEP_TICKS) throw new RangeError(`a first sample ${startTicks} ticks late does not fit in 31 bits`);
    column[0] += startTicks;
  }
  return { ...input, startTicks: 0, samples: { ...samples, durationsTicks, compositionOffsetsTicks } };
}

function planFragments(input: CmafInput): FragmentPlan[] {
  const { sizesBytes, durationsTicks, compositionOffsetsTicks } = input.samples;
  const starts = input.fragmentStarts;
  if (starts[0] !== 0) throw new RangeError('the first fragment does not start with the first sample');
  let decodeTicks = input.startTicks;
  return starts.map((firstSample, i) => {
    const endExclusive = starts[i + 1] ?? sizesBytes.length;
    if (endExclusive <= firstSample) throw new RangeError(`fragment ${i} has no samples`);
    const presentationTicks = decodeTicks + (compositionOffsetsTicks?.[firstSample] ?? 0) - input.mediaTimeTicks;
    const fragment = { firstSample, sampleCount: endExclusive - firstSample, payloadBytes: sum(sizesBytes, firstSample, endExclusive), decodeTicks };
    decodeTicks += sum(durationsTicks, firstSample, endExclusive);
    return { ...fragment, startTicks: Math.max(0, presentationTicks) };
  });
}

function initSegment(input: CmafInput, entry: { kind: 'video' | 'audio'; widthPx: number; heightPx: number }): Uint8Array {
  const edits: Edit[] = input.mediaTimeTicks === 0 ? [] : [{ durationTicks: 0, mediaTimeTicks: input.mediaTimeTicks }];
  const trak = trakBox(
    {
      trackId: TRACK_ID,
      kind: entry.kind,
      sampleEntry: input.sampleEntry,
      timescale: input.timescale,
      mediaDurationTicks: 0,
      movieDurationTicks: 0,
      language: input.language,
      extendedLanguage: input.extendedLanguage,
      handlerName: input.handlerName,
      isEnabled: true,
      alternateGroup: 0,
      widthPx: entry.widthPx,
      heightPx: entry.heightPx,
      edits,
    },
    emptyTables(),
  );
  const mvex = box('mvex', fullBox('mehd', 1, 0, u64(input.endTicks)), fullBox('trex', 0, 0, u32(TRACK_ID), u32(1), u32(0), u32(0), u32(0)));
  const mvhd = mvhdBox({ timescale: input.timescale, durationTicks: 0, nextTrackId: TRACK_ID + 1 });
  return concat([ftypBox('cmfc', 0, ['cmfc', 'iso6', 'dash']), box('moov', mvhd, ...trak, mvex)]);
}

function* trackPieces(input: CmafInput, fragments: readonly FragmentPlan[], head: Uint8Array): Generator<Piece> {
  yield { bytes: head };
  const cursor = new PayloadCursor(input.samples.sizesBytes, input.samples.extents);
  for (const [i, fragment] of fragments.entries()) {
    yield { bytes: concat([moofBox(input, fragment, i + 1), u32(fragment.payloadBytes + 8), bytesOf('mdat')]) };
    yield* cursor.take(fragment.sampleCount);
  }
}

/** Size of the box, without making its lines. */
function moofBytes(input: CmafInput, fragment: FragmentPlan, run: Run): number {
  return moofAround(input, fragment, { run, sequence: 0, dataOffsetBytes: 0, lines: new Uint8Array() }).byteLength + linesBytes(run);
}

function moofBox(input: CmafInput, fragment: FragmentPlan, sequence: number): Uint8Array {
  const run = runOf(input.samples, fragment);
  const dataOffsetBytes = moofBytes(input, fragment, run) + 8;
  return moofAround(input, fragment, { run, sequence, dataOffsetBytes, lines: linesOf(run) });
}

type MoofParts = { readonly run: Run; readonly sequence: number; readonly dataOffsetBytes: number; readonly lines: Uint8Array };

function moofAround(input: CmafInput, fragment: FragmentPlan, { run, sequence, dataOffsetBytes, lines }: MoofParts): Uint8Array {
  const constantDuration = run.constantDurationTicks === null ? [] : [u32(run.constantDurationTicks)];
  const isSyncOnly = input.samples.syncSamples === null;
  const tfhdFlags = BASE_IS_MOOF + DEFAULT_FLAGS + (constantDuration.length > 0 ? DEFAULT_DURATION : 0);
  const tfhd = fullBox('tfhd', 0, tfhdFlags, u32(TRACK_ID), ...constantDuration, u32(isSyncOnly ? SYNC_FLAGS : NON_SYNC_FLAGS));
  const tfdt = fullBox('tfdt', 1, 0, u64(fragment.decodeTicks));
  const firstFlags = isSyncOnly ? [] : [u32(SYNC_FLAGS)];
  const trun = fullBox('trun', 0, run.flags, u32(fragment.sampleCount), u32(dataOffsetBytes), ...firstFlags, lines);
  return box('moof', fullBox('mfhd', 0, 0, u32(sequence)), box('traf', tfhd, tfdt, trun));
}

/** The run of one fragment. A duration that all samples share is left to `tfhd`. */
type Run = { readonly constantDurationTicks: number | null; readonly flags: number; readonly columns: readonly Uint32Array[] };

function runOf(samples: TrackSamples, { firstSample, sampleCount }: FragmentPlan): Run {
  const durations = samples.durationsTicks.subarray(firstSample, firstSample + sampleCount);
  const offsets = samples.compositionOffsetsTicks;
  const constantDurationTicks = durations.every((duration) => duration === durations[0]) ? durations[0] : null;
  const columns: Uint32Array[] = [samples.sizesBytes.subarray(firstSample, firstSample + sampleCount)];
  if (constantDurationTicks === null) columns.unshift(durations);
  if (offsets !== null) columns.push(offsets.subarray(firstSample, firstSample + sampleCount));
  const flags =
    TRUN_DATA_OFFSET +
    TRUN_SIZE +
    (samples.syncSamples === null ? 0 : TRUN_FIRST_FLAGS) +
    (constantDurationTicks === null ? TRUN_DURATION : 0) +
    (offsets === null ? 0 : TRUN_COMPOSITION);
  return { constantDurationTicks, flags, columns };
}

function linesBytes({ columns }: Run): number {
  return columns[0].length * columns.length * 4;
}

function linesOf(run: Run): Uint8Array {
  const lines = new Uint8Array(linesBytes(run));
  const view = new DataView(lines.buffer);
  run.columns.forEach((column, c) => {
    for (let i = 0; i < column.length; i++) view.setUint32((i * run.columns.length + c) * 4, column[i]);
  });
  return lines;
}

function sum(values: Uint32Array, start: number, endExclusive: number): number {
  let total = 0;
  for (let i = start; i < endExclusive; i++) total += values[i];
  return total;
}
