import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EncodedChunk } from '../../src/model/encoded-chunk.ts';
import type { Inspection } from '../../src/model/inspection.ts';
import type { PlannedRung } from '../../src/model/ladder.ts';
import { fileInput } from '../../src/model/media-input.ts';
import type { AudioPlan, Plan, TextPlan } from '../../src/model/plan.ts';
import type { StageContext } from '../../src/ports/stage-context.ts';
import { type AssembledTrack, assembleTracks } from '../../src/stages/assemble/assemble-tracks.ts';
import { type PackageInput, packageTitle, type TitlePackage } from '../../src/stages/package/package-title.ts';
import { extractText, type TextObject } from '../../src/stages/package/text.ts';
import type { ThumbnailSource } from '../../src/stages/package/thumbnails.ts';
import { ffmpeg, stageContext } from './stage-context.ts';

/** A film with white flashes of 100 ms at 1 s, 3 s, 5 s …, and beeps of 100 ms in step. */
export type FilmSpec = {
  readonly seconds: number;
  readonly fps: number;
  readonly rungs: readonly { readonly name: string; readonly widthPx: number; readonly heightPx: number }[];
  /** Frames that start a segment; the first is 0. */
  readonly idrFrames: readonly number[];
  readonly audio: readonly { readonly language: string; readonly beepHz: number; readonly title?: string }[];
  readonly texts: readonly { readonly language: string; readonly srt: string }[];
  /** Of every 30 frames, these are left out, which makes the frame rate variable. */
  readonly droppedOf30?: readonly number[];
  /** The picture starts this much later than the sound. */
  readonly videoStartSeconds?: number;
};

export const THUMBNAIL_SECONDS = 1;
const FLASH_SECONDS = 0.1;
/** Ticks a second of the video's clock: exact for 24, 25, 30, 48, 50 and 60 frames. */
const TICKS = 12_000;

/** Frame numbers of the untouched film that are kept. */
function keptFrames({ seconds, fps, droppedOf30 = [] }: FilmSpec): number[] {
  return Array.from({ length: Math.round(seconds * fps) }, (_, n) => n).filter((n) => !droppedOf30.includes(n % 30));
}

function rungOf(rung: FilmSpec['rungs'][number]): PlannedRung {
  const coding = { container: 'mp4', codec: 'h264', crf: 23, maxrateKbps: 5000, bufsizeKbit: 5000, preset: 'veryfast' } as const;
  return { ...rung, ...coding, boxPx: rung.heightPx, picturesFrom: null };
}

export function planOf(spec: FilmSpec): Plan {
  const frames = keptFrames(spec);
  const videoStartTicks = Math.round((spec.videoStartSeconds ?? 0) * TICKS);
  return {
    version: 1,
    inspectionId: 'test',
    complete: true,
    frameCount: frames.length,
    timeBase: { num: 1, den: TICKS },
    firstPtsTicks: 0,
    endPtsTicks: Math.round(spec.seconds * TICKS),
    videoStartTicks,
    rungs: spec.rungs.map(rungOf),
    chunks: [{ index: 0, startFrame: 0, endFrameExclusive: frames.length, idrFrames: spec.idrFrames }],
    audio: spec.audio.map(
      ({ language, title }, i): AudioPlan => ({
        streamIndex: i + 1,
        name: `audio-${language}`,
        language,
        title: title ?? '',
        isDefault: i === 0,
        channels: 2,
        sampleRate: 48_000,
        bitrateKbps: 96,
        leadSamples: 0,
        sampleCount: Math.round((spec.seconds + (spec.videoStartSeconds ?? 0)) * 48_000),
        followTimes: false,
      }),
    ),
    text: spec.texts.map(({ language }, i): TextPlan => ({ streamIndex: i, name: `sub-${language}`, language, title: '', isDefault: false, isForced: false })),
  };
}

export type MadeTitle = { readonly dir: string; readonly titlePackage: TitlePackage; readonly input: PackageInput; readonly plan: Plan };

/** Makes a title folder (only `package/`) with the real stitcher and packager from pictures encoded in one go. */
export async function makeTitleFolder(folder: string, spec: FilmSpec): Promise<MadeTitle> {
  const plan = planOf(spec);
  const ctx = await stageContext(folder);
  const chunks = await encodeRungs(spec, plan, ctx);
  const audio = await encodeSound(spec, plan, ctx);
  const made = await assembleTracks(
    {
      plan,
      renditions: plan.rungs.map((rung, i) => ({ rung, chunks: [chunks[i]] })),
      audio,
      ptsTicks: Float64Array.from(keptFrames(spec), (n) => (n * TICKS) / spec.fps),
      keyPrefix: 'tracks',
    },
    ctx,
  );
  const texts = await makeTexts(spec, plan, ctx);
  const input = { title: 'Flash & beep', tracks: made.map(trackOf), texts, thumbnails: await makeThumbnails(spec, ctx) };
  const titlePackage = await packageTitle(input, ctx);
  const dir = join(folder, 'title');
  for (const { file, objectKey } of titlePackage.files) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), await ctx.blobs.read(objectKey));
  }
  return { dir, titlePackage, input, plan };
}

function trackOf({ track, stored }: AssembledTrack): PackageInput['tracks'][number] {
  return { track, objectKey: stored.objectKey, sizeBytes: stored.sizeBytes, sha256: stored.sha256 };
}

