import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FrameHashReader } from '../../media/tool-output/frame-hash-lines.ts';
import { ScenelineError } from '../../model/errors.ts';
import { evenSoundArguments, evenSoundInput } from '../../model/even-sound.ts';
import { type AudioInspection, inspectionKeys } from '../../model/inspection.ts';
import { type MediaInput, sourceArguments } from '../../model/media-input.ts';
import { LINES_TOGETHER } from '../../model/media-output.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { countComplaints } from './decoder-complaints.ts';
import { type FormChange, readFormChange } from './form-change.ts';
import { DECODING_LIMITS } from './limits.ts';
import { type Loudness, parseLoudness } from './loudness.ts';
import type { SourceScan } from './scan.ts';
import { SoundClock, type SoundGap } from './sound-clock.ts';
import { refusalOfTool } from './tool-failure.ts';

export type InspectAudioInput = { readonly source: MediaInput; readonly scan: SourceScan; readonly streamIndex: number };

/** What is stored for a track under `inspectionKeys.audio`. */
export type AudioFindings = {
  readonly version: 1;
  readonly inspection: AudioInspection;
  readonly gapCount: number;
  /** The first hundred. */
  readonly gaps: readonly SoundGap[];
  /** Where channels or sampling rate change on the way, and how many channels the container shows; missing: nowhere. */
  readonly formChange?: FormChange & { readonly channels: number };
  /** The decoder reported errors. */
  readonly isDamaged: boolean;
  /** Why nothing could be decoded; null when something was. */
  readonly failure: string | null;
};

/** Says how many samples it was given, of one channel, and once more for every change of form: ffmpeg then makes the filters anew. */
const COUNT_BY_FORM = 'pan=mono|c0=c0,volumedetect[count]';

/** One decode of a track; a second branch measures loudness by EBU R 128 where the filter takes the track's channels. */
function audioArgs(source: MediaInput, streamIndex: number, withLoudness: boolean): readonly string[] {
  const graph = withLoudness
    ? `[0:${streamIndex}]asplit=2[all][loud];[all]${COUNT_BY_FORM};[loud]ebur128=framelog=verbose,anullsink`
    : `[0:${streamIndex}]${COUNT_BY_FORM}`;
  return [
    '-copyts',
    ...sourceArguments(source),
    '-filter_complex',
    graph,
    '-map',
    '[count]',
    '-c:a',
    'pcm_s16le',
    '-f',
    'framehash',
    '-hash',
    'adler32',
    ...LINES_TOGETHER,
    'pipe:1',
  ];
}

/** Decodes one sound track: exact sample count, first sample's time, gaps, loudness. A track that is stored already is not decoded again. */
export async function inspectAudio(input: InspectAudioInput, ctx: StageContext): Promise<AudioInspection> {
  const key = inspectionKeys.audio(input.scan.id, input.streamIndex);
  if (await ctx.blobs.stat(key)) return readAudioFindings(await ctx.blobs.read(key)).inspection;
  const track = input.scan.facts.audio.find(({ streamIndex }) => streamIndex === input.streamIndex);
  if (track === undefined) throw new ScenelineError('SL-901', `The scan ${input.scan.id} has no sound track ${input.streamIndex}.`);
  const asItIs = await listen(input, ctx);
  const sampleRate = asItIs.sampleRate ?? track.sampleRate;
  const startSeconds = asItIs.clock.startTicks === null ? track.startSeconds : asItIs.clock.startTicks / sampleRate;
  const formChange = readFormChange(asItIs.log, { startSeconds, sampleRate });
  const heard = formChange === null ? asItIs : await listenEvenly(input, { sampleRate, channels: track.channels }, ctx);
  const { clock } = heard;
  const findings: AudioFindings = {
    version: 1,
    inspection: {
      streamIndex: input.streamIndex,
      sampleRate,
      sampleCount: clock.sampleCount,
      startSeconds,
      hasGaps: clock.gapCount > 0,
      ...(formChange === null ? {} : { changesForm: true as const }),
      ...heard.loudness,
    },
    gapCount: clock.gapCount,
    gaps: clock.gaps,
    ...(formChange === null ? {} : { formChange: { ...formChange, channels: track.channels } }),
    isDamaged: asItIs.isDamaged || heard.isDamaged,
    failure: clock.sampleCount > 0 ? null : (heard.failure ?? 'nothing came out of the decoder'),
  };
  await ctx.blobs.put(key, Buffer.from(JSON.stringify(findings)));
  return findings.inspection;
}

