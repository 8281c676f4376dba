import { type TimeBase, ticksToSeconds } from '../../media/time.ts';
import { fewerLines } from '../../model/fingerprint.ts';
import { type MediaInput, sourceArguments } from '../../model/media-input.ts';
import { BYTES_TOGETHER, LINES_TOGETHER } from '../../model/media-output.ts';
import type { VideoTrack } from '../../model/source.ts';
import { uprightFilters } from '../../model/upright.ts';
import { CROP_STRIPS } from './crop.ts';
import { LOOK_FILTERS } from './looks.ts';
import { LUMA_HEIGHT_PX, LUMA_WIDTH_PX } from './shots/features.ts';
import { selectExpression, thumbnailSize } from './thumbnail-picks.ts';
import { exactTiming } from './trial.ts';

/** Descriptors that the decoding process writes on. */
export const RANGE_FD = { hashes: 1, luma: 3, thumbnails: 4, rows: 5, columns: 6 } as const;

/** Which pictures to decode, and where to enter the file. */
export type RangeCut = {
  /** Time of the key frame to enter at; null: at the beginning. */
  readonly entryPtsTicks: number | null;
  readonly startPtsTicks: number | null;
  readonly endPtsTicks: number | null;
};

/** The same on every CPU: the scaler's fast paths round differently from machine to machine. */
export const SCALER_FLAGS = 'flags=area+accurate_rnd+bitexact';
const LUMA_ONLY = 'format=yuv420p,extractplanes=y,format=gray';

/**
 * One process that decodes a range once. Out come, per frame and before any filter, its time and hash; a 64×36 luma picture, upright;
 * and of the first frame of every five seconds a thumbnail and its brightness by rows and columns.
 * @param zeroPtsTicks where five-second intervals start; null: at the first decoded frame.
 */
export function rangeArgs(source: MediaInput, video: VideoTrack, cut: RangeCut, zeroPtsTicks: number | null): readonly string[] {
  const timing = exactTiming(video.timeBase);
  const raw = [...timing, '-c:v', 'rawvideo'];
  const jpeg = [...timing, '-c:v', 'mjpeg', '-q:v', '4', '-threads', '1', '-flags:v', '+bitexact', '-f', 'image2pipe'];
  return [...decoderInput(source, video.timeBase, cut), '-filter_complex_threads', '1', '-filter_complex', rangeGraph(video, cut, zeroPtsTicks)].concat(
    ['-map', '[exact]', ...raw, '-f', 'framehash', '-hash', 'murmur3', ...LINES_TOGETHER, `pipe:${RANGE_FD.hashes}`],
    ['-map', '[luma]', ...raw, '-f', 'rawvideo', ...BYTES_TOGETHER, `pipe:${RANGE_FD.luma}`],
    ['-map', '[jpeg]', ...jpeg, `pipe:${RANGE_FD.thumbnails}`],
    ['-map', '[rows]', ...raw, '-f', 'rawvideo', `pipe:${RANGE_FD.rows}`],
    ['-map', '[columns]', ...raw, '-f', 'rawvideo', `pipe:${RANGE_FD.columns}`],
  );
}

/** Decodes a range and keeps nothing: only what the decoder says about it matters. */
export function complaintArgs(source: MediaInput, video: VideoTrack, cut: RangeCut): readonly string[] {
  const graph = `[0:${video.streamIndex}]${trimOf(cut) || 'null'}[out]`;
  return [...decoderInput(source, video.timeBase, cut), '-filter_complex', graph, '-map', '[out]', '-f', 'null', '-'];
}

/** Decodes the key picture at a time, and few or none of those after it: what the decoder says is about that picture. */
export function keyComplaintArgs(source: MediaInput, video: VideoTrack, keyPtsTicks: number): readonly string[] {
  const cut = { entryPtsTicks: keyPtsTicks, startPtsTicks: null, endPtsTicks: keyPtsTicks };
  return ['-skip_frame', 'nokey', ...complaintArgs(source, video, cut)];
}

/**
 * Enters half a tick after the key frame's time, so that rounding cannot land on the one before. Frames are chosen by integer time behind that.
 * The filter graph is kept when colour signalling changes, so that its state is. One thread decodes: ranges run side by side, a second thread costs a tenth
 * more CPU, and damaged pictures decode the same every time.
 */
export function decoderInput(source: MediaInput, timeBase: TimeBase, cut: RangeCut): readonly string[] {
  const entry = cut.entryPtsTicks;
  const seek = entry === null ? [] : ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', ticksToSeconds(entry + 0.5, timeBase).toFixed(6)];
  return ['-copyts', ...seek, '-noautorotate', '-reinit_filter', '0', '-threads', '1', ...sourceArguments(source)];
}

export function trimOf({ startPtsTicks, endPtsTicks }: RangeCut): string {
  const bounds = [...(startPtsTicks === null ? [] : [`start_pts=${startPtsTicks}`]), ...(endPtsTicks === null ? [] : [`end_pts=${endPtsTicks}`])];
  return bounds.length === 0 ? '' : `trim=${bounds.join(':')}`;
}

function rangeGraph(video: VideoTrack, cut: RangeCut, zeroPtsTicks: number | null): string {
  const isTurned = video.rotationDegrees === 90 || video.rotationDegrees === 270;
  const size = (widthPx: number, heightPx: number) => (isTurned ? `${heightPx}:${widthPx}` : `${widthPx}:${heightPx}`);
  const range = `in_range=${video.color.range}`;
  const thumbnail = thumbnailSize(video);
  const upright = uprightFilters(video)
    .map((filter) => `,${filter}`)
    .join('');
  const trim = trimOf(cut);
  const lines = fewerLines(video.heightPx);
  // Hands every picture on as it is, unless the film changes its size: `field` would go on reading pictures of the first size.
  const sameSize = `scale=${video.widthPx}:${video.heightPx}:${SCALER_FLAGS}`;
  const colors = video.color.matrix === 'gbr' ? '' : `:in_color_matrix=${scalerMatrix(video.color.matrix)}`;
  return [
    `[0:${video.streamIndex}]${trim ? `${trim},` : ''}split=4[exact][all][any][looks]`,
    `[looks]${LOOK_FILTERS}`,
    `[all]${lines.length > 0 ? `${[sameSize, ...lines].join(',')},` : ''}scale=${size(LUMA_WIDTH_PX, LUMA_HEIGHT_PX)}:${SCALER_FLAGS}:${range}:out_range=tv,${LUMA_ONLY}${upright}[luma]`,
    `[any]select=${selectExpression(zeroPtsTicks, video.timeBase)},split=3[small][wide][high]`,
    `[small]scale=${size(thumbnail.widthPx, thumbnail.heightPx)}:${SCALER_FLAGS}${colors}:out_color_matrix=bt601:${range}:out_range=pc,format=yuvj420p${upright}[jpeg]`,
    `[wide]scale=${CROP_STRIPS}:${video.heightPx}:${SCALER_FLAGS}:${range}:out_range=tv,${LUMA_ONLY}[rows]`,
    `[high]scale=${video.widthPx}:${CROP_STRIPS}:${SCALER_FLAGS}:${range}:out_range=tv,${LUMA_ONLY}[columns]`,
  ].join(';');
}

/** Names of colour matrices as the scaler spells them. */
export function scalerMatrix(matrix: string): string {
  if (matrix === 'bt709' || matrix === 'smpte240m' || matrix === 'fcc') return matrix;
  return matrix.startsWith('bt2020') ? 'bt2020' : 'smpte170m';
}
