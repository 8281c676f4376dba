import type { CutLimits } from '../../src/stages/inspect/shots/cuts.ts';
import { SHOT_LIMITS, ShotDetector, type ShotLimits } from '../../src/stages/inspect/shots/shot-detector.ts';
import { type Counts, countBorders, scoreOf } from '../../test/support/shot-truth.ts';
import type { FilmFile, Reading } from './read-films.ts';

/** Values tried for each limit of the cut detector. Every combination is tried. */
const AXES = {
  leastChange: [0.28, 0.34, 0.4, 0.46],
  aboveNeighbours: [0.13, 0.17, 0.21, 0.25],
  busySideShare: [0.85, 1, 1.15],
  quietSideShare: [1.2, 1.4],
} satisfies { readonly [L in keyof CutLimits]?: readonly number[] };
const NAMES = Object.keys(AXES) as (keyof typeof AXES)[];

/** First frames of shots, without the film's first. */
export function bordersFound({ timeBase, frames }: Reading, limits: ShotLimits): number[] {
  const detector = new ShotDetector(timeBase, limits);
  for (const frame of frames) detector.push(frame);
  return detector
    .finish()
    .slice(1)
    .map(({ startFrame }) => startFrame);
}

/** A point of the grid: limits, and how good they are on each film. */
type Point = { readonly at: readonly number[]; readonly limits: CutLimits; readonly worth: ReadonlyMap<string, number> };

/** What the grid says about the cut detector's limits on some films. */
export class LimitChoice {
  readonly #points: readonly Point[];

  private constructor(points: readonly Point[]) {
    this.#points = points;
  }

  static of(films: readonly FilmFile[]): LimitChoice {
    return new LimitChoice(gridPlaces().map((at) => tryPoint(at, films)));
  }

  get size(): number {
    return this.#points.length;
  }

  /**
   * The limits that are worth most on these films: the point with the highest mean over itself and its neighbours in the grid, so that a plateau wins over a peak. Films count
   * alike, however long they are.
   */
  best(films: readonly string[]): CutLimits {
    const own = new Map(this.#points.map(({ at, worth }) => [at.join(), mean(films.map((film) => worth.get(film)!))]));
    const smooth = this.#points.map(({ at }) => mean(placesAround(at).map((place) => own.get(place.join())!)));
    return this.#points[smooth.indexOf(Math.max(...smooth))].limits;
  }
}

function tryPoint(at: readonly number[], films: readonly FilmFile[]): Point {
  const limits: CutLimits = { ...SHOT_LIMITS.cut, ...Object.fromEntries(NAMES.map((name, axis) => [name, AXES[name][at[axis]]])) };
  const counts = new Map<string, { plain: Counts[]; dark: Counts[] }>();
  for (const { file, listed, plain, dark } of films) {
    const of = counts.get(file.film) ?? { plain: [], dark: [] };
    for (const [kind, reading] of [
      ['plain', plain],
      ['dark', dark],
    ] as const) {
      of[kind].push(countBorders(bordersFound(reading, { ...SHOT_LIMITS, cut: limits }), listed));
    }
    counts.set(file.film, of);
  }
  return { at, limits, worth: new Map([...counts].map(([film, of]) => [film, mean([worthOf(of.plain), worthOf(of.dark)])])) };
}

/** F1, and recall once more: a border too many costs a key frame, one that is missing makes a bad chunk. */
function worthOf(counts: readonly Counts[]): number {
  const { f1, recall } = scoreOf(counts);
  return (f1 + recall) / 2;
}

/** Places in the grid, by their indexes on each axis. */
function gridPlaces(): number[][] {
  return NAMES.reduce<number[][]>((places, name) => places.flatMap((place) => AXES[name].map((_, i) => [...place, i])), [[]]);
}

/** A place and those beside it on every axis; at an edge of the grid the place itself stands for what is missing. */
function placesAround(at: readonly number[]): number[][] {
  return at.reduce<number[][]>(
    (places, centre, axis) =>
      places.flatMap((place) => [-1, 0, 1].map((step) => [...place, Math.min(AXES[NAMES[axis]].length - 1, Math.max(0, centre + step))])),
    [[]],
  );
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
