import type { FileRange } from '../../media/cmaf/file-range.ts';
import { presentationSeconds } from '../../media/cmaf/presentation.ts';
import { playlistLengthsUs, segmentRates, targetDurationSeconds } from '../../media/cmaf/rates.ts';
import type { TimedSegments } from '../../media/cmaf/track-index.ts';
import type { Mpd, MpdSet } from '../../media/dash/parse-mpd.ts';
import type { MediaPlaylist, MultivariantPlaylist } from '../../media/hls/parse.ts';
import type { Cue } from '../../media/webvtt/cues.ts';
import { MPD_FILE, MULTIVARIANT_FILE, THUMBNAILS_FILE } from './package-file.ts';

/** A track as its own index tells it. */
export type ProvenTrack = TimedSegments & {
  readonly file: string;
  readonly kind: 'video' | 'audio';
  readonly initRange: FileRange;
  readonly indexRange: FileRange;
};

/** Everything a package says, read but not yet believed. */
export type PackageView = {
  readonly sizes: ReadonlyMap<string, number>;
  readonly mpd: Mpd;
  readonly multivariant: MultivariantPlaylist;
  readonly playlists: ReadonlyMap<string, MediaPlaylist>;
  readonly texts: ReadonlyMap<string, readonly Cue[]>;
  readonly tracks: readonly ProvenTrack[];
};

/** Times in manifests are rounded to microseconds. */
const ROUNDING_SECONDS = 2e-6;

/**
 * Holds the manifests to the tracks' own indexes and to each other; pure. One sentence for each fault:
 * ranges outside files or off the index, rungs whose segments are not at the same times, rates and lengths that are not the measured ones,
 * members that only one manifest has, files that no manifest names.
 */
export function checkPackage(view: PackageView): string[] {
  return [...rangeFaults(view), ...alignmentFaults(view.tracks), ...dashFaults(view), ...hlsFaults(view), ...textFaults(view), ...strayFaults(view)];
}

function rangeFaults({ tracks, sizes }: PackageView): string[] {
  return tracks.flatMap(({ file, initRange, indexRange, segments }) => {
    const faults: string[] = [];
    if (initRange.start !== 0 || initRange.endExclusive !== indexRange.start) faults.push(`${file}: header and index do not follow each other from the start`);
    const sizeBytes = sizes.get(file) ?? 0;
    const outside = segments.findIndex((segment) => segment.offsetBytes < indexRange.endExclusive || segment.offsetBytes + segment.sizeBytes > sizeBytes);
    if (outside >= 0) faults.push(`${file}: segment ${outside} is outside of the file`);
    const empty = segments.findIndex((segment) => segment.sizeBytes <= 0 || segment.durationTicks <= 0);
    if (empty >= 0) faults.push(`${file}: segment ${empty} is empty`);
    return faults;
  });
}

/** Segments of all rungs start and end together, so a player can change between any two at any border. */
function alignmentFaults(tracks: readonly ProvenTrack[]): string[] {
  const [first, ...others] = tracks.filter(({ kind }) => kind === 'video');
  return others.flatMap((track) => {
    if (track.segments.length !== first.segments.length) {
      return [`${track.file} has ${track.segments.length} segments and ${first.file} has ${first.segments.length}`];
    }
    const differs = track.segments.findIndex((segment, i) => {
      const other = first.segments[i];
      return !sameTime(segment.startTicks, track, other.startTicks, first) || !sameTime(segment.durationTicks, track, other.durationTicks, first);
    });
    return differs < 0 ? [] : [`segment ${differs} of ${track.file} is not at the time of that of ${first.file}`];
  });
}

function sameTime(ticksA: number, a: TimedSegments, ticksB: number, b: TimedSegments): boolean {
  if (a.timescale === b.timescale) return ticksA === ticksB;
  return BigInt(ticksA) * BigInt(b.timescale) === BigInt(ticksB) * BigInt(a.timescale);
}

function dashFaults({ mpd, tracks }: PackageView): string[] {
  const faults: string[] = [];
  const target = targetDurationSeconds(tracks);
  const byFile = new Map(tracks.map((track) => [track.file, track]));
  for (const set of mpd.sets) {
    for (const representation of set.representations) {
      const track = byFile.get(representation.file ?? '');
      if (!track) continue;
      const peak = segmentRates(track, target).peakBitsPerSecond;
      if (representation.bandwidth !== peak) faults.push(`${MPD_FILE}: ${track.file} is said to need ${representation.bandwidth} bit/s and needs ${peak}`);
    }
  }
  const seconds = presentationSeconds(tracks);
  if (Math.abs(mpd.durationSeconds - seconds) > ROUNDING_SECONDS) {
    faults.push(`${MPD_FILE} says ${mpd.durationSeconds} s and the tracks last ${seconds} s`);
  }
  return faults;
}

function hlsFaults(view: PackageView): string[] {
  const { multivariant, playlists, tracks } = view;
  const faults: string[] = [];
  const target = targetDurationSeconds(tracks);
  const named = new Set<string>();
  for (const [file, playlist] of playlists) {
    const track = tracks.find((candidate) => candidate.file === playlist.map?.uri);
    if (!playlist.isComplete) faults.push(`${file} is not a complete playlist`);
    if (!track) continue;
    named.add(track.file);
    if (playlist.targetSeconds !== target) faults.push(`${file} has target duration ${playlist.targetSeconds} instead of ${target}`);
    faults.push(...playlistFaults(file, playlist, track));
  }
  for (const { file } of tracks) if (!named.has(file)) faults.push(`${file} is in no playlist`);
  for (const { uri, attributes } of multivariant.variants) faults.push(...rateFaults(view, uri, attributes));
  return faults;
}

