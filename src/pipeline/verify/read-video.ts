import { createHash } from 'node:crypto';
import { type ByteSource, windowedSource } from '../../media/isobmff/byte-source.ts';
import { readFragments } from '../../media/isobmff/fragments.ts';
import { type Movie, type MovieTrack, onlySampleEntry, readMovie } from '../../media/isobmff/movie.ts';
import type { Sample } from '../../media/isobmff/sample.ts';
import { readSampleEntry, type SampleEntryFacts, sampleEntryIdentity } from '../../media/isobmff/sample-entry.ts';
import { tableSamples } from '../../media/isobmff/sample-tables.ts';
import { NumberList } from './frame-lines.ts';

const WINDOW_BYTES = 1024 * 1024;

/** A rational number of seconds. */
export type ExactTime = { readonly ticks: number; readonly timescale: number };

/** One track of a finished file, read from its boxes and its media. */
export type TrackReading = {
  readonly movie: Movie;
  readonly track: MovieTrack;
  readonly facts: SampleEntryFacts;
  /** Equal for tracks that decode to the same: sample description and media, byte for byte. */
  readonly contentSha256: string;
  /** Place of the media timeline's `mediaTimeTicks` on the title's timeline. */
  readonly start: ExactTime;
  readonly mediaTimeTicks: number;
  /** From the edit list; null: to the end of the media. Ticks of the movie's timescale. */
  readonly shown: ExactTime | null;
  /** Decode order; presentation times on the media timeline. */
  readonly ptsTicks: Float64Array;
  /** Sum of all durations. */
  readonly mediaTicks: number;
  /** Numbers of samples marked as sync, in decode order. */
  readonly syncSamples: readonly number[];
  /** First sample whose mark and content disagree about its being an IDR; null: none. */
  readonly wrongSync: { readonly sample: number; readonly isIdr: boolean } | null;
  /** Where fragments start in the file, and their first samples; empty for a progressive file. */
  readonly fragments: readonly { readonly moofStart: number; readonly firstSample: number }[];
};

/** Reads the `index`-th track of a kind. Every byte of its media is read once. RangeError: malformed or cut off. */
export async function readTrack(source: ByteSource, handler: 'vide' | 'soun', index: number): Promise<TrackReading> {
  const movie = await readMovie(source);
  const track = movie.tracks.filter((it) => it.handler === handler)[index];
  if (track === undefined) throw new RangeError(`there is no ${handler} track ${index}`);
  const entry = onlySampleEntry(track);
  const facts = readSampleEntry(entry);
  const hash = createHash('sha256').update(sampleEntryIdentity(entry));
  const media = windowedSource(source, WINDOW_BYTES);
  const pts = new NumberList();
  const syncSamples: number[] = [];
  const fragments: { moofStart: number; firstSample: number }[] = [];
  let wrongSync: TrackReading['wrongSync'] = null;
  let mediaTicks = 0;
  const take = async (sample: Sample): Promise<void> => {
    const bytes = await media.read(sample.offsetBytes, sample.offsetBytes + sample.sizeBytes);
    hash.update(bytes);
    if (sample.isSync) syncSamples.push(pts.length);
    const isIdr = facts.isIdr(bytes);
    if (isIdr !== sample.isSync) wrongSync ??= { sample: pts.length, isIdr };
    pts.push(sample.ptsTicks);
    mediaTicks += sample.durationTicks;
  };
  if (movie.defaults.length === 0) for (const sample of tableSamples(track.tables, source.sizeBytes)) await take(sample);
  else {
    for await (const { moofStart, samples } of readFragments(source, movie, track.trackId)) {
      fragments.push({ moofStart, firstSample: pts.length });
      for (const sample of samples) await take(sample);
    }
  }
  const ptsTicks = pts.toArray();
  return { movie, track, facts, contentSha256: hash.digest('hex'), ...placement(movie, track), ptsTicks, mediaTicks, syncSamples, wrongSync, fragments };
}

/** An empty edit at most, then one that shows the media (ISO/IEC 14496-12, 8.6.6). RangeError for anything else. */
function placement(movie: Movie, track: MovieTrack): Pick<TrackReading, 'start' | 'mediaTimeTicks' | 'shown'> {
  const edits = [...track.edits];
  const empty = edits[0]?.mediaTimeTicks === -1 ? edits.shift() : undefined;
  const [shown, ...others] = edits;
  if (others.length > 0 || (shown !== undefined && shown.mediaTimeTicks < 0)) throw new RangeError('the edit list has another form than ours');
  return {
    start: { ticks: empty?.durationTicks ?? 0, timescale: movie.timescale },
    mediaTimeTicks: shown?.mediaTimeTicks ?? 0,
    shown: shown === undefined || shown.durationTicks === 0 ? null : { ticks: shown.durationTicks, timescale: movie.timescale },
  };
}
