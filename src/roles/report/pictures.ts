import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';
import { fileInput, inputArguments, sourceArguments } from '../../model/media-input.ts';
import type { Report } from '../../model/report.ts';
import type { SourceFacts, VideoTrack } from '../../model/source.ts';
import { probeMaster } from '../../pipeline/verify/probe-master.ts';
import type { MediaTools } from '../../ports/media-tools.ts';
import { normaliseFilters } from '../../stages/encode/video/normalise.ts';
import { mostDifferentPart } from './detail.ts';
import type { WorstFrame } from './film.ts';

export type World = { readonly tools: MediaTools; readonly scratchDir: string; readonly signal: AbortSignal };

/** JPEGs of one frame; a picture that could not be found, or was not asked for, is null. */
export type FramePictures = WorstFrame & {
  readonly master: Uint8Array | null;
  /** In the order of `scores`. */
  readonly encoded: readonly (Uint8Array | null)[];
  /** Pixel for pixel, where the master and the largest of these rungs differ most. */
  readonly detail: { readonly master: Uint8Array; readonly encoded: Uint8Array } | null;
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
  const master = masterPath === null || frames.length === 0 ? null : await openMaster(masterPath, world);
  const pictures: FramePictures[] = [];
  for (const frame of frames) {
    const encoded: (Cut | null)[] = [];
    for (const [i, { rendition }] of frame.scores.entries()) {
      const order = encodedCut(join(dir, rendition.file), rendition, frame.seconds);
      encoded.push(order && (await cut(order, `encoded-${i}.yuv`, world)));
    }
    const order = master && masterCut(master, report, frame);
    const fed = order && (await cut(order, 'master.yuv', world));
    const detail = fed && encoded[0] && (await cutDetail(fed, encoded[0], world));
    pictures.push({ ...frame, encoded: encoded.map((made) => made?.jpeg ?? null), master: fed?.jpeg ?? null, detail });
  }
  return pictures;
}

/** Null: it has no pictures. */
async function openMaster(path: string, world: World): Promise<Master | null> {
  const facts = await probeMaster(path, world);
  return facts.video && { path, facts: { ...facts, video: facts.video } };
}

type Size = { readonly width: number; readonly height: number };

/** How one picture is found: the input's arguments, its stream, filters that let it through at full size. */
type CutOrder = { readonly input: readonly string[]; readonly map: string; readonly filters: readonly string[]; readonly size: Size };

/** A picture, small as JPEG and whole as planes of 8-bit 4:2:0 in a file. */
type Cut = { readonly jpeg: Uint8Array; readonly rawPath: string; readonly size: Size };

function encodedCut(path: string, { file, width, height }: Report['renditions'][number], seconds: number): CutOrder | null {
  if (!SAFE_FILE.test(file)) return null;
  const from = Math.max(0, seconds - 0.002).toFixed(6);
  const entry = ['-copyts', '-noaccurate_seek', '-seek_timestamp', '1', '-ss', from, '-noautorotate'];
  return { input: [...entry, ...inputArguments(fileInput(path))], map: '0:v:0', filters: [`select='gte(t,${from})'`], size: { width, height } };
}

type Master = { readonly path: string; readonly facts: SourceFacts & { readonly video: VideoTrack } };

/** The same frame of the master as the largest of its rungs was fed it; by exact presentation time, so never a neighbour. */
function masterCut({ path, facts }: Master, report: Report, { seconds, scores: [{ rendition }] }: WorstFrame): CutOrder | null {
  const { firstPtsTicks, videoStartTicks } = report.plan;
  if (firstPtsTicks === undefined) return null;
  const { video } = facts;
  const { num, den } = report.source.timeBase;
  const { width, height } = rendition;
  const ticks = firstPtsTicks - videoStartTicks + (seconds * den) / num;
  // Seconds have six decimals in a report.
  const slack = 0.5 + (0.5e-6 * den) / num;
  const enterSeconds = Math.max(0, (ticks * num) / den - LEAD_SECONDS).toFixed(6);
  const entry = enterSeconds === '0.000000' ? [] : ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', enterSeconds];
  const search = ['-t', String(LEAD_SECONDS + SEARCH_SECONDS)];
  return {
    input: ['-copyts', ...entry, ...search, '-noautorotate', ...sourceArguments(fileInput(path))],
    map: `0:${video.streamIndex}`,
    filters: [
      `select='between(pts,${(ticks - slack).toFixed(3)},${(ticks + slack).toFixed(3)})'`,
      ...normaliseFilters(video, { widthPx: width, heightPx: height }),
    ],
    size: { width, height },
  };
}

/** BT.709 of limited range to what JPEG is. */
const JPEG_COLORS = 'in_range=tv:out_range=pc:in_color_matrix=bt709:out_color_matrix=bt601';
const BITEXACT = ['-fflags', '+bitexact', '-flags:v', '+bitexact', '-map_metadata', '-1'];

/** The first picture that comes through; null when none does. */
async function cut({ input, map, filters, size }: CutOrder, rawName: string, world: World): Promise<Cut | null> {
  const rawPath = join(world.scratchDir, rawName);
  const small = `scale=${Math.min(size.width, WIDEST_PX)}:-2:flags=lanczos:${JPEG_COLORS}`;
  const whole = ['-map', map, '-vf', [...filters, 'format=yuv420p'].join(','), '-frames:v', '1', '-c:v', 'rawvideo', '-f', 'rawvideo', rawPath];
  const jpeg = await jpegOf(['-y', ...input, ...whole, '-map', map, '-vf', [...filters, small, 'format=yuvj420p'].join(',')], '3', world);
  return jpeg && { jpeg, rawPath, size };
}

async function cutDetail(master: Cut, encoded: Cut, world: World): Promise<FramePictures['detail']> {
  const { width, height } = encoded.size;
  const luma = async ({ rawPath }: Cut) => (await readFile(rawPath)).subarray(0, width * height);
  const part = mostDifferentPart([await luma(master), await luma(encoded)], width, height);
  if (part === null) return null;
  const filters = `crop=${part.widthPx}:${part.heightPx}:${part.xPx}:${part.yPx},scale=${JPEG_COLORS},format=yuvj420p`;
  const input = ({ rawPath }: Cut) => [
    '-protocol_whitelist',
    'file,pipe',
    '-f',
    'rawvideo',
    '-pixel_format',
    'yuv420p',
    '-video_size',
    `${width}x${height}`,
    '-i',
    rawPath,
  ];
  const [a, b] = [await jpegOf([...input(master), '-vf', filters], '2', world), await jpegOf([...input(encoded), '-vf', filters], '2', world)];
  return a && b && { master: a, encoded: b };
}

/** The first picture of the last output as JPEG; null when there is none. @param quality 2 is the best */
async function jpegOf(args: readonly string[], quality: string, { tools, scratchDir, signal }: World): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  const keep = (bytes: Uint8Array) => {
    sizeBytes += bytes.byteLength;
    if (sizeBytes > MOST_BYTES) throw new ScenelineError('SL-301', `A picture for the page is larger than ${MOST_BYTES} bytes.`);
    parts.push(Uint8Array.from(bytes));
  };
  const coding = ['-frames:v', '1', '-c:v', 'mjpeg', '-q:v', quality, ...BITEXACT, '-f', 'image2pipe', 'pipe:1'];
  await tools.run({ tool: 'ffmpeg', args: [...args, ...coding], cwd: scratchDir, outputs: { 1: keep }, limits: LIMITS, signal });
  return sizeBytes === 0 ? null : Buffer.concat(parts);
}
