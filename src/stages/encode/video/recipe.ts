import type { LightFacts } from '../../../media/hdr.ts';
import { ENCODER_OF_CODEC, type PlannedRung } from '../../../model/ladder.ts';

/** What an encoder is told for one rung; a pure function of the rung and of the places of the IDR frames. */
export type Recipe = { readonly encoder: string; readonly args: readonly string[] };

const SDR_TAGS = colorTags('bt709', 'bt709', 'bt709');
const HDR_TAGS = { PQ: colorTags('bt2020', 'smpte2084', 'bt2020nc'), HLG: colorTags('bt2020', 'arib-std-b67', 'bt2020nc') };

function colorTags(primaries: string, transfer: string, matrix: string): readonly string[] {
  return ['-color_primaries', primaries, '-color_trc', transfer, '-colorspace', matrix, '-color_range', 'tv'];
}

/** Static metadata as x265 takes it: the numbers of the SEI messages. */
function x265Light({ mastering, content }: LightFacts): string {
  const point = ({ x, y }: { x: number; y: number }) => `(${x},${y})`;
  const display = mastering
    ? `:master-display=G${point(mastering.green)}B${point(mastering.blue)}R${point(mastering.red)}WP${point(mastering.white)}L(${mastering.maxLuminance},${mastering.minLuminance})`
    : '';
  return `${display}${content ? `:max-cll=${content.maxCll},${content.maxFall}` : ''}`;
}

/** The same as SVT-AV1 takes it: chromaticities from 0 to 1, luminances in cd/m². */
function svtLight({ mastering, content }: LightFacts): string {
  const point = ({ x, y }: { x: number; y: number }) => `(${(x / 50_000).toFixed(5)},${(y / 50_000).toFixed(5)})`;
  const luminance = (steps: number) => (steps / 10_000).toFixed(4);
  const display = mastering
    ? `:mastering-display=G${point(mastering.green)}B${point(mastering.blue)}R${point(mastering.red)}WP${point(mastering.white)}L(${luminance(mastering.maxLuminance)},${luminance(mastering.minLuminance)})`
    : '';
  return `${display}${content ? `:content-light=${content.maxCll},${content.maxFall}` : ''}`;
}

/** H.264 level limits: macroblocks per frame, macroblocks per second, kbit/s of the High profile (ITU-T H.264 tables A-1, A-2). */
const H264_LEVELS = [
  ['1.3', 396, 11_880, 960],
  ['2.1', 792, 19_800, 5_000],
  ['3.0', 1_620, 40_500, 12_500],
  ['3.1', 3_600, 108_000, 17_500],
  ['3.2', 5_120, 216_000, 25_000],
  ['4.0', 8_192, 245_760, 25_000],
  ['4.2', 8_704, 522_240, 62_500],
  ['5.0', 22_080, 589_824, 168_750],
  ['5.1', 36_864, 983_040, 300_000],
  ['5.2', 36_864, 2_073_600, 300_000],
  ['6.2', 139_264, 16_711_680, 1_000_000],
] as const;

/** The smallest level that holds the picture size, rate and ceiling; fixed over a rendition, so all its headers are equal. */
export function h264Level(rung: Pick<PlannedRung, 'widthPx' | 'heightPx' | 'maxrateKbps'>, fps: number): string {
  const macroblocks = Math.ceil(rung.widthPx / 16) * Math.ceil(rung.heightPx / 16);
  for (const [level, perFrame, perSecond, kbps] of H264_LEVELS) {
    if (macroblocks <= perFrame && macroblocks * fps <= perSecond && rung.maxrateKbps <= kbps) return level;
  }
  return '6.2';
}

/** The largest buffer that x264 takes, kbit: it cuts what is above (`validate_parameters` in encoder.c). */
const X264_LARGEST_BUFFER_KBIT = 2_000_000;
/** How full x264 has its buffer before the first picture. */
const X264_FULL_AT_START = 0.9;

function ceilingArguments(maxrateKbps: number, bufferKbit: number): readonly string[] {
  return ['-maxrate', `${maxrateKbps}k`, '-bufsize', `${bufferKbit}k`];
}

/**
 * The ceiling of a chunk as x264 is told it. Against its own errors x264 keeps back a share of the bits that come in while a picture stays
 * (`max_frame_error` in ratecontrol.c), whatever the buffer holds: of a picture that stays long nothing is left, and it gets the worst quantiser.
 * So where more than a quarter of the buffer would be kept back, the buffer grows by that; where x264 takes none so large, there is no ceiling.
 */
function x264Ceiling(rung: PlannedRung, bufferKbit: number, longestPictureSeconds: number): readonly string[] {
  const keptShare = Math.min(0.25, Math.max(0.05, 1 / Math.ceil(rung.heightPx / 16)));
  const keptKbit = keptShare * rung.maxrateKbps * longestPictureSeconds;
  if (keptKbit <= bufferKbit / 4) return ceilingArguments(rung.maxrateKbps, bufferKbit);
  const grownKbit = Math.ceil(bufferKbit + keptKbit / X264_FULL_AT_START);
  return grownKbit > X264_LARGEST_BUFFER_KBIT ? [] : ceilingArguments(rung.maxrateKbps, grownKbit);
}

/**
 * Encoder arguments. One thread: with more, x264 gives other bytes from run to run once its rate control touches the ceiling (measured: six of six
 * runs differed with four). `fps` is the title's average rate, only used for the level; `idrSeconds` are the times, relative to the chunk,
 * at which the frames after the first one are forced to be IDR; `longestPictureSeconds` is the longest time from a picture of the chunk to the next one.
 */
export function recipeOf(rung: PlannedRung, fps: number, idrSeconds: readonly number[], longestPictureSeconds: number): Recipe {
  const forced = idrSeconds.length > 0 ? ['-force_key_frames', idrSeconds.map((at) => at.toFixed(6)).join(',')] : [];
  const { hdrColor: hdr } = rung;
  const tags = hdr ? HDR_TAGS[hdr.range] : SDR_TAGS;
  const bufferKbit = Math.floor(rung.bufsizeKbit / 2);
  const ceiling = rung.codec === 'h264' ? x264Ceiling(rung, bufferKbit, longestPictureSeconds) : ceilingArguments(rung.maxrateKbps, bufferKbit);
  const encoder = ENCODER_OF_CODEC[rung.codec];
  const quality = ['-preset', rung.preset, '-crf', String(rung.crf)];
  if (rung.codec === 'h264') {
    const params = `keyint=infinite:min-keyint=1:scenecut=0:open-gop=0:stitchable=1:cpu-independent=1:threads=1`;
    const level = h264Level(rung, fps);
    return {
      encoder,
      args: [...quality, '-profile:v', 'high', '-level', level, ...ceiling, '-forced-idr', '1', ...forced, ...tags, '-x264-params', params],
    };
  }
  if (rung.codec === 'h265') {
    const params = `keyint=-1:min-keyint=1:scenecut=0:open-gop=0:repeat-headers=0:frame-threads=1:pools=1:info=0:log-level=error${hdr?.light ? x265Light(hdr.light) : ''}`;
    return {
      encoder,
      args: [...quality, ...ceiling, '-forced-idr', '1', ...forced, ...tags, '-tag:v', 'hvc1', '-x265-params', params],
    };
  }
  const params = `enable-force-key-frames=1:scd=0:lp=1${hdr?.light ? svtLight(hdr.light) : ''}`;
  return { encoder, args: [...quality, ...ceiling, '-g', '9999', '-forced-idr', '1', ...forced, ...tags, '-svtav1-params', params] };
}
