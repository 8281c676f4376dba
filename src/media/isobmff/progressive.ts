import { interleave, type Run } from './interleave.ts';
import type { Edit } from './movie.ts';
import { type Layout, PayloadCursor, type Piece } from './pieces.ts';
import type { TrackSamples } from './sample.ts';
import { boxParts, bytesOf, concat, fullBox, totalBytes, u16, u32, u64 } from './write-boxes.ts';
import { type ChapterMark, udtaBox } from './write-metadata.ts';
import { ftypBox, mvhdBox, type TrackHead, trakBox } from './write-movie.ts';
import { chunkOffsetsBox, chunkOffsetsBytes, cttsBox, type StoredRun, stscBox, stssBox, stszBox, sttsBox } from './write-tables.ts';

const MAX_32_BIT = 0xffffffff;
const MAX_TIMESCALE = 0x7fffffff;
const MIN_MOVIE_TIMESCALE = 1000;
/** AAC needs the access unit before the wanted one to decode it right (ISO/IEC 14496-3; signalled as in 14496-12, 10.1). */
const AAC_ROLL_DISTANCE = 0xffff;

export type ProgressiveTrack = Pick<
  TrackHead,
  'kind' | 'sampleEntry' | 'timescale' | 'language' | 'extendedLanguage' | 'handlerName' | 'isEnabled' | 'alternateGroup' | 'widthPx' | 'heightPx'
> & {
  readonly samples: TrackSamples;
  /** Silence or nothing before the track: an empty edit. Ticks of the track's timescale, as all here. */
  readonly startTicks: number;
  /** Place on the media timeline that is presented first. */
  readonly mediaTimeTicks: number;
  /** How much is presented from there. */
  readonly presentedTicks: number;
};

export type ProgressiveFile = {
  readonly brand: 'mp4' | 'm4v';
  readonly title: string;
  readonly chapters: readonly ChapterMark[];
  readonly tracks: readonly ProgressiveTrack[];
};

/** Lays out a progressive file, `ftyp moov mdat`, that plays while it is still arriving. Pure: the media is only pointed at. RangeError when a number does not fit the format. */
export function layoutProgressive(file: ProgressiveFile): Layout {
  const { head, runs, sizeBytes } = layOut(file);
  return {
    sizeBytes,
    pieces: piecesOf(
      file.tracks.map(({ samples: { sizesBytes, extents } }) => ({ sizesBytes, extents })),
      runs,
      head,
    ),
  };
}

type Payload = Pick<TrackSamples, 'sizesBytes' | 'extents'>;

/** By itself, so that nothing but what it needs is kept while a file of hours is written. */
function piecesOf(payloads: readonly Payload[], runs: readonly Run[], head: readonly Uint8Array[]): () => Iterable<Piece> {
  return () => filePieces(payloads, runs, head);
}

function layOut(file: ProgressiveFile): { readonly head: readonly Uint8Array[]; readonly runs: readonly Run[]; readonly sizeBytes: number } {
  const ftyp = file.brand === 'm4v' ? ftypBox('M4V ', 1, ['M4V ', 'isom', 'iso6', 'mp42', 'avc1']) : ftypBox('isom', 0x200, ['isom', 'iso6', 'mp42', 'avc1']);
  const runs = interleave(
    file.tracks.map(({ samples, timescale, startTicks }) => ({ timescale, durationsTicks: samples.durationsTicks, startSeconds: startTicks / timescale })),
  );
  const stored = placeRuns(file.tracks, runs);
  const mdatHead = mdatHeader(stored.sizeBytes);
  const tables = file.tracks.map((track, i) => tablesOf(track, stored.runs[i]));
  const bareBytes = ftyp.byteLength + totalBytes(moovBox(file, tables)) + mdatHead.byteLength;
  const baseWith = (wide: boolean): number => bareBytes + stored.runs.reduce((sum, it) => sum + chunkOffsetsBytes(it.length, wide), 0);
  const wide = baseWith(false) + stored.sizeBytes > MAX_32_BIT;
  const base = baseWith(wide);
  const placed = tables.map((table, i) => [...table, chunkOffsetsBox(stored.runs[i], base, wide)]);
  const head = [ftyp, ...moovBox(file, placed), mdatHead];
  return { head, runs, sizeBytes: base + stored.sizeBytes };
}

/**
 * A movie timescale in which all these times are whole numbers: the least common multiple of their reduced denominators, at least 1000. The first times matter
 * most: where one would carry it beyond 31 bits, the timescale is made as fine as it can be instead, and the rest is rounded.
 */
