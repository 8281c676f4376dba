import { FileSources } from '../media/isobmff/byte-source.ts';
import type { Report } from '../model/report.ts';
import type { VideoTrack } from '../model/source.ts';
import { sightSource } from '../stages/ingest/seal.ts';
import { checkChunks, readClaims } from './verify/claims.ts';
import { type Fault, FaultList } from './verify/faults.ts';
import type { VerifyWorld } from './verify/master-pictures.ts';
import { probeMaster } from './verify/probe-master.ts';
import { provePackageFolder } from './verify/prove-package-folder.ts';
import { type PicturesProof, provePictures } from './verify/prove-pictures.ts';
import { proveSound } from './verify/prove-sound.ts';
import { checkFiles, listFolder, REPORT_FILE, readReport, sha256Of } from './verify/title-folder.ts';
import { findTracks, type TitleTrack } from './verify/tracks.ts';

export type { Fault } from './verify/faults.ts';

/** One file with pictures. */
export type VerifiedFile = {
  readonly file: string;
  readonly frames: number;
  /** In levels of 8-bit luma over 32×18 pictures, against what the encoder had to be fed. */
  readonly medianError: number;
  readonly largestError: number;
  readonly faults: number;
};

export type Verdict = { readonly files: readonly VerifiedFile[]; readonly faults: readonly Fault[] };

export type VerifyInput = {
  /** Folder of a finished title. */
  readonly dir: string;
  readonly sourcePath: string;
  /** One sentence for the operator. */
  readonly say: (sentence: string) => void;
};

/**
 * Proves a finished title again from nothing but the files: the folder and the master it was made from. `report.json` is a claim like any other.
 * Whatever is wrong with the title is a fault in the verdict, however broken a file is.
 * Throws SL-105 when there is no such master, SL-1xx for what has nothing to do with the title (no tool, full disk, interruption).
 */
export async function verifyTitle(input: VerifyInput, world: VerifyWorld): Promise<Verdict> {
  const { dir, say } = input;
  const faults = new FaultList();
  const { path: sourcePath } = await sightSource(input.sourcePath);
  const folder = await faults.attempt(dir, () => listFolder(dir, faults));
  const report = folder && (await faults.attempt(REPORT_FILE, () => readReport(dir)));
  if (!folder || !report) return { files: [], faults: faults.all() };
  const files = new FileSources();
  try {
    say('Reading every file and the master.');
    await checkFiles({ dir, report, folder, signal: world.signal }, faults);
    await checkSourceHash(sourcePath, report, faults, world.signal);
    const claims = await faults.attempt(REPORT_FILE, async () => readClaims(report));
    const facts = await faults.attempt(sourcePath, () => probeMaster(sourcePath, world));
    if (!claims || !facts) return { files: [], faults: faults.all() };
    const packaged = (await faults.attempt(report.package.dash, () => provePackageFolder({ dir, folder, claims, files }, faults))) ?? [];
    const tracks = await findTracks({ dir, claims, packaged, files }, faults);
    if (facts.video !== null) say('Decoding the master and every rendition, and comparing every picture.');
    const video = facts.video && asClaimed(facts.video, report);
    const pictures =
      video === null
        ? withoutPictures(tracks, faults)
        : await provePictures({ dir, sourcePath, video, container: facts.container, claims, tracks, files }, faults, world);
    if (pictures.master || video === null) {
      for (const fault of checkChunks(claims, pictures.master?.ptsTicks.length ?? 0)) faults.add(REPORT_FILE, fault);
      say('Comparing the sound.');
      await proveSound({ dir, sourcePath, facts, claims, tracks, master: pictures.master, files }, faults, world);
    }
    return { files: summary(tracks, pictures, faults), faults: faults.all() };
  } finally {
    await files.close();
  }
}

/** Claims like any other: with them, a master that does not change, or is progressive, has to look as it would without. */
function asClaimed(video: VideoTrack, report: Report): VideoTrack {
  const says = (code: string) => report.findings.some((finding) => finding.code === code);
  return { ...video, changesSize: says('SL-242'), fieldOrder: says('SL-222') ? 'interlaced' : video.fieldOrder };
}

/** A master of sound only has nothing that a picture track could have been made of. */
function withoutPictures(tracks: readonly TitleTrack[], faults: FaultList): PicturesProof {
  for (const { kind, file } of tracks) if (kind === 'video') faults.add(file, 'has pictures and the master has none');
  return { master: null, verdicts: new Map() };
}

async function checkSourceHash(sourcePath: string, report: Report, faults: FaultList, signal: AbortSignal): Promise<void> {
  const actual = await faults.attempt(sourcePath, () => sha256Of(sourcePath, signal));
  if (actual !== null && actual !== report.source.sha256) {
    faults.add(REPORT_FILE, `names another master: SHA-256 ${report.source.sha256}; that of ${sourcePath} is ${actual}`);
  }
}

function summary(tracks: readonly TitleTrack[], { verdicts }: PicturesProof, faults: FaultList): VerifiedFile[] {
  return tracks
    .filter(({ kind }) => kind === 'video')
    .map(({ file }) => {
      const { frames, medianError, largestError } = verdicts.get(file) ?? { frames: 0, medianError: 0, largestError: 0 };
      return { file, frames, medianError, largestError, faults: faults.countOf(file) };
    });
}
