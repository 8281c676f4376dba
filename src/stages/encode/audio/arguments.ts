import { EVEN_JUMP_SECONDS, type EvenForm, LAYOUTS } from '../../../model/even-sound.ts';
import { type MediaInput, sourceArguments } from '../../../model/media-input.ts';
import { BYTES_TOGETHER } from '../../../model/media-output.ts';
import type { AudioPlan } from '../../../model/plan.ts';

/** A jump in the source's times larger than this is a gap or an overlap, not rounding. */
const JUMP_SECONDS = 0.02;
/** ITU-R BS.775: centre and surrounds enter a downmix 3 dB lower, low frequency effects not at all. */
const DOWNMIX = 'internal_sample_fmt=fltp:center_mix_level=0.7071067811865476:surround_mix_level=0.7071067811865476:lfe_mix_level=0';
/** Times by count. Without rounding, the division leaves some of them a sample early. */
const BY_COUNT = 'asetpts=round(N/SR/TB)';
/** Mixing may sum up above full scale. What stays below passes unchanged, and without delay. */
const LIMITER = 'alimiter=limit=1:level=0:latency=1';
/** Beside a gain: 1.5 dB below full scale, room for what coding and the curve between samples add. */
const LOUDNESS_LIMITER = 'alimiter=limit=0.841395:level=0:latency=1';

export type AudioCommandInput = { readonly source: MediaInput; readonly audio: AudioPlan; readonly outPath: string };

/**
 * ffmpeg arguments that encode one track over the whole title to AAC-LC in MP4, its priming signalled by an edit list.
 * The samples are placed by count (by their times where the source has gaps), after exactly `leadSamples` of silence, and are
 * `leadSamples + sampleCount` in all. `-cpuflags 0` makes the bytes the same on every CPU.
 */
export function audioArguments({ source, audio, outPath }: AudioCommandInput): string[] {
  return [
    ...['-y', '-cpuflags', '0', '-copyts', ...sourceArguments(source)],
    ...['-map', `0:${audio.streamIndex}`, '-map_metadata', '-1', '-map_chapters', '-1', '-af', audioFilters(audio).join(',')],
    ...['-c:a', 'aac', '-profile:a', 'aac_low', '-aac_coder', 'twoloop', '-b:a', `${audio.bitrateKbps}k`, '-flags:a', '+bitexact'],
    ...['-fflags', '+bitexact', '-movie_timescale', String(audio.sampleRate), '-f', 'mp4', outPath],
  ];
}

function jumpSeconds({ changesForm }: AudioPlan): number {
  return changesForm ? EVEN_JUMP_SECONDS : JUMP_SECONDS;
}

/** What a source that changes its form is brought to before it is encoded. Floating point: the limiter comes later. */
export function encodedForm({ sampleRate, channels }: AudioPlan): EvenForm {
  return { sampleRate, channels, codec: 'pcm_f32le', mixing: DOWNMIX };
}

/** The same to be listened to, mixed as ffmpeg does it. */
export function comparedForm({ channels }: AudioPlan): EvenForm {
  return { sampleRate: COMPARED_RATE, channels, codec: 'pcm_f32le' };
}

function audioFilters(audio: AudioPlan): string[] {
  const totalSamples = audio.leadSamples + audio.sampleCount;
  const times = audio.followTimes ? 'asetpts=PTS-STARTPTS' : BY_COUNT;
  const filling = audio.followTimes ? `:async=1:min_hard_comp=${jumpSeconds(audio)}:first_pts=0` : '';
  return [
    times,
    `aresample=${audio.sampleRate}:${DOWNMIX}${filling}`,
    `aformat=sample_rates=${audio.sampleRate}:channel_layouts=${LAYOUTS[audio.channels]}`,
    // The limiter hands on its input's times although it has moved the samples by its look-ahead: count again.
    ...(audio.gainDb === undefined ? [LIMITER] : [gain(audio.gainDb), LOUDNESS_LIMITER]),
    BY_COUNT,
    ...(audio.leadSamples > 0 ? [`adelay=delays=${audio.leadSamples}S:all=1`] : []),
    `apad=whole_len=${totalSamples}`,
    `atrim=end_sample=${totalSamples}`,
    'aformat=sample_fmts=fltp',
  ];
}

/** In floating point: nothing is lost above full scale. */
function gain(decibels: number): string {
  return `aformat=sample_fmts=fltp,volume=volume=${decibels.toFixed(2)}dB:precision=float`;
}

/** Rate at which source and rendition are compared. */
export const COMPARED_RATE = 8000;
/** Mixed down in floating point: an integer mix would be scaled to fit. */
const AS_COMPARED = `aformat=sample_fmts=fltp:sample_rates=${COMPARED_RATE}:channel_layouts=stereo,aformat=sample_fmts=s16`;
/** Longer than any jump: samples follow each other by count. */
const NEVER_SECONDS = 1e9;

/**
 * The source's track as 16-bit stereo at the compared rate on standard output, beginning at the title's zero and as loud as planned: placed by the source's
 * own clock, which the encode does not look at.
 */
export function sourceListenArguments(input: { source: MediaInput; audio: AudioPlan; originSeconds: number }): string[] {
  const { audio } = input;
  const jump = audio.followTimes ? jumpSeconds(audio) : NEVER_SECONDS;
  const filters = [
    `asetpts=PTS-(${input.originSeconds.toFixed(9)})/TB`,
    `aresample=${COMPARED_RATE}:async=1:min_comp=0.0001:min_hard_comp=${jump}:first_pts=0`,
    // Mixed first, as the encode does it: the limiter must hear the same channels.
    ...(audio.gainDb === undefined ? [] : [`aformat=sample_fmts=fltp:channel_layouts=${LAYOUTS[audio.channels]}`, gain(audio.gainDb), LOUDNESS_LIMITER]),
    AS_COMPARED,
  ];
  const raw = ['-map', `0:${audio.streamIndex}`, '-af', filters.join(','), '-f', 's16le', ...BYTES_TOGETHER, 'pipe:1'];
  return ['-copyts', ...sourceArguments(input.source), ...raw];
}

/** The rendition's track likewise; and on descriptor 3, as one byte each, the samples from the last planned one on. */
export function renditionListenArguments(input: { renditionPath: string; streamIndex: number; audio: AudioPlan }): string[] {
  const last = input.audio.leadSamples + input.audio.sampleCount - 1;
  const graph = [
    `[0:${input.streamIndex}]atrim=start_pts=0,asplit=2[all][any]`,
    `[all]aresample=${COMPARED_RATE},${AS_COMPARED}[compared]`,
    `[any]atrim=start_sample=${last},aformat=sample_fmts=u8:channel_layouts=mono[end]`,
  ].join(';');
  const outputs = ['-map', '[compared]', '-f', 's16le', ...BYTES_TOGETHER, 'pipe:1', '-map', '[end]', '-f', 'u8', 'pipe:3'];
  return ['-protocol_whitelist', 'file,pipe', '-copyts', '-i', `file:${input.renditionPath}`, '-filter_complex', graph, ...outputs];
}