export function chooseMovieTimescale(times: readonly { readonly ticks: number; readonly timescale: number }[]): number {
  let timescale = 1;
  for (const time of times) {
    const denominator = time.timescale / greatestCommonDivisor(time.ticks, time.timescale);
    const common = (timescale / greatestCommonDivisor(timescale, denominator)) * denominator;
    if (common > MAX_TIMESCALE) return timescale * Math.floor(MAX_TIMESCALE / timescale);
    timescale = common;
  }
  return timescale * Math.max(1, Math.ceil(MIN_MOVIE_TIMESCALE / timescale));
}

function* filePieces(payloads: readonly Payload[], runs: readonly Run[], head: readonly Uint8Array[]): Generator<Piece> {
  for (const bytes of head) yield { bytes };
  const cursors = payloads.map(({ sizesBytes, extents }) => new PayloadCursor(sizesBytes, extents));
  for (const run of runs) yield* cursors[run.track].take(run.sampleCount);
}

/** Where each run starts, counted from the first byte of media. */
function placeRuns(tracks: readonly ProgressiveTrack[], runs: readonly Run[]): { runs: StoredRun[][]; sizeBytes: number } {
  const stored: StoredRun[][] = tracks.map(() => []);
  let sizeBytes = 0;
  for (const run of runs) {
    stored[run.track].push({ offsetBytes: sizeBytes, sampleCount: run.sampleCount });
    const { sizesBytes } = tracks[run.track].samples;
    for (let i = run.firstSample; i < run.firstSample + run.sampleCount; i++) sizeBytes += sizesBytes[i];
  }
  return { runs: stored, sizeBytes };
}

function mdatHeader(payloadBytes: number): Uint8Array {
  if (payloadBytes + 8 <= MAX_32_BIT) return concat([u32(payloadBytes + 8), bytesOf('mdat')]);
  return concat([u32(1), bytesOf('mdat'), u64(payloadBytes + 16)]);
}

/** `tables` are the sample tables of each track. */
function moovBox(file: ProgressiveFile, tables: readonly (readonly Uint8Array[])[]): Uint8Array[] {
  const { tracks } = file;
  const timescale = chooseMovieTimescale([
    ...tracks.map((track) => ({ ticks: track.startTicks, timescale: track.timescale })),
    ...tracks.map((track) => ({ ticks: track.presentedTicks, timescale: track.timescale })),
  ]);
  const traks = tracks.map((track, i) => {
    const edits = editsOf(track, timescale);
    const head: TrackHead = {
      ...track,
      trackId: i + 1,
      edits,
      movieDurationTicks: durationOf(edits),
      mediaDurationTicks: track.mediaTimeTicks + track.presentedTicks,
    };
    return { durationTicks: head.movieDurationTicks, parts: trakBox(head, tables[i]) };
  });
  const mvhd = mvhdBox({ timescale, durationTicks: Math.max(...traks.map((trak) => trak.durationTicks)), nextTrackId: tracks.length + 1 });
  return boxParts('moov', [mvhd, ...traks.flatMap((trak) => trak.parts), udtaBox(file.title, file.chapters)]);
}

function editsOf(track: ProgressiveTrack, movieTimescale: number): Edit[] {
  const inMovie = (ticks: number): number => ceilScaled(ticks, movieTimescale, track.timescale);
  const shown = { durationTicks: inMovie(track.presentedTicks), mediaTimeTicks: track.mediaTimeTicks };
  return track.startTicks === 0 ? [shown] : [{ durationTicks: inMovie(track.startTicks), mediaTimeTicks: -1 }, shown];
}

function durationOf(edits: readonly Edit[]): number {
  return edits.reduce((sum, edit) => sum + edit.durationTicks, 0);
}

/** All tables but the chunk offsets, which depend on the size of the others. */
function tablesOf(track: ProgressiveTrack, runs: readonly StoredRun[]): Uint8Array[] {
  const { samples } = track;
  return [
    ...sttsBox(samples.durationsTicks),
    ...(samples.compositionOffsetsTicks === null ? [] : cttsBox(samples.compositionOffsetsTicks)),
    ...(samples.syncSamples === null ? [] : [stssBox(samples.syncSamples)]),
    stscBox(runs),
    ...stszBox(samples.sizesBytes),
    ...(track.kind === 'audio' ? audioRoll(samples.sizesBytes.length) : []),
  ];
}

/** All samples belong to one group of roll distance -1 (8.9.2, 8.9.3). */
function audioRoll(sampleCount: number): Uint8Array[] {
  const roll = bytesOf('roll');
  return [fullBox('sgpd', 1, 0, roll, u32(2), u32(1), u16(AAC_ROLL_DISTANCE)), fullBox('sbgp', 0, 0, roll, u32(1), u32(sampleCount), u32(1))];
}

/** `ticks * to / from` without loss, rounded up: an edit that is too short would cut the last frame off. */
function ceilScaled(ticks: number, to: number, from: number): number {
  const numerator = BigInt(ticks) * BigInt(to);
  const denominator = BigInt(from);
  return Number((numerator + denominator - 1n) / denominator);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