/** A test card with moving parts and large digits; white when a beep sounds. */
function picture({ fps, seconds, videoStartSeconds = 0 }: FilmSpec, size: string): string {
  const flash = `gte(t+${videoStartSeconds},1)*lt(mod(t+${videoStartSeconds}-1,2),${FLASH_SECONDS})`;
  return `testsrc2=size=${size}:rate=${fps}:duration=${seconds},drawbox=w=iw:h=ih:t=fill:color=white:enable='${flash}',format=yuv420p`;
}

async function encodeRungs(spec: FilmSpec, plan: Plan, ctx: StageContext): Promise<EncodedChunk[]> {
  const dropped = spec.droppedOf30 ?? [];
  const select = dropped.length === 0 ? [] : [`select='not(${dropped.map((n) => `eq(mod(n,30),${n})`).join('+')})'`];
  const frames = keptFrames(spec);
  const keyTimes = spec.idrFrames.map((frame) => ((frames[frame] - 0.5) / spec.fps).toFixed(6)).slice(1);
  const chunks: EncodedChunk[] = [];
  for (const rung of plan.rungs) {
    const path = join(ctx.scratchDir, `${rung.name}.mp4`);
    const filters = [picture(spec, `${rung.widthPx}x${rung.heightPx}`), ...select, `settb=1/${TICKS}`].join(',');
    const x264 = 'keyint=infinite:min-keyint=1:scenecut=0:open-gop=0:stitchable=1';
    await ffmpeg([
      ...[
        '-f',
        'lavfi',
        '-i',
        filters,
        '-fps_mode',
        'passthrough',
        '-enc_time_base',
        '-1',
        '-c:v',
        'libx264',
        '-preset',
        'veryfast',
        '-bf',
        '2',
        '-level',
        '4',
      ],
      ...['-threads', '1', '-x264-params', x264, '-crf', '23', ...(keyTimes.length > 0 ? ['-force_key_frames', keyTimes.join(',')] : [])],
      ...['-video_track_timescale', String(TICKS), '-fflags', '+bitexact', '-flags:v', '+bitexact'],
      ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof+delay_moov', '-f', 'mp4', path],
    ]);
    const objectKey = `chunks/${rung.name}.mp4`;
    const { sizeBytes, sha256 } = await ctx.blobs.putFile(objectKey, path);
    const facts = { address: rung.name, fingerprintKey: '', headerSha256: '', attemptId: ctx.attemptId };
    chunks.push({ ...facts, objectKey, sizeBytes, sha256, frameCount: plan.frameCount });
  }
  return chunks;
}

async function encodeSound(spec: FilmSpec, plan: Plan, ctx: StageContext) {
  const sound = [];
  for (const [i, audioPlan] of plan.audio.entries()) {
    const path = join(ctx.scratchDir, `${audioPlan.name}.mp4`);
    const seconds = audioPlan.sampleCount / audioPlan.sampleRate;
    const beep = `0.5*sin(2*PI*${spec.audio[i].beepHz}*t)*gte(t,1)*lt(mod(t-1,2),${FLASH_SECONDS})`;
    const source = `aevalsrc='${beep}|${beep}':s=48000:d=${seconds}`;
    await ffmpeg(['-f', 'lavfi', '-i', source, '-c:a', 'aac', '-b:a', '96k', '-fflags', '+bitexact', '-flags:a', '+bitexact', path]);
    const objectKey = `sound/${audioPlan.name}.mp4`;
    await ctx.blobs.putFile(objectKey, path);
    sound.push({ plan: audioPlan, objectKey });
  }
  return sound;
}

async function makeTexts(spec: FilmSpec, plan: Plan, ctx: StageContext): Promise<TextObject[]> {
  const texts: TextObject[] = [];
  for (const [i, text] of plan.text.entries()) {
    const sourcePath = join(ctx.scratchDir, `${text.name}.srt`);
    await writeFile(sourcePath, spec.texts[i].srt);
    const made = await extractText({ source: fileInput(sourcePath), text: { ...text, streamIndex: 0 }, shiftMs: 0, outKey: `text/${text.name}.vtt` }, ctx);
    if ('text' in made) texts.push(made.text);
  }
  return texts;
}

/** Small pictures as inspection leaves them. */
export async function makeThumbnails(spec: FilmSpec, ctx: StageContext): Promise<ThumbnailSource> {
  const path = join(ctx.scratchDir, 'thumbnails.mjpeg');
  await ffmpeg(['-f', 'lavfi', '-i', `${picture(spec, '320x180')},fps=1/${THUMBNAIL_SECONDS}:round=up`, '-c:v', 'mjpeg', '-q:v', '3', '-f', 'mjpeg', path]);
  const objectKey = 'inspect/thumbnails.mjpeg';
  await ctx.blobs.putFile(objectKey, path);
  const count = Math.ceil(spec.seconds / THUMBNAIL_SECONDS);
  const frames: Inspection['thumbnails']['frames'] = Array.from({ length: count }, (_, i) => i * THUMBNAIL_SECONDS * spec.fps);
  return { objectKey, intervalSeconds: THUMBNAIL_SECONDS, widthPx: 320, heightPx: 180, frames };
}