function playlistFaults(file: string, playlist: MediaPlaylist, track: ProvenTrack): string[] {
  if (!sameRange(playlist.map?.range ?? null, track.initRange)) return [`${file}: its header is not that of ${track.file}`];
  if (playlist.segments.length !== track.segments.length)
    return [`${file} has ${playlist.segments.length} segments and ${track.file} has ${track.segments.length}`];
  const lengthsUs = playlistLengthsUs(track);
  const differs = playlist.segments.findIndex(({ uri, range, durationSeconds }, i) => {
    const { offsetBytes, sizeBytes } = track.segments[i];
    const isThere = uri === track.file && sameRange(range, { start: offsetBytes, endExclusive: offsetBytes + sizeBytes });
    return !isThere || durationSeconds !== lengthsUs[i] / 1_000_000;
  });
  return differs < 0 ? [] : [`${file}: segment ${differs} is not entry ${differs} of the index of ${track.file}`];
}

/** BANDWIDTH is the measured peak of the variant with the largest sound of its group (RFC 8216 section 4.3.4.2), of which it may itself be one. */
function rateFaults({ multivariant, playlists, tracks }: PackageView, uri: string, attributes: ReadonlyMap<string, string>): string[] {
  const group = attributes.get('AUDIO');
  const sound = multivariant.media.filter((tag) => tag.get('TYPE') === 'AUDIO' && tag.get('GROUP-ID') === group);
  const target = targetDurationSeconds(tracks);
  const peakOf = (playlist: string | undefined) => {
    const track = tracks.find(({ file }) => file === playlists.get(playlist ?? '')?.map?.uri);
    return track ? segmentRates(track, target).peakBitsPerSecond : 0;
  };
  const isSound = sound.some((tag) => tag.get('URI') === uri);
  const peak = (isSound ? 0 : peakOf(uri)) + sound.reduce((most, tag) => Math.max(most, peakOf(tag.get('URI'))), 0);
  const said = attributes.get('BANDWIDTH');
  return said === String(peak) ? [] : [`${MULTIVARIANT_FILE}: ${uri} is said to need ${said} bit/s and needs ${peak}`];
}

function textFaults({ mpd, playlists, texts, tracks, sizes }: PackageView): string[] {
  const faults: string[] = [];
  const inMpd = mpd.sets.filter(({ contentType }) => contentType === 'text').map((set) => set.representations[0]?.file);
  const textPlaylists = [...playlists].filter(([, playlist]) => playlist.map === null);
  const inHls = textPlaylists.map(([, { segments }]) => segments[0]?.uri);
  for (const file of new Set([...inMpd, ...inHls])) {
    if (!file || !texts.has(file)) faults.push(`${file} is named and is no text`);
    if (!inMpd.includes(file) || !inHls.includes(file!)) faults.push(`${file} is in one manifest only`);
  }
  const seconds = presentationSeconds(tracks);
  for (const [file, { segments }] of textPlaylists) {
    const isOne = segments.length === 1 && segments[0].range === null && Math.abs(segments[0].durationSeconds - seconds) <= ROUNDING_SECONDS;
    if (!isOne) faults.push(`${file} is not one segment of ${seconds} s`);
  }
  return [...faults, ...sheetFaults(mpd, texts, sizes)];
}

/** The sheets that the thumbnail cues name are those that the MPD's template gives, and they are there. */
function sheetFaults(mpd: Mpd, texts: PackageView['texts'], sizes: PackageView['sizes']): string[] {
  const cues = texts.get(THUMBNAILS_FILE) ?? [];
  const named = [...new Set(cues.map(({ payload }) => payload.split('#', 1)[0]))];
  const template = mpd.sets.find((set) => set.template)?.template;
  const given = template ? sheetNames(template, named.length) : [];
  if (named.join() !== given.join()) return [`${THUMBNAILS_FILE} and ${MPD_FILE} name different sheets`];
  return named.filter((file) => !sizes.has(file)).map((file) => `${file} is missing`);
}

function sheetNames({ media, startNumber }: NonNullable<MpdSet['template']>, count: number): string[] {
  const number = (i: number) => media.replace(/\$Number%0(\d)d\$/, (_all, digits) => String(startNumber + i).padStart(Number(digits), '0'));
  return Array.from({ length: count }, (_, i) => number(i));
}

function strayFaults({ sizes, tracks, playlists, texts }: PackageView): string[] {
  const sheets = (texts.get(THUMBNAILS_FILE) ?? []).map(({ payload }) => payload.split('#', 1)[0]);
  const inPlaylists = [...playlists.values()].flatMap(({ segments }) => segments.slice(0, 1).map(({ uri }) => uri));
  const named = new Set([MPD_FILE, MULTIVARIANT_FILE, THUMBNAILS_FILE, ...playlists.keys(), ...tracks.map(({ file }) => file), ...inPlaylists, ...sheets]);
  return [...sizes.keys()].filter((file) => !named.has(file)).map((file) => `${file} is named by no manifest`);
}

function sameRange(a: FileRange | null, b: FileRange): boolean {
  return a !== null && a.start === b.start && a.endExclusive === b.endExclusive;
}
