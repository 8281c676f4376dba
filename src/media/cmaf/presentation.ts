import { ticksToSeconds } from '../time.ts';
import type { TrackRole } from './role.ts';
import type { CmafTrack } from './track.ts';
import type { IndexedSegments } from './track-index.ts';

/** A text rendition: one WebVTT file beside the tracks. */
export type TextRendition = {
  /** Unique in the package, `[a-z0-9-]{1,32}`. */
  readonly name: string;
  /** File name inside the package folder. */
  readonly file: string;
  readonly language: string;
  readonly title: string;
  readonly isDefault: boolean;
  readonly isForced: boolean;
  readonly role?: TrackRole;
};

/** Sheets of small pictures for seeking: `columns` × `rows` cells each, filled row by row, one cell every `intervalSeconds` from the start of the title. */
export type ThumbnailSheets = {
  /** In time order, all of the same size. */
  readonly files: readonly string[];
  readonly columns: number;
  readonly rows: number;
  readonly cellWidthPx: number;
  readonly cellHeightPx: number;
  readonly intervalSeconds: number;
  /** Pictures in all; the last sheet may have empty cells after them. */
  readonly count: number;
  /** Largest sheet. */
  readonly maxSheetBytes: number;
};

/** Everything the manifests of one title say. */
export type Presentation = {
  /** For people; may be empty, and is not trusted. */
  readonly title: string;
  /** Video tracks best first. */
  readonly tracks: readonly CmafTrack[];
  readonly texts: readonly TextRendition[];
  readonly thumbnails: ThumbnailSheets | null;
};

/** Time on the title's timeline at which a track ends, seconds. */
function trackEndSeconds(track: IndexedSegments): number {
  const last = track.segments.at(-1);
  return last ? ticksToSeconds(last.startTicks + last.durationTicks, { num: 1, den: track.timescale }) : 0;
}

/** Length of the title: where its longest track ends, seconds. */
export function presentationSeconds(tracks: readonly IndexedSegments[]): number {
  return Math.max(0, ...tracks.map(trackEndSeconds));
}

export function videoTracks(presentation: Presentation): CmafTrack[] {
  return presentation.tracks.filter((track) => track.kind === 'video');
}

export function audioTracks(presentation: Presentation): CmafTrack[] {
  return presentation.tracks.filter((track) => track.kind === 'audio');
}

const SAFE_FILE = /^[a-z0-9][a-z0-9.-]{0,99}$/;

/** Checks what a writer relies on: usable file names, tracks with segments of some length. Throws RangeError. */
export function requirePresentable(presentation: Presentation): void {
  const files = [...presentation.tracks, ...presentation.texts].map(({ file }) => file).concat(presentation.thumbnails?.files ?? []);
  for (const file of files) if (!SAFE_FILE.test(file)) throw new RangeError(`manifest: ${JSON.stringify(file)} is not a usable file name`);
  if (new Set(files).size !== files.length) throw new RangeError('manifest: two members share a file');
  for (const track of presentation.tracks) {
    if (track.segments.length === 0) throw new RangeError(`manifest: ${track.name} has no segments`);
    if (!Number.isSafeInteger(track.timescale) || track.timescale < 1) throw new RangeError(`manifest: ${track.name} has no time scale`);
    if (track.segments.some(({ durationTicks, sizeBytes }) => !(durationTicks > 0 && sizeBytes > 0))) {
      throw new RangeError(`manifest: ${track.name} has an empty segment`);
    }
  }
}
