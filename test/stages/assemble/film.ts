import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TimeBase } from '../../../src/media/time.ts';
import type { EncodedChunk } from '../../../src/model/encoded-chunk.ts';
import { fingerprintFilters } from '../../../src/model/fingerprint.ts';
import { encodeIndexHeader, encodeIndexRecord, INDEX_HEADER_BYTES, INDEX_RECORD_BYTES, PICTURE_BYTES } from '../../../src/model/frame-index.ts';
import { inspectionKeys } from '../../../src/model/inspection.ts';
import type { PlannedRung } from '../../../src/model/ladder.ts';
import type { AudioPlan, Plan } from '../../../src/model/plan.ts';
import type { StageContext } from '../../../src/ports/stage-context.ts';
import { stageContext } from '../../support/stage-context.ts';

export type FilmSpec = {
  readonly timeBase: TimeBase;
  readonly frameCount: number;
  /** Presentation time of a frame, source ticks; evaluated here and, as the same formula over `n`, in the encoder. */
  readonly ptsOf: (n: number) => number;
  readonly ptsFormula: string;
  readonly endPtsTicks: number;
  readonly chunkStarts: readonly number[];
  readonly idrFrames: readonly number[];
  readonly videoStartTicks?: number;
  readonly audio?: readonly AudioSpec[];
  /** Extra encoder options, e.g. `bframes=0`. */
  readonly x264?: string;
  /** Another encoder with its options. */
  readonly encoder?: readonly string[];
  readonly codec?: PlannedRung['codec'];
  /** A real film instead of the synthetic one; its frames are chosen by `ptsOf`, and `rung` says what becomes of them. */
  readonly source?: { readonly path: string; readonly rung: PlannedRung };
};

/** A tone that starts at `beepSample` of the rendition and lasts 9600 samples, in silence. */
export type AudioSpec = Partial<AudioPlan> & { readonly name: string; readonly sampleCount: number; readonly beepSample: number };

export const rungOf = (codec: PlannedRung['codec'] = 'h264', name = '180p'): PlannedRung => ({
  name,
  container: 'mp4',
  codec,
  boxPx: 180,
  crf: 23,
  maxrateKbps: 3000,
  bufsizeKbit: 3000,
  preset: 'veryfast',
  widthPx: 320,
  heightPx: 180,
  picturesFrom: null,
});

export const SOURCE = 'testsrc2=size=320x180:rate=24:duration=60';
const X264 = 'keyint=infinite:min-keyint=1:scenecut=0:open-gop=0:stitchable=1:cpu-independent=1:threads=1';
const FRAGMENTED = ['-fflags', '+bitexact', '-movflags', '+frag_keyframe+empty_moov+default_base_moof+delay_moov'];
const FINGERPRINT = fingerprintFilters(180).join(',');

/** A real store and real tools in a folder of their own. */
export class Studio {
  readonly dir: string;
  readonly ctx: StageContext;
  readonly #release: (() => Promise<void>)[] = [];

  private constructor(dir: string, ctx: StageContext) {
    this.dir = dir;
    this.ctx = ctx;
  }

  static async open(): Promise<Studio> {
    const dir = await mkdtemp(join(tmpdir(), 'sceneline-assemble-'));
    return new Studio(dir, await stageContext(dir));
  }