export function readAudioFindings(bytes: Uint8Array): AudioFindings {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as AudioFindings;
}

/** Decodes a track, once more without its loudness where nothing comes of it. */
async function listen(input: InspectAudioInput, ctx: StageContext): Promise<Heard> {
  const first = await decode(input, true, ctx);
  return first.clock.sampleCount === 0 ? await decode(input, false, ctx) : first;
}

/** Listens to a track in one form: its samples, their times and their loudness are those of what will be encoded. */
async function listenEvenly(input: InspectAudioInput, found: { sampleRate: number; channels: number }, ctx: StageContext): Promise<Heard> {
  const outPath = join(ctx.scratchDir, `even-${input.streamIndex}.nut`);
  const channels = found.channels >= 6 ? 6 : found.channels === 1 ? 1 : 2;
  const form = { sampleRate: found.sampleRate, channels, codec: 'pcm_s16le' } as const;
  const args = evenSoundArguments({ source: input.source, streamIndex: input.streamIndex, form, outPath });
  const run = await ctx.tools.run({ tool: 'ffmpeg', args, cwd: ctx.scratchDir, limits: DECODING_LIMITS, signal: ctx.signal });
  ctx.spend('inspect', run.cpuSeconds);
  const heard = await listen({ ...input, source: evenSoundInput(outPath), streamIndex: 0 }, ctx);
  await rm(outPath);
  return heard;
}

type Heard = {
  readonly clock: SoundClock;
  readonly sampleRate: number | null;
  readonly loudness: Loudness;
  readonly isDamaged: boolean;
  readonly log: string;
  /** The tool's complaint when it gave up. */
  readonly failure: string | null;
};

const UNHEARD = { sampleRate: null, loudness: { loudnessLufs: null, loudnessRangeLu: null }, isDamaged: true, log: '' };

async function decode({ source, scan, streamIndex }: InspectAudioInput, withLoudness: boolean, ctx: StageContext): Promise<Heard> {
  const clock = new SoundClock();
  const reader = new FrameHashReader(null, (frame) => clock.add(frame.ptsTicks, frame.durationTicks, rateOf(reader)));
  const args = audioArgs(source, streamIndex, withLoudness);
  try {
    const outputs = { 1: (bytes: Uint8Array) => reader.write(bytes) };
    const run = await ctx.tools.run({ tool: 'ffmpeg', args, outputs, cwd: ctx.scratchDir, limits: DECODING_LIMITS, signal: ctx.signal });
    reader.end();
    ctx.spend('inspect', run.cpuSeconds);
    const sampleRate = clock.sampleCount > 0 ? rateOf(reader) : null;
    return { clock, sampleRate, loudness: parseLoudness(run.log), isDamaged: countComplaints(run, scan.facts.container) > 0, log: run.log, failure: null };
  } catch (error) {
    // Times that no clock has are the track's fault like any other damage.
    if (error instanceof RangeError) return { ...UNHEARD, clock: new SoundClock(), failure: error.message };
    const failure = refusalOfTool(error);
    if (failure === null) throw error;
    const sampleRate = clock.sampleCount > 0 ? rateOf(reader) : null;
    return { ...UNHEARD, clock, sampleRate, failure };
  }
}

/** Decoded sound is counted in ticks of one sample. */
function rateOf(reader: FrameHashReader): number {
  const { timeBase } = reader;
  if (timeBase === null || timeBase.num !== 1) throw new RangeError('frame hashes: sound is not timed in samples');
  return timeBase.den;
}
