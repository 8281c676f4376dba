import { type MediaInput, sourceArguments } from './media-input.ts';

/** ffmpeg's names of the layouts that sound is made in. */
export const LAYOUTS = { 1: 'mono', 2: 'stereo', 6: '5.1' } as const;

/** What a track is brought to where it changes its channels or its sampling rate on the way. */
export type EvenForm = {
  readonly sampleRate: number;
  readonly channels: keyof typeof LAYOUTS;
  readonly codec: 'pcm_s16le' | 'pcm_f32le';
  /** Options of `aresample` that say how channels are mixed; missing: as ffmpeg does. */
  readonly mixing?: string;
};

/**
 * Times inside one form are the container's, and a demuxer that knows only the first form's sampling rate reckons those between two stamps wrongly: by a tenth of
 * their distance for 44.1 and 48 kHz. Less than this is such rounding, more is a gap.
 */
const STAMP_SECONDS = 0.05;
/** A copy that begins before zero would be moved: NUT has no negative times. */
const SHIFT_SECONDS = 86_400;
/** Times of a copy are exact to the sample: even the small leap from one form to the next is one. */
export const EVEN_JUMP_SECONDS = 0.001;

/**
 * ffmpeg arguments that write a track in one form throughout, each sample at its time. ffmpeg makes the filters anew at every change of form, and those
 * that count or wait start again: none of these does, so that others can read the copy. Up to 16 samples are lost where the sampling rate changes.
 */
export function evenSoundArguments(input: { source: MediaInput; streamIndex: number; form: EvenForm; outPath: string }): string[] {
  const { sampleRate, channels, codec, mixing } = input.form;
  const filters = [
    `aresample=${sampleRate}:${mixing === undefined ? '' : `${mixing}:`}async=1:min_hard_comp=${STAMP_SECONDS}`,
    `aformat=sample_fmts=flt:sample_rates=${sampleRate}:channel_layouts=${LAYOUTS[channels]}`,
    `asetpts=PTS+${SHIFT_SECONDS}/TB`,
  ].join(',');
  return [
    ...['-y', '-cpuflags', '0', '-copyts', ...sourceArguments(input.source), '-map', `0:${input.streamIndex}`],
    ...['-af', filters, '-c:a', codec, '-f', 'nut', input.outPath],
  ];
}

/** Reads such a copy at the source's own times; its sound is stream 0. */
export function evenSoundInput(path: string): MediaInput {
  return { url: `file:${path}`, protocols: ['file'], options: ['-itsoffset', String(-SHIFT_SECONDS)] };
}
