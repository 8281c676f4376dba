import type { FileSources } from '../../media/isobmff/byte-source.ts';
import type { SampleEntryFacts } from '../../media/isobmff/sample-entry.ts';
import { fingerprintFilters } from '../../model/fingerprint.ts';
import { BYTES_TOGETHER } from '../../model/media-output.ts';
import type { VideoTrack } from '../../model/source.ts';
import { DECODING_LIMITS } from '../../stages/inspect/limits.ts';
import { exactTiming } from '../../stages/inspect/trial.ts';
import { checkAnnouncement, checkSegments } from './check-segments.ts';
import { checkVideo } from './check-video.ts';
import type { Claims } from './claims.ts';
import type { FaultList } from './faults.ts';
import { decodeMaster, type MasterPictures, type PictureSize, sizeName, type VerifyWorld } from './master-pictures.ts';
import { PictureComparison, type PictureVerdict } from './picture-blocks.ts';
import { readTrack } from './read-video.ts';
import { insideOf, type TitleTrack } from './tracks.ts';
import { findUnsteadyFrames } from './unsteady-frames.ts';

export type PicturesInput = {
  readonly dir: string;
  readonly sourcePath: string;
  readonly video: VideoTrack;
  /** The master's, as ffprobe names it. */
  readonly container: string;
  readonly claims: Claims;
  readonly tracks: readonly TitleTrack[];
  readonly files: FileSources;
};

export type PicturesProof = {
  /** Null when the master could not be decoded. */
  readonly master: MasterPictures | null;
  /** By file; files that could not be read or decoded are left out. */
  readonly verdicts: ReadonlyMap<string, PictureVerdict>;
};

const MAX_SIZES = 32;

/**
 * Decodes the master once and holds every picture track to it: boxes first (count, times, IDRs, segments), then every picture. Tracks that are byte for byte the same
 * are decoded once. Memory does not grow with the film, but for eight bytes a frame.
 */
export async function provePictures(input: PicturesInput, faults: FaultList, world: VerifyWorld): Promise<PicturesProof> {
  const { sourcePath, video, container } = input;
  const tracks = input.tracks.filter(({ kind }) => kind === 'video');
  const sizes = [...new Map(tracks.map(({ facts }) => [sizeName(sizeOf(facts)), sizeOf(facts)])).values()];
  const master = await faults.attempt(sourcePath, () => {
    if (sizes.length > MAX_SIZES) throw new RangeError(`the title has ${sizes.length} picture sizes`);
    return decodeMaster({ sourcePath, video, container, sizes }, world);
  });
  const verdicts = new Map<string, PictureVerdict>();
  if (master === null) return { master, verdicts };
  let unsteady: Promise<ReadonlySet<number>> | null = null;
  const findUnsteady = () => (unsteady ??= findUnsteadyFrames(sourcePath, video, world));
  const decoded = new Map<string, { readonly file: string; readonly verdict: PictureVerdict | null; readonly isRight: boolean }>();
  for (const track of tracks) {
    const content = await faults.attempt(track.file, () => checkBoxes(input, track, master, faults));
    if (content === null) continue;
    const same = decoded.get(content);
    if (same && !same.isRight) faults.add(track.file, `has the same pictures as ${same.file}`);
    const before = faults.countOf(track.file);
    const verdict = same
      ? same.verdict
      : await faults.attempt(track.file, () => comparePictures({ dir: input.dir, track, master, findUnsteady }, faults, world));
    if (!same) decoded.set(content, { file: track.file, verdict, isRight: faults.countOf(track.file) === before });
    if (verdict) verdicts.set(track.file, verdict);
  }
  return { master, verdicts };
}

function sizeOf({ widthPx, heightPx, videoRange }: SampleEntryFacts): PictureSize {
  return { widthPx, heightPx, hdr: videoRange !== null };
}

/** Everything that boxes and manifests say. Returns the identity of the track's content. */
async function checkBoxes({ dir, claims, files }: PicturesInput, track: TitleTrack, master: MasterPictures, faults: FaultList): Promise<string> {
  const reading = await readTrack(await files.source(insideOf(dir, track.file)), 'vide', 0);
  const { timeBase, ptsTicks } = master;
  const expected = { timeBase, ptsTicks, videoStartTicks: claims.report.plan.videoStartTicks, idrFrames: claims.idrFrames };
  const { packaged } = track;
  const found = [
    ...checkVideo(reading, expected),
    ...(packaged ? [...checkSegments(reading, packaged.announced), ...checkAnnouncement(reading, packaged)] : []),
  ];
  for (const { message, frame } of found) faults.add(track.file, message, frame);
  const claimed = claims.report.renditions.find(({ file }) => file === track.file);
  if (claimed && claimed.frames !== reading.ptsTicks.length)
    faults.add(track.file, `has ${reading.ptsTicks.length} frames and the report says ${claimed.frames}`);
  return reading.contentSha256;
}

/** Arguments that decode a finished file whole to 32×18 luma pictures on standard output. */
function renditionArguments(path: string, heightPx: number, timescale: number): string[] {
  return ['-noautorotate', '-protocol_whitelist', 'file,pipe', '-f', 'mov', '-i', `file:${path}`].concat(
    ['-map', '0:v:0', '-an', '-sn', '-dn', ...exactTiming({ num: 1, den: timescale }), '-vf', fingerprintFilters(heightPx).join(',')],
    ['-c:v', 'rawvideo', '-f', 'rawvideo', ...BYTES_TOGETHER, 'pipe:1'],
  );
}

type Comparing = {
  readonly dir: string;
  readonly track: TitleTrack;
  readonly master: MasterPictures;
  readonly findUnsteady: () => Promise<ReadonlySet<number>>;
};

async function comparePictures({ dir, track, master, findUnsteady }: Comparing, faults: FaultList, world: VerifyWorld): Promise<PictureVerdict> {
  const { tools, scratchDir, signal } = world;
  const path = insideOf(dir, track.file);
  const found: { readonly frame: number; readonly reason: string }[] = [];
  const onFault = (frame: number, reason: string): void => void found.push({ frame, reason });
  const comparison = await PictureComparison.open(master.printPaths.get(sizeName(sizeOf(track.facts)))!, onFault);
  try {
    const args = renditionArguments(path, track.facts.heightPx, master.timeBase.den);
    const outputs = { 1: (bytes: Uint8Array) => comparison.push(bytes) };
    const run = await tools.run({ tool: 'ffmpeg', args, outputs, cwd: scratchDir, limits: DECODING_LIMITS, signal });
    for (const line of run.errorLines) faults.add(track.file, `the decoder reports: ${line}`);
    const verdict = await comparison.finish();
    const excused = found.length === 0 ? null : await findUnsteady();
    for (const { frame, reason } of found) if (!excused?.has(frame)) faults.add(track.file, `frame ${frame}: ${reason}`, frame);
    const wanted = master.ptsTicks.length;
    if (verdict.frames !== wanted) faults.add(track.file, `decodes to ${verdict.frames} frames and the master has ${wanted}`);
    return verdict;
  } finally {
    await comparison.close();
  }
}
