import { type Presentation, presentationSeconds, type TextRendition, type ThumbnailSheets } from '../../media/cmaf/presentation.ts';
import { targetDurationSeconds } from '../../media/cmaf/rates.ts';
import type { CmafSegment, CmafTrack } from '../../media/cmaf/track.ts';
import { writeMpd } from '../../media/dash/mpd.ts';
import { playlistFile, writeMediaPlaylist, writeTextPlaylist } from '../../media/hls/media-playlist.ts';
import { writeMultivariant } from '../../media/hls/multivariant.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { MPD_FILE, MULTIVARIANT_FILE, PACKAGE_FOLDER, type PackageFile, type StoredObject, THUMBNAILS_FILE } from './package-file.ts';
import { type ProvenTrack, provePackage } from './prove-package.ts';
import { storeThumbnails, type ThumbnailSource } from './thumbnails.ts';

export type PackageInput = {
  /** For people; may be empty. */
  readonly title: string;
  /** What the manifests offer, video best first. Rungs that only repackage another's pictures are left out by the caller. */
  readonly tracks: readonly (StoredObject & { readonly track: CmafTrack })[];
  readonly texts: readonly (StoredObject & { readonly rendition: TextRendition })[];
  readonly thumbnails: ThumbnailSource | null;
};

export type TitlePackage = {
  /** Paths inside the title folder. */
  readonly hls: string;
  readonly dash: string;
  /** The whole package folder, ascending by path. */
  readonly files: readonly PackageFile[];
};

/** Every manifest of a presentation by file name. Pure. Throws RangeError for a presentation that cannot be written. */
function writeManifests(presentation: Presentation): Map<string, string> {
  const manifests = new Map([
    [MULTIVARIANT_FILE, writeMultivariant(presentation)],
    [MPD_FILE, writeMpd(presentation)],
  ]);
  const target = targetDurationSeconds(presentation.tracks);
  for (const track of presentation.tracks) manifests.set(playlistFile(track), writeMediaPlaylist(track, target));
  const seconds = presentationSeconds(presentation.tracks);
  for (const text of presentation.texts) manifests.set(playlistFile(text), writeTextPlaylist(text, seconds));
  return manifests;
}

/**
 * Makes the package of a title: manifests and thumbnail sheets beside the tracks and texts that are already stored.
 * Before it is returned, everything the manifests say is held to the tracks' own headers and indexes, read back from the store.
 * Throws SL-309 when they disagree.
 */
export async function packageTitle(input: PackageInput, ctx: StageContext): Promise<TitlePackage> {
  const tracks = input.tracks.map(({ track }) => track);
  const seconds = presentationSeconds(tracks);
  const thumbnails = input.thumbnails && (await storeThumbnails(input.thumbnails, seconds, ctx));
  const manifests = manifestsOf(input, thumbnails?.sheets ?? null);
  if (thumbnails) manifests.set(THUMBNAILS_FILE, thumbnails.vtt);
  const media = [
    ...input.tracks.map(({ track, objectKey, sizeBytes, sha256 }) => ({ file: track.file, objectKey, sizeBytes, sha256 })),
    ...input.texts.map(({ rendition, objectKey, sizeBytes, sha256 }) => ({ file: rendition.file, objectKey, sizeBytes, sha256 })),
    ...(thumbnails?.files ?? []),
  ];
  const files = [...media, ...(await storeManifests(manifests, ctx))].sort((a, b) => (a.file < b.file ? -1 : 1));
  await requireConsistent(files, tracks, ctx);
  const inFolder = (file: string) => `${PACKAGE_FOLDER}/${file}`;
  return { hls: inFolder(MULTIVARIANT_FILE), dash: inFolder(MPD_FILE), files: files.map((file) => ({ ...file, file: inFolder(file.file) })) };
}

function manifestsOf(input: PackageInput, thumbnails: ThumbnailSheets | null): Map<string, string> {
  const presentation = {
    title: input.title,
    tracks: input.tracks.map(({ track }) => track),
    texts: input.texts.map(({ rendition }) => rendition),
    thumbnails,
  };
  try {
    return writeManifests(presentation);
  } catch (error) {
    if (error instanceof RangeError) throw inconsistent([error.message]);
    throw error;
  }
}

async function storeManifests(manifests: ReadonlyMap<string, string>, ctx: StageContext): Promise<PackageFile[]> {
  const files: PackageFile[] = [];
  for (const [file, text] of manifests) {
    const objectKey = `attempts/${ctx.attemptId}/${file}`;
    const { sizeBytes, sha256 } = await ctx.blobs.put(objectKey, Buffer.from(text));
    files.push({ file, objectKey, sizeBytes, sha256 });
  }
  return files;
}

async function requireConsistent(files: readonly PackageFile[], tracks: readonly CmafTrack[], ctx: StageContext): Promise<void> {
  const objectKeys = new Map(files.map(({ file, objectKey }) => [file, objectKey]));
  const proof = await provePackage({
    sizes: new Map(files.map(({ file, sizeBytes }) => [file, sizeBytes])),
    read: (file, range) => ctx.blobs.read(objectKeys.get(file) ?? file, range),
  });
  const faults = [...proof.faults, ...tracks.flatMap((track) => differences(track, proof.tracks))];
  if (faults.length > 0) throw inconsistent(faults);
}

/** Where a track as it was announced differs from its own index. */
function differences(track: CmafTrack, proven: readonly ProvenTrack[]): string[] {
  const found = proven.find(({ file }) => file === track.file);
  if (!found) return [`${track.file} is in no manifest`];
  if (found.timescale !== track.timescale) return [`${track.file}: time scale ${track.timescale} was announced, its index has ${found.timescale}`];
  const count = Math.max(found.segments.length, track.segments.length);
  for (let i = 0; i < count; i++) {
    const [is, said] = [found.segments[i], track.segments[i]];
    const same = is && said && is.offsetBytes === said.offsetBytes && is.sizeBytes === said.sizeBytes;
    if (!same || !sameTimes(is, said)) return [`${track.file}: segment ${i} is not where it was announced`];
  }
  return [];
}

function sameTimes(a: CmafSegment, b: CmafSegment): boolean {
  return a.startTicks === b.startTicks && a.durationTicks === b.durationTicks && a.decodeTicks === b.decodeTicks;
}

function inconsistent(faults: readonly string[]): ScenelineError {
  const shown = faults.slice(0, 20).join('; ');
  return new ScenelineError('SL-309', `The package contradicts itself: ${shown}.`, { evidence: {} });
}
