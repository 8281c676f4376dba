import { seededRandom } from '../../test/support/mangle-text.ts';

/** How long each job of a title takes on one core, in seconds. */
export type FilmModel = {
  readonly id: string;
  readonly scan: number;
  readonly ranges: readonly number[];
  readonly inspectAudio: number;
  readonly stitch: number;
  readonly plan: number;
  readonly chunks: readonly number[];
  /** All that the product knows of them beforehand. */
  readonly chunkFrames: readonly number[];
  readonly audio: number;
  readonly renditions: readonly number[];
  readonly packaging: number;
  readonly publish: number;
};

const FPS = 24;
/** Seconds per frame of 1080p with the default ladder, proof included: attempts at the minute of `overhead` with one worker and nothing beside it. */
const INSPECT_PER_FRAME = 0.0081;
const ENCODE_PER_FRAME = 0.137;
const RANGE_FRAMES = 120 * FPS;
/** Chunks of a real film: 132 frames in the median (`crash-cost`). */
const [SHORTEST_CHUNK, LONGEST_CHUNK] = [2.5 * FPS, 9 * FPS];
/** Times as fast as it plays; of sound, which is stereo, as a film of ten minutes shows. */
const [AUDIO_ENCODE_SPEED, AUDIO_INSPECT_SPEED, PACKETS_SPEED, ASSEMBLE_SPEED, PACKAGE_SPEED] = [42, 430, 700, 700, 500];
const RENDITIONS = 4;

/** A film in 1080p with the default ladder; chunks differ in length and in how hard their pictures are. */
export function filmModel(id: string, seconds: number, seed: number): FilmModel {
  const random = seededRandom(seed);
  const frames = Math.round(seconds * FPS);
  const chunks: number[] = [];
  const chunkFrames: number[] = [];
  for (let left = frames; left > 0; ) {
    const length = Math.min(left, Math.round(SHORTEST_CHUNK + random() * (LONGEST_CHUNK - SHORTEST_CHUNK)));
    chunks.push(length * ENCODE_PER_FRAME * (0.5 + random()));
    chunkFrames.push(length);
    left -= length;
  }
  const ranges = Array.from({ length: Math.ceil(frames / RANGE_FRAMES) }, (_, i) => Math.min(RANGE_FRAMES, frames - i * RANGE_FRAMES) * INSPECT_PER_FRAME);
  return {
    id,
    scan: 1 + seconds / PACKETS_SPEED,
    ranges,
    inspectAudio: seconds / AUDIO_INSPECT_SPEED,
    stitch: 0.5 + frames / 60_000,
    plan: 0.5,
    chunks,
    chunkFrames,
    audio: seconds / AUDIO_ENCODE_SPEED,
    renditions: Array.from({ length: RENDITIONS }, () => 0.5 + seconds / ASSEMBLE_SPEED),
    packaging: 1 + seconds / PACKAGE_SPEED,
    publish: 0.5,
  };
}

/** Jobs that may run beside each other, step after step. */
function stepsOf(film: FilmModel): readonly (readonly number[])[] {
  const { scan, ranges, inspectAudio, stitch, plan, chunks, audio, renditions, packaging, publish } = film;
  return [[scan], [...ranges, inspectAudio], [stitch], [plan], [...chunks, audio], renditions, [packaging], [publish]];
}

/** No number of workers makes these titles sooner: the longest chain of jobs, and all work shared evenly. */
export function leastSeconds(films: readonly FilmModel[], workers: number): { chain: number; work: number; bound: number } {
  const chain = films.reduce((longest, film) => Math.max(longest, sum(stepsOf(film).map(longestOf))), 0);
  const work = sum(films.map((film) => sum(stepsOf(film).map(sum))));
  return { chain, work, bound: Math.max(chain, work / workers) };
}

/** A closer bound for one title: each of its steps waits for all of the step before. */
export function leastSecondsByStep(film: FilmModel, workers: number): number {
  return sum(stepsOf(film).map((step) => Math.max(longestOf(step), sum(step) / workers)));
}

function longestOf(seconds: readonly number[]): number {
  return seconds.reduce((longest, each) => Math.max(longest, each), 0);
}

function sum(seconds: readonly number[]): number {
  return seconds.reduce((total, each) => total + each, 0);
}
