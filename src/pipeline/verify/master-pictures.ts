import { join } from 'node:path';
import type { TimeBase } from '../../media/time.ts';
import { fingerprintFilters } from '../../model/fingerprint.ts';
import { fileInput, sourceArguments } from '../../model/media-input.ts';
import { LINES_TOGETHER } from '../../model/media-output.ts';
import type { VideoTrack } from '../../model/source.ts';
import type { MediaTools } from '../../ports/media-tools.ts';
import { deinterlaceFilters, normaliseFilters } from '../../stages/encode/video/normalise.ts';
import { countComplaints } from '../../stages/inspect/decoder-complaints.ts';
import { DECODING_LIMITS } from '../../stages/inspect/limits.ts';
import { exactTiming } from '../../stages/inspect/trial.ts';
import { FrameLineReader, NumberList } from './frame-lines.ts';

/** What a rendition's pictures are made to: their size, and whether they keep the light of an HDR master. */
export type PictureSize = { readonly widthPx: number; readonly heightPx: number; readonly hdr: boolean };

/** Every frame of the master as it decodes in plain presentation order. */
export type MasterPictures = {
  readonly timeBase: TimeBase;
  readonly ptsTicks: Float64Array;
  /** Files of 32×18 luma pictures, 576 bytes a frame: what an encoder of that picture size has to be fed. By `sizeName`. */
  readonly printPaths: ReadonlyMap<string, string>;
};

export type VerifyWorld = { readonly tools: MediaTools; readonly scratchDir: string; readonly signal: AbortSignal };

export function sizeName({ widthPx, heightPx, hdr }: PictureSize): string {
  return `${widthPx}x${heightPx}${hdr ? '-hdr' : ''}`;
}

/** What stands before the outputs of a process that decodes the master's pictures. @param threads null: as many as the tool likes */
export function masterInputArguments(sourcePath: string, video: VideoTrack, threads: number | null): string[] {
  return [
    ...(threads === null ? [] : ['-threads', String(threads)]),
    ...['-copyts', '-noautorotate'],
    ...(video.changesSize ? ['-reinit_filter', '0'] : []),
    ...sourceArguments(fileInput(sourcePath)),
    ...['-an', '-sn', '-dn'],
  ];
}

/** One process that decodes the master once: presentation times on standard output, pictures of each size into files. */
function masterArguments(input: {
  sourcePath: string;
  video: VideoTrack;
  sizes: readonly { readonly size: PictureSize; readonly printPath: string }[];
  /** Null: as many as the tool likes. */
  threads: number | null;
}): string[] {
  const { video, sizes } = input;
  const passthrough = [...exactTiming(video.timeBase), '-c:v', 'rawvideo'];
  const graph = [
    `[0:${video.streamIndex}]${sizes.length === 0 ? 'null[times]' : 'split=2[times][whole]'}`,
    ...(sizes.length === 0 ? [] : [`[whole]${[...deinterlaceFilters(video), `split=${sizes.length}`].join(',')}${sizes.map((_, i) => `[s${i}]`).join('')}`]),
    `[times]scale=32:18,format=gray[tiny]`,
    ...sizes.map(({ size }, i) => `[s${i}]${normaliseFilters(video, size).join(',')},${fingerprintFilters(size.heightPx).join(',')}[p${i}]`),
  ];
  const pictures = sizes.flatMap(({ printPath }, i) => ['-map', `[p${i}]`, ...passthrough, '-f', 'rawvideo', printPath]);
  return ['-y', ...masterInputArguments(input.sourcePath, video, input.threads)].concat(
    ['-filter_complex', graph.join(';'), '-map', '[tiny]', ...passthrough, '-f', 'framehash', '-hash', 'crc32', ...LINES_TOGETHER, 'pipe:1'],
    pictures,
  );
}

export type MasterInput = {
  readonly sourcePath: string;
  readonly video: VideoTrack;
  /** The demuxer's names as ffprobe gives them. */
  readonly container: string;
  readonly sizes: readonly PictureSize[];
};

/**
 * Decodes the master. A damaged one, of whose errors the decoder tells, is decoded again by one thread, because only then is it the same every time.
 * Throws RangeError when no frame comes out, or frames do not follow each other in time; SL-301 when the tool fails.
 */
export async function decodeMaster(input: MasterInput, world: VerifyWorld): Promise<MasterPictures> {
  const first = await decodeWith(input, null, world);
  const { pictures } = first.isDamaged ? await decodeWith(input, 1, world) : first;
  const { ptsTicks } = pictures;
  if (ptsTicks.length === 0) throw new RangeError('no frame of the master could be decoded');
  for (let i = 1; i < ptsTicks.length; i++) {
    if (ptsTicks[i] <= ptsTicks[i - 1]) throw new RangeError(`frame ${i} of the master is not later than the one before`);
  }
  return pictures;
}

async function decodeWith(
  input: MasterInput,
  threads: number | null,
  { tools, scratchDir, signal }: VerifyWorld,
): Promise<{ pictures: MasterPictures; isDamaged: boolean }> {
  const sizes = input.sizes.map((size) => ({ size, printPath: join(scratchDir, `master-${sizeName(size)}.luma`) }));
  const times = new NumberList();
  const lines = new FrameLineReader(({ ptsTicks }) => times.push(ptsTicks));
  const run = await tools.run({
    tool: 'ffmpeg',
    args: masterArguments({ ...input, sizes, threads }),
    cwd: scratchDir,
    outputs: { 1: (bytes) => lines.push(bytes) },
    limits: DECODING_LIMITS,
    signal,
  });
  const printPaths = new Map(sizes.map(({ size, printPath }) => [sizeName(size), printPath]));
  const timeBase = lines.timeBase ?? input.video.timeBase;
  return { pictures: { timeBase, ptsTicks: times.toArray(), printPaths }, isDamaged: countComplaints(run, input.container) > 0 };
}
