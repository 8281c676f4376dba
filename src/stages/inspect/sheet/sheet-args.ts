import { fileInput, inputArguments, type MediaInput } from '../../../model/media-input.ts';
import type { VideoTrack } from '../../../model/source.ts';
import { uprightFilters } from '../../../model/upright.ts';
import { decoderInput, type RangeCut, SCALER_FLAGS, scalerMatrix, trimOf } from '../range-args.ts';
import { exactTiming } from '../trial.ts';
import type { PictureSize } from './sheet-picture.ts';

/** One process that decodes a stretch and writes the pictures of some frames, upright RGB, one after the other. Frames are chosen by integer time. */
export function tileArgs(source: MediaInput, video: VideoTrack, cut: RangeCut, ptsTicks: readonly number[], tile: PictureSize): readonly string[] {
  const colors = video.color.matrix === 'gbr' ? '' : `:in_color_matrix=${scalerMatrix(video.color.matrix)}`;
  const isTurned = video.rotationDegrees === 90 || video.rotationDegrees === 270;
  const size = isTurned ? `${tile.heightPx}:${tile.widthPx}` : `${tile.widthPx}:${tile.heightPx}`;
  const scale = `scale=${size}:${SCALER_FLAGS}${colors}:in_range=${video.color.range}`;
  const graph = `[0:${video.streamIndex}]${trimOf(cut)},select=${anyOf(ptsTicks)},${scale},${['format=rgb24', ...uprightFilters(video)].join(',')}[tiles]`;
  return [...decoderInput(source, video.timeBase, cut), '-filter_complex', graph].concat(
    ['-map', '[tiles]', ...exactTiming(video.timeBase), '-c:v', 'rawvideo'],
    ['-f', 'rawvideo', 'pipe:1'],
  );
}

/** An expression that is not 0 at these times. Nested by halves: ffmpeg refuses a sum of more than a hundred. */
function anyOf(ptsTicks: readonly number[]): string {
  if (ptsTicks.length === 1) return `eq(pts\\,${ptsTicks[0]})`;
  const half = ptsTicks.length >> 1;
  return `(${anyOf(ptsTicks.slice(0, half))}+${anyOf(ptsTicks.slice(half))})`;
}

/** Writes a raw RGB picture out of a file of ours as PNG. */
export function pngArgs(path: string, { widthPx, heightPx }: PictureSize): readonly string[] {
  const raw = ['-f', 'rawvideo', '-pixel_format', 'rgb24', '-video_size', `${widthPx}x${heightPx}`];
  return [...raw, ...inputArguments(fileInput(path)), '-frames:v', '1', '-c:v', 'png', '-f', 'image2pipe', 'pipe:1'];
}