  async close(): Promise<void> {
    for (const release of this.#release) await release();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Runs ffmpeg or ffprobe and gives back what it wrote. */
  run(tool: 'ffmpeg' | 'ffprobe', args: readonly string[]): Buffer {
    const { ffmpegPath, ffprobePath } = this.ctx.tools.abilities;
    return execFileSync(tool === 'ffmpeg' ? ffmpegPath : ffprobePath, ['-v', 'error', ...args], { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Local path of a stored object; it lives as long as the studio. */
  async pathOf(key: string): Promise<string> {
    const { path, release } = await this.ctx.blobs.openLocal(key);
    this.#release.push(release);
    return path;
  }
}

export type Film = {
  readonly plan: Plan;
  readonly rung: PlannedRung;
  readonly chunks: readonly EncodedChunk[];
  readonly audio: readonly { readonly plan: AudioPlan; readonly objectKey: string }[];
  readonly ptsTicks: Float64Array;
};

/** Encodes a synthetic film chunk by chunk, as the encode stage leaves it, with its frame index and sound. */
export async function makeFilm(studio: Studio, name: string, spec: FilmSpec): Promise<Film> {
  const plan = planOf(name, spec);
  const ptsTicks = Float64Array.from({ length: spec.frameCount }, (_, n) => spec.ptsOf(n));
  await studio.ctx.blobs.put(inspectionKeys.index(plan.inspectionId), indexOf(plan, ptsTicks));
  const chunks: EncodedChunk[] = [];
  for (const chunk of plan.chunks) chunks.push(await encodeChunk(studio, `${name}/chunk${chunk.index}`, spec, chunk));
  const audio = [];
  for (const [i, track] of (spec.audio ?? []).entries()) {
    audio.push({ plan: plan.audio[i], objectKey: await encodeTone(studio, `${name}/${track.name}.m4a`, plan.audio[i], track.beepSample) });
  }
  return { plan, rung: plan.rungs[0], chunks, audio, ptsTicks };
}

function planOf(name: string, spec: FilmSpec): Plan {
  const chunks = spec.chunkStarts.map((startFrame, index) => {
    const endFrameExclusive = spec.chunkStarts[index + 1] ?? spec.frameCount;
    return { index, startFrame, endFrameExclusive, idrFrames: spec.idrFrames.filter((frame) => frame >= startFrame && frame < endFrameExclusive) };
  });
  return {
    version: 1,
    inspectionId: name,
    complete: true,
    frameCount: spec.frameCount,
    timeBase: spec.timeBase,
    firstPtsTicks: spec.ptsOf(0),
    endPtsTicks: spec.endPtsTicks,
    videoStartTicks: spec.videoStartTicks ?? 0,
    rungs: [spec.source?.rung ?? rungOf(spec.codec)],
    chunks,
    audio: (spec.audio ?? []).map((track, i) => ({
      streamIndex: i + 1,
      language: 'eng',
      title: '',
      isDefault: i === 0,
      channels: 2,
      sampleRate: 48000,
      bitrateKbps: 128,
      leadSamples: 0,
      followTimes: false,
      ...track,
    })),
    text: [],
  };
}

export function indexOf(plan: Plan, ptsTicks: Float64Array): Uint8Array {
  const bytes = new Uint8Array(INDEX_HEADER_BYTES + plan.frameCount * INDEX_RECORD_BYTES);
  bytes.set(encodeIndexHeader({ frameCount: plan.frameCount, timeBase: plan.timeBase, endPtsTicks: plan.endPtsTicks }));
  const empty = { isKey: true, hash: new Uint8Array(16), features: new Float32Array(8), picture: new Uint8Array(PICTURE_BYTES) };
  ptsTicks.forEach((ticks, n) => {
    encodeIndexRecord({ ptsTicks: ticks, ...empty }, bytes, INDEX_HEADER_BYTES + n * INDEX_RECORD_BYTES);
  });
  return bytes;
}

async function encodeChunk(studio: Studio, key: string, spec: FilmSpec, chunk: Plan['chunks'][number]): Promise<EncodedChunk> {
  const { num, den } = spec.timeBase;
  const video = join(studio.dir, 'chunk.mp4');
  const prints = join(studio.dir, 'prints.gray');
  const first = spec.ptsOf(chunk.startFrame);
  const seconds = (frame: number): number => ((spec.ptsOf(frame) - 0.25 - first) * num) / den;
  const forced = chunk.idrFrames.slice(1).map((frame) => seconds(frame).toFixed(6));
  const { input, filters } = spec.source ? realFrames(spec, chunk) : syntheticFrames(spec, chunk);
  const graph = `[0:v:0]${filters},format=yuv420p,setsar=1,split[v][p];[p]${FINGERPRINT}[f]`;
  const encoder = spec.encoder ?? [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-profile:v',
    'high',
    '-level',
    '3.1',
    '-x264-params',
    `${X264}${spec.x264 ? `:${spec.x264}` : ''}`,
  ];
  studio.run('ffmpeg', [
    ...['-y', ...input, '-filter_complex', graph],
    ...['-map', '[v]', '-fps_mode', 'passthrough', '-enc_time_base', `${num}/${den}`, ...encoder, '-crf', '23', '-forced-idr', '1'],
    ...(forced.length > 0 ? ['-force_key_frames', forced.join(',')] : []),
    ...['-video_track_timescale', String(den), ...FRAGMENTED, video],
    ...['-map', '[f]', '-fps_mode', 'passthrough', '-enc_time_base', `${num}/${den}`, '-f', 'rawvideo', prints],
  ]);
  const frameCount = chunk.endFrameExclusive - chunk.startFrame;
  const fingerprints = await readFile(prints);
  if (fingerprints.byteLength !== frameCount * PICTURE_BYTES)
    throw new Error(`${fingerprints.byteLength / PICTURE_BYTES} frames where ${frameCount} were asked for`);
  const objectKey = `${key}.mp4`;
  const fingerprintKey = `${key}.gray`;
  await studio.ctx.blobs.put(fingerprintKey, fingerprints);
  const { sha256, sizeBytes } = await studio.ctx.blobs.putFile(objectKey, video);
  return { address: key, objectKey, sha256, sizeBytes, frameCount, fingerprintKey, headerSha256: '', attemptId: 'a1' };
}

type Frames = { readonly input: readonly string[]; readonly filters: string };

function syntheticFrames(spec: FilmSpec, chunk: Plan['chunks'][number]): Frames {
  const { num, den } = spec.timeBase;
  const chosen = `trim=start_frame=${chunk.startFrame}:end_frame=${chunk.endFrameExclusive},setpts=PTS-STARTPTS`;
  const times = `setpts=st(0\\,N+${chunk.startFrame})*0+${spec.ptsFormula.replaceAll('n', 'ld(0)')}-${spec.ptsOf(chunk.startFrame)}`;
  return { input: ['-f', 'lavfi', '-i', SOURCE], filters: `${chosen},settb=${num}/${den},${times}` };
}

function realFrames(spec: FilmSpec, chunk: Plan['chunks'][number]): Frames {
  const { path, rung } = spec.source!;
  const end = chunk.endFrameExclusive < spec.frameCount ? spec.ptsOf(chunk.endFrameExclusive) : spec.endPtsTicks;
  const chosen = `trim=start_pts=${spec.ptsOf(chunk.startFrame)}:end_pts=${end},setpts=PTS-STARTPTS`;
  return { input: ['-copyts', '-i', path], filters: `${chosen},scale=${rung.widthPx}:${rung.heightPx}:flags=bicubic+accurate_rnd+bitexact` };
}

async function encodeTone(studio: Studio, key: string, plan: AudioPlan, beepSample: number): Promise<string> {
  const path = join(studio.dir, 'tone.m4a');
  const end = beepSample + 9600;
  const tone = `if(between(n\\,${beepSample}\\,${end})\\,0.5*sin(2*PI*997*n/${plan.sampleRate})\\,0)`;
  const layout = plan.channels === 1 ? 'mono' : plan.channels === 2 ? 'stereo' : '5.1';
  const source = `aevalsrc=exprs=${Array(plan.channels).fill(tone).join('|')}:s=${plan.sampleRate}:c=${layout}`;
  studio.run('ffmpeg', [
    ...['-y', '-f', 'lavfi', '-i', source, '-af', `atrim=end_sample=${plan.leadSamples + plan.sampleCount}`],
    ...['-c:a', 'aac', '-b:a', '128k', '-fflags', '+bitexact', path],
  ]);
  await studio.ctx.blobs.putFile(key, path);
  return key;
}
