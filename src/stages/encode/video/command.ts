import { type TimeBase, ticksToSeconds } from '../../../media/time.ts';
import { fingerprintFilters } from '../../../model/fingerprint.ts';
import type { PlannedRung } from '../../../model/ladder.ts';
import { type MediaInput, sourceArguments } from '../../../model/media-input.ts';
import { LINES_TOGETHER } from '../../../model/media-output.ts';
import type { VideoTrack } from '../../../model/source.ts';
import { deinterlaceFilters, normaliseFilters } from './normalise.ts';
import { recipeOf } from './recipe.ts';

/** The stretch of pictures to encode, in presentation order. */
export type Stretch = {
  readonly timeBase: TimeBase;
  /** Presentation times of the chunk's frames, ascending. */
  readonly ptsTicks: readonly number[];
  /** Presentation time of the frame after the chunk; null at the end of the film. */
  readonly endPtsTicks: number | null;
  /** Positions inside the chunk of the IDR frames; the first is 0. */
  readonly idrPositions: readonly number[];
  /** What filters read that look at neighbouring pictures, wider than the chunk unless the film begins or ends with it; null: there are none. */
  readonly surroundings: Surroundings | null;
};

/** A chunk with its neighbours. Ticks: time of the first picture, and of the first one not read; null: all to the end of the film are read. */
export type Surroundings = {
  readonly startPtsTicks: number;
  readonly endPtsTicks: number | null;
  readonly framesBefore: number;
  readonly framesAfter: number;
};

/** Where to enter the source: the key frame's time, or null for its beginning. */
export type Entry = { readonly keyPtsTicks: number } | null;

export type RungOutput = { readonly rung: PlannedRung; readonly videoPath: string; readonly fingerprintPath: string; readonly fedPath: string };

/**
 * What decides the coded bytes of one rung, besides the pictures: filters and encoder arguments.
 * IDR frames are forced a quarter of a frame early: half a frame would round down where one frame is one tick.
 */
export function rungArguments(video: VideoTrack, rung: PlannedRung, stretch: Stretch, fps: number): { filters: string[]; encoder: string[] } {
  const first = stretch.ptsTicks[0];
  const idrSeconds = stretch.idrPositions
    .slice(1)
    .map((at) => ticksToSeconds(stretch.ptsTicks[at] - (stretch.ptsTicks[at] - stretch.ptsTicks[at - 1]) / 4 - first, stretch.timeBase));
  const longestTicks = stretch.ptsTicks.reduce((longest, pts, i, all) => (i === 0 ? 0 : Math.max(longest, pts - all[i - 1])), 0);
  const recipe = recipeOf(rung, fps, idrSeconds, ticksToSeconds(longestTicks, stretch.timeBase));
  return {
    filters: normaliseFilters(video, rung),
    encoder: ['-c:v', recipe.encoder, ...recipe.args, '-video_track_timescale', String(stretch.timeBase.den)],
  };
}

/**
 * One process that decodes once and feeds every rung. Frames are chosen by integer presentation time and never by number or rounded second;
 * `framehash` on standard output says which frames really went in, before any filter, neighbours included that filters read. One thread decodes and one filters: chunks run side by
 * side, and more threads cost the whole process up to a tenth more CPU (docs/decisions/0014-one-decoding-thread.md).
 */
