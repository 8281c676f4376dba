import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';
import { fileInput, inputArguments, sourceArguments } from '../../model/media-input.ts';
import type { Report } from '../../model/report.ts';
import type { SourceFacts, VideoTrack } from '../../model/source.ts';
import { probeMaster } from '../../pipeline/verify/probe-master.ts';
import type { MediaTools } from '../../ports/media-tools.ts';
import { normaliseFilters } from '../../stages/encode/video/normalise.ts';
import type { WorstFrame } from './film.ts';

export type World = { readonly tools: MediaTools; readonly scratchDir: string; readonly signal: AbortSignal };

/** JPEGs of one frame; a picture that could not be found, or was not asked for, is null. */
export type FramePictures = WorstFrame & {
  readonly master: Uint8Array | null;
  /** In the order of `scores`. */
  readonly encoded: readonly (Uint8Array | null)[];
};

const LIMITS = { stallMs: 120_000, wallMs: 600_000 };
const MOST_BYTES = 8 * 1024 * 1024;
const WIDEST_PX = 720;
/** The master is entered this much ahead of a picture: containers without an index land anywhere. */
const LEAD_SECONDS = 12;
/** How long the search goes on from there. */
const SEARCH_SECONDS = 90;
const SAFE_FILE = /^[a-z0-9-]{1,32}\.(mp4|m4v)$/;

/** Cuts frames out of the published renditions and, if there is one, the master. Throws SL-101 when that is not the title's, SL-301 when the tool fails. */
export async function cutPictures(
  input: { dir: string; report: Report; frames: readonly WorstFrame[]; masterPath: string | null },
  world: World,
): Promise<FramePictures[]> {
  const { dir, report, frames, masterPath } = input;
  if (masterPath !== null && (await stat(masterPath)).size !== report.source.sizeBytes)
    throw new ScenelineError('SL-101', `${masterPath} is not the master of this title: it has another size.`);
  const master: Master | null = masterPath === null || frames.length === 0 ? null : { path: masterPath, facts: await probeMaster(masterPath, world) };
  const pictures: FramePictures[] = [];
  for (const frame of frames) {
    const encoded: (Uint8Array | null)[] = [];
    for (const { rendition } of frame.scores) encoded.push(await encodedPicture(join(dir, rendition.file), rendition, frame.seconds, world));
    pictures.push({ ...frame, encoded, master: master && (await masterPicture(master, report, frame, world)) });
  }
  return pictures;
}

async function encodedPicture(path: string, { file, width }: Report['renditions'][number], seconds: number, world: World): Promise<Uint8Array | null> {
  if (!SAFE_FILE.test(file)) return null;
  const from = Math.max(0, seconds - 0.002).toFixed(6);
  const entry = ['-copyts', '-noaccurate_seek', '-seek_timestamp', '1', '-ss', from, '-noautorotate'];
  const input = [...entry, ...inputArguments(fileInput(path)), '-map', '0:v:0'];
  return jpegOf([...input, '-vf', `select='gte(t,${from})',${jpegFilters(width)}`], world);
}

type Master = { readonly path: string; readonly facts: SourceFacts & { readonly video: VideoTrack } };

/** The same frame of the master as the largest of its rungs was fed it; by exact presentation time, so never a neighbour. */
async function masterPicture(
  { path, facts }: Master,
  report: Report,
  { seconds, scores: [{ rendition }] }: WorstFrame,
  world: World,
): Promise<Uint8Array | null> {
  const { firstPtsTicks, videoStartTicks } = report.plan;
  if (firstPtsTicks === undefined) return null;
  const { video } = facts;
  const { num, den } = report.source.timeBase;
  const ticks = firstPtsTicks - videoStartTicks + (seconds * den) / num;
  // Seconds have six decimals in a report.
  const slack = 0.5 + (0.5e-6 * den) / num;
  const enterSeconds = Math.max(0, (ticks * num) / den - LEAD_SECONDS).toFixed(6);
  const entry = enterSeconds === '0.000000' ? [] : ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', enterSeconds];
  const input = [
    '-copyts',
    ...entry,
    '-t',
    String(LEAD_SECONDS + SEARCH_SECONDS),
    '-noautorotate',
    ...sourceArguments(fileInput(path)),
    '-map',
    `0:${video.streamIndex}`,
  ];
  const fed = normaliseFilters(video, { widthPx: rendition.width, heightPx: rendition.height });
  const chosen = `select='between(pts,${(ticks - slack).toFixed(3)},${(ticks + slack).toFixed(3)})'`;
  return jpegOf([...input, '-vf', [chosen, ...fed, jpegFilters(rendition.width)].join(',')], world);
}

/** At most as wide as the page shows it; BT.709 of limited range to what JPEG is. */
function jpegFilters(widthPx: number): string {
  const colors = 'in_range=tv:out_range=pc:in_color_matrix=bt709:out_color_matrix=bt601';
  return `scale=${Math.min(widthPx, WIDEST_PX)}:-2:flags=lanczos:${colors},format=yuvj420p`;
}

/** The first picture that comes through, as JPEG; null when none does. */
async function jpegOf(args: readonly string[], { tools, scratchDir, signal }: World): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  const keep = (bytes: Uint8Array) => {
    sizeBytes += bytes.byteLength;
    if (sizeBytes > MOST_BYTES) throw new ScenelineError('SL-301', `A picture for the page is larger than ${MOST_BYTES} bytes.`);
    parts.push(Uint8Array.from(bytes));
  };
  const coding = ['-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '3', '-fflags', '+bitexact', '-flags:v', '+bitexact', '-map_metadata', '-1'];
  await tools.run({ tool: 'ffmpeg', args: [...args, ...coding, '-f', 'image2pipe', 'pipe:1'], cwd: scratchDir, outputs: { 1: keep }, limits: LIMITS, signal });
  return sizeBytes === 0 ? null : Buffer.concat(parts);
}
