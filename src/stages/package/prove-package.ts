import type { FileRange } from '../../media/cmaf/file-range.ts';
import type { CmafSegment } from '../../media/cmaf/track.ts';
import { FRAGMENT_HEAD_BYTES, type IndexedSegments, readDecodeTicks, readTrackIndex, type TimedSegments } from '../../media/cmaf/track-index.ts';
import { type Mpd, parseMpd } from '../../media/dash/parse-mpd.ts';
import { type MediaPlaylist, type MultivariantPlaylist, parseMediaPlaylist, parseMultivariant } from '../../media/hls/parse.ts';
import { type Cue, parseWebVtt } from '../../media/webvtt/cues.ts';
import { checkPackage, type ProvenTrack } from './check-package.ts';
import { MPD_FILE, MULTIVARIANT_FILE } from './package-file.ts';

export type { ProvenTrack } from './check-package.ts';

/** A package folder: sizes of all its files by name, and their bytes. */
export type PackageReader = {
  readonly sizes: ReadonlyMap<string, number>;
  readonly read: (file: string, range?: FileRange) => Promise<Uint8Array>;
};

export type PackageProof = {
  /** Sentences; empty when nothing contradicts anything. */
  readonly faults: readonly string[];
  /** Tracks of the MPD as their own indexes tell them. */
  readonly tracks: readonly ProvenTrack[];
};

const READS_AT_ONCE = 8;
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/** Reads every manifest, index and text of a package and holds them to each other. What is unreadable is a fault, never an error thrown. */
export async function provePackage(reader: PackageReader): Promise<PackageProof> {
  const faults: string[] = [];
  const read = async <T>(file: string, parse: (text: string) => T): Promise<T | null> => {
    const sizeBytes = reader.sizes.get(file);
    if (sizeBytes === undefined || sizeBytes > MAX_TEXT_BYTES) {
      faults.push(sizeBytes === undefined ? `${file} is missing` : `${file} is too large`);
      return null;
    }
    const bytes = await reader.read(file);
    return attempt(file, faults, () => parse(Buffer.from(bytes).toString('utf8')));
  };
  const mpd = await read(MPD_FILE, parseMpd);
  const multivariant = await read(MULTIVARIANT_FILE, parseMultivariant);
  if (!mpd || !multivariant) return { faults, tracks: [] };
  const playlists = new Map<string, MediaPlaylist>();
  for (const file of playlistFiles(multivariant)) {
    const playlist = await read(file, parseMediaPlaylist);
    if (playlist) playlists.set(file, playlist);
  }
  const texts = new Map<string, readonly Cue[]>();
  for (const file of [...reader.sizes.keys()].filter((name) => name.endsWith('.vtt'))) {
    const cues = await read(file, parseWebVtt);
    if (cues) texts.set(file, cues);
  }
  const tracks = await readTracks(mpd, reader, faults);
  return { faults: [...faults, ...checkPackage({ sizes: reader.sizes, mpd, multivariant, playlists, texts, tracks })], tracks };
}

function playlistFiles({ variants, media }: MultivariantPlaylist): Set<string> {
  const linked = media.map((tag) => tag.get('URI')).filter((uri) => uri !== undefined);
  return new Set([...variants.map(({ uri }) => uri), ...linked]);
}

async function readTracks(mpd: Mpd, reader: PackageReader, faults: string[]): Promise<ProvenTrack[]> {
  const tracks: ProvenTrack[] = [];
  for (const { contentType, representations } of mpd.sets) {
    if (contentType !== 'video' && contentType !== 'audio') continue;
    for (const { file, initRange, indexRange } of representations) {
      const sizeBytes = file === null ? undefined : reader.sizes.get(file);
      if (file === null || sizeBytes === undefined || !initRange || !indexRange || indexRange.endExclusive > sizeBytes) {
        faults.push(`${file ?? 'a representation'} has no index that could be read`);
        continue;
      }
      const bytes = await reader.read(file, indexRange);
      const index = attempt(file, faults, () => readTrackIndex(bytes, indexRange.start, sizeBytes));
      const timed = index && (await readFragmentTimes(file, index, reader, faults));
      if (timed) tracks.push({ file, kind: contentType, initRange, indexRange, ...timed });
    }
  }
  return tracks;
}

/** Looks at the beginning of every segment: there is a fragment, and it has a decode time. */
async function readFragmentTimes(file: string, index: IndexedSegments, reader: PackageReader, faults: string[]): Promise<TimedSegments | null> {
  const segments: CmafSegment[] = [];
  for (let from = 0; from < index.segments.length; from += READS_AT_ONCE) {
    const batch = index.segments.slice(from, from + READS_AT_ONCE);
    const heads = await Promise.all(
      batch.map(({ offsetBytes, sizeBytes }) =>
        reader.read(file, { start: offsetBytes, endExclusive: offsetBytes + Math.min(sizeBytes, FRAGMENT_HEAD_BYTES) }),
      ),
    );
    for (const [i, segment] of batch.entries()) {
      const decodeTicks = attempt(file, faults, () => readDecodeTicks(heads[i]));
      if (decodeTicks === null) return null;
      segments.push({ ...segment, decodeTicks });
    }
  }
  return { timescale: index.timescale, segments };
}

function attempt<T>(file: string, faults: string[], work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    faults.push(`${file}: ${error.message}`);
    return null;
  }
}