export function encodeArguments(input: {
  source: MediaInput;
  video: VideoTrack;
  stretch: Stretch;
  entry: Entry;
  fps: number;
  outputs: readonly RungOutput[];
  /** Places in the chunk of the pictures that are kept as they are fed, at each rung. */
  keptPositions: readonly number[];
  ffmpegMajor: number;
}): string[] {
  const { video, stretch, outputs, keptPositions } = input;
  const passthrough = ['-fps_mode', 'passthrough', '-enc_time_base', input.ffmpegMajor >= 9 ? 'demux' : '-1'];
  const { surroundings } = stretch;
  const own = trim(stretch.ptsTicks[0], stretch.endPtsTicks);
  const graph = [`[0:${video.streamIndex}]${surroundings ? trim(surroundings.startPtsTicks, surroundings.endPtsTicks) : own},split=2[exact][any]`];
  const prepared = [...(surroundings ? [...deinterlaceFilters(video), own] : []), 'setpts=PTS-STARTPTS'].join(',');
  const branches = outputs.map((_, i) => `[fed${i}]`).join('');
  graph.push(outputs.length === 1 ? `[any]${prepared}[fed0]` : `[any]${prepared},split=${outputs.length}${branches}`);
  const maps: string[] = ['-map', '[exact]', ...passthrough, '-c:v', 'rawvideo', '-f', 'framehash', '-hash', 'murmur3', ...LINES_TOGETHER, 'pipe:1'];
  for (const [i, output] of outputs.entries()) {
    const { filters, encoder } = rungArguments(video, output.rung, stretch, input.fps);
    const split = keptPositions.length > 0 ? `split=3[enc${i}][seen${i}][some${i}]` : `split=2[enc${i}][seen${i}]`;
    graph.push(`[fed${i}]${filters.join(',')},${split}`, `[seen${i}]${fingerprintFilters(output.rung.heightPx).join(',')}[fp${i}]`);
    maps.push('-map', `[fp${i}]`, ...passthrough, '-c:v', 'rawvideo', '-f', 'rawvideo', output.fingerprintPath);
    if (keptPositions.length > 0) {
      graph.push(`[some${i}]${selectFilter(stretch, keptPositions)}[kept${i}]`);
      maps.push('-map', `[kept${i}]`, ...passthrough, '-c:v', 'rawvideo', '-f', 'nut', output.fedPath);
    }
    maps.push('-map', `[enc${i}]`, ...passthrough, ...encoder, '-fflags', '+bitexact', '-flags:v', '+bitexact', '-map_metadata', '-1', '-map_chapters', '-1');
    maps.push('-movflags', '+frag_keyframe+empty_moov+default_base_moof+delay_moov', '-f', 'mp4', output.videoPath);
  }
  const oneGraph = video.changesSize ? ['-reinit_filter', '0'] : [];
  return [
    '-y',
    '-copyts',
    ...entryArguments(input.entry, stretch.timeBase),
    '-noautorotate',
    ...oneGraph,
    '-threads',
    '1',
    ...sourceArguments(input.source),
  ].concat(['-an', '-sn', '-dn', '-filter_complex_threads', '1', '-filter_complex', graph.join(';')], maps);
}

function trim(startPtsTicks: number, endPtsTicks: number | null): string {
  return `trim=start_pts=${startPtsTicks}${endPtsTicks === null ? '' : `:end_pts=${endPtsTicks}`}`;
}

/** Lets the pictures at these places of the chunk through. By seconds and not by ticks: a filter before it may have another time base. */
function selectFilter({ ptsTicks, timeBase }: Stretch, positions: readonly number[]): string {
  const terms = positions.map((at) => {
    const stepsTicks = [at - 1, at + 1].filter((other) => other in ptsTicks).map((other) => Math.abs(ptsTicks[other] - ptsTicks[at]));
    const quarterTicks = Math.min(timeBase.den, ...stepsTicks) / 4;
    const [from, to] = [-quarterTicks, quarterTicks].map((aside) => ticksToSeconds(ptsTicks[at] - ptsTicks[0] + aside, timeBase).toFixed(9));
    return `between(t,${from},${to})`;
  });
  return `select='${terms.join('+')}'`;
}

/** Enters half a tick after the key frame's time, so that rounding cannot land on the one before. */
export function entryArguments(entry: Entry, timeBase: TimeBase): string[] {
  if (entry === null) return [];
  return ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', ticksToSeconds(entry.keyPtsTicks + 0.5, timeBase).toFixed(6)];
}
