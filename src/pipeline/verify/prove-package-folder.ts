import { join } from 'node:path';
import { type MpdRepresentation, parseMpd } from '../../media/dash/parse-mpd.ts';
import type { VideoRange } from '../../media/hdr.ts';
import { type MultivariantPlaylist, parseMediaPlaylist, parseMultivariant } from '../../media/hls/parse.ts';
import type { FileSources } from '../../media/isobmff/byte-source.ts';
import { MPD_FILE, MULTIVARIANT_FILE, PACKAGE_FOLDER } from '../../stages/package/package-file.ts';
import { type PackageReader, type ProvenTrack, provePackage } from '../../stages/package/prove-package.ts';
import type { Claims } from './claims.ts';
import type { FaultList } from './faults.ts';
import { REPORT_FILE, type TitleFolder } from './title-folder.ts';

/** A track of the package and what the manifests say of it. `file` is its path in the title folder. */
export type PackagedTrack = {
  readonly file: string;
  readonly announced: ProvenTrack;
  readonly representation: MpdRepresentation | null;
  /** Of the set in which the MPD has it. */
  readonly mpdRange: VideoRange | null;
  readonly variant: MultivariantPlaylist['variants'][number] | null;
};

export type FolderInput = { readonly dir: string; readonly folder: TitleFolder; readonly claims: Claims; readonly files: FileSources };

/**
 * Holds playlists, MPD, indexes, texts and thumbnails to each other and to the plan: sizes, ranges, lengths, alignment of the rungs, everything named there and
 * nothing else there. Media is not read. Throws RangeError when the manifests cannot be read at all.
 */
export async function provePackageFolder(input: FolderInput, faults: FaultList): Promise<PackagedTrack[]> {
  const { folder, claims } = input;
  const reader = packageReader(input);
  const proof = await provePackage(reader);
  for (const fault of proof.faults) addFault(fault, reader, faults);
  checkNames(claims, proof.tracks, folder, faults);
  await checkSheets(reader, faults);
  const mpd = parseMpd(await textOf(reader, MPD_FILE));
  const multivariant = parseMultivariant(await textOf(reader, MULTIVARIANT_FILE));
  const representations = mpd.sets.flatMap((set) => set.representations.map((representation) => ({ representation, mpdRange: set.videoRange })));
  const variants = await variantsByFile(multivariant, reader);
  return proof.tracks.map((announced) => ({
    file: inPackage(announced.file),
    announced,
    ...(representations.find(({ representation }) => representation.file === announced.file) ?? { representation: null, mpdRange: null }),
    variant: variants.get(announced.file) ?? null,
  }));
}

function packageReader({ dir, folder, files }: FolderInput): PackageReader {
  const sizes = new Map(
    [...folder].filter(([file]) => file.startsWith(`${PACKAGE_FOLDER}/`)).map(([file, size]) => [file.slice(PACKAGE_FOLDER.length + 1), size]),
  );
  return {
    sizes,
    read: async (file, range) => {
      const source = await files.source(join(dir, PACKAGE_FOLDER, file));
      return source.read(range?.start ?? 0, range?.endExclusive ?? source.sizeBytes);
    },
  };
}

/** What was planned is in the manifests by the name that it was given there, and nothing else is. */
function checkNames({ report, audio, textNames }: Claims, tracks: readonly ProvenTrack[], folder: TitleFolder, faults: FaultList): void {
  if (report.package.hls !== inPackage(MULTIVARIANT_FILE) || report.package.dash !== inPackage(MPD_FILE)) {
    faults.add(REPORT_FILE, `names ${report.package.hls} and ${report.package.dash} as manifests`);
  }
  const pictures = report.renditions.filter(({ recipe }) => (recipe.picturesFrom ?? null) === null);
  const planned = new Set([...pictures, ...audio].map(({ name }) => `${name}.mp4`));
  const found = new Set(tracks.map(({ file }) => file));
  for (const file of planned) if (!found.has(file)) faults.add(inPackage(file), 'is planned and in no manifest');
  for (const file of found) if (!planned.has(file)) faults.add(inPackage(file), 'is in the manifests and not planned');
  for (const name of textNames) if (!folder.has(inPackage(`${name}.vtt`))) faults.add(inPackage(`${name}.vtt`), 'is planned and missing');
}

/** Whole JPEG files, by their first and last marker (ISO/IEC 10918-1, B.1.1.3). */
async function checkSheets(reader: PackageReader, faults: FaultList): Promise<void> {
  for (const [file, size] of reader.sizes) {
    if (!file.endsWith('.jpg')) continue;
    const bytes =
      size < 4
        ? null
        : await faults.attempt(inPackage(file), async () => [
            ...(await reader.read(file, { start: 0, endExclusive: 2 })),
            ...(await reader.read(file, { start: size - 2, endExclusive: size })),
          ]);
    if (bytes?.join() !== '255,216,255,217') faults.add(inPackage(file), 'is no whole JPEG picture');
  }
}

/** Variants by the file of their media playlist. */
async function variantsByFile(multivariant: MultivariantPlaylist, reader: PackageReader) {
  const variants = new Map<string, MultivariantPlaylist['variants'][number]>();
  for (const variant of multivariant.variants) {
    if (!reader.sizes.has(variant.uri)) continue;
    const { map } = parseMediaPlaylist(await textOf(reader, variant.uri));
    if (map) variants.set(map.uri, variant);
  }
  return variants;
}

async function textOf(reader: PackageReader, file: string): Promise<string> {
  return Buffer.from(await reader.read(file)).toString('utf8');
}

function inPackage(file: string): string {
  return `${PACKAGE_FOLDER}/${file}`;
}

/** Sentences begin with the file that they are about. */
function addFault(sentence: string, { sizes }: PackageReader, faults: FaultList): void {
  const [, file, rest] = /^(\S+?):? (.*)$/s.exec(sentence) ?? [];
  if (file !== undefined && sizes.has(file)) faults.add(inPackage(file), rest);
  else faults.add(inPackage(MPD_FILE), sentence);
}
