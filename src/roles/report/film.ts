import { z } from 'zod';
import { ticksToSeconds } from '../../media/time.ts';
import type { Report } from '../../model/report.ts';
import type { Point } from './plot.ts';

type Rendition = Report['renditions'][number];
export type ScoredPicture = NonNullable<Rendition['quality']>['pictures'][number];

/** A rung with pictures of its own, as the page shows it. */
export type RungView = {
  readonly rendition: Rendition;
  /** Corners of the bit rate over time, bits per second: each segment at its own rate. */
  readonly rates: readonly Point[];
  /** Scores over time; of a long film the worst of each stretch. */
  readonly scores: { readonly [metric in Metric]: readonly Point[] };
};

export type Metric = 'ssim' | 'vmaf';

/** What the plots draw. More would be finer than the screen. */
const MOST_POINTS = 700;
const MOST_FRAMES = 8;

const videoTrack = z.object({
  name: z.string(),
  kind: z.literal('video'),
  timescale: z.int().positive(),
  segments: z.array(z.object({ sizeBytes: z.number().nonnegative(), startTicks: z.number().nonnegative(), durationTicks: z.number().positive() })).min(1),
});

/** The rungs with pictures of their own, largest first, at most six: what a plot can show. */
export function rungViews(report: Report): RungView[] {
  const tracks = new Map(report.package.tracks.flatMap((track) => videoTrack.safeParse(track).data ?? []).map((track) => [track.name, track]));
  return report.renditions
    .filter(({ recipe }) => (recipe.picturesFrom ?? null) === null)
    .sort((a, b) => b.width * b.height - a.width * a.height || b.bitsPerSecond - a.bitsPerSecond)
    .slice(0, 6)
    .map((rendition) => {
      const track = tracks.get(rendition.name);
      const pictures = rendition.quality?.pictures ?? [];
      return { rendition, rates: track ? ratesOf(track) : [], scores: { ssim: worstOf(pictures, 'ssim'), vmaf: worstOf(pictures, 'vmaf') } };
    });
}

/** Shots with their starts on the title's timeline, where segments and scores are; in a report they count from the first picture. */
export function shotsOnTimeline(report: Report): Report['shots'] {
  return report.shots.map((shot) => ({ ...shot, startSeconds: secondsOnTimeline(report, shot.startSeconds) }));
}

/** Seconds since the first picture as seconds of the title's timeline. */
export function secondsOnTimeline({ plan, source }: Report, seconds: number): number {
  return Number((seconds + ticksToSeconds(plan.videoStartTicks, source.timeBase)).toFixed(6));
}

/** Length of the title, seconds: where the last segment of a rung ends. */
export function titleSeconds(report: Report, rungs: readonly RungView[]): number {
  const stated = Number(report.source.facts.durationSeconds);
  return Math.max(...rungs.map(({ rates }) => rates.at(-1)?.[0] ?? 0), rungs.some(({ rates }) => rates.length > 0) || !Number.isFinite(stated) ? 0 : stated);
}

function ratesOf({ timescale, segments }: z.infer<typeof videoTrack>): Point[] {
  return inGroups(segments).flatMap((group): Point[] => {
    const last = group[group.length - 1];
    const start = group[0].startTicks / timescale;
    const end = (last.startTicks + last.durationTicks) / timescale;
    const bitsPerSecond = (8 * group.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)) / (end - start);
    return [
      [start, bitsPerSecond],
      [end, bitsPerSecond],
    ];
  });
}

function worstOf(pictures: readonly ScoredPicture[], metric: Metric): Point[] {
  const points = pictures.flatMap((picture): Point[] => (picture[metric] === undefined ? [] : [[picture.seconds, picture[metric]]]));
  return inGroups(points).map((group) => group.reduce((least, point) => (point[1] < least[1] ? point : least)));
}

function inGroups<T>(items: readonly T[]): T[][] {
  const size = Math.ceil(items.length / MOST_POINTS);
  return Array.from({ length: Math.ceil(items.length / (size || 1)) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** A frame that is among the worst scored ones of at least one rung. */
export type WorstFrame = {
  readonly frame: number;
  readonly seconds: number;
  /** Number of its shot; -1 when it is in none. */
  readonly shot: number;
  /** Of those rungs, largest first. */
  readonly scores: readonly { readonly rendition: Rendition; readonly picture: ScoredPicture }[];
};

/** The worst scored frames of each rung, one of a shot: three of the largest rung, two of the others. At most eight frames, as they stand in the film. */
export function worstFrames(report: Report, rungs: readonly RungView[]): WorstFrame[] {
  const shotOf = (frame: number) => report.shots.findLastIndex((shot) => shot.startFrame <= frame);
  const found = new Map<number, WorstFrame>();
  for (const [i, { rendition }] of rungs.entries()) {
    const shots = new Set<number>();
    for (const picture of [...(rendition.quality?.pictures ?? [])].sort((a, b) => a.ssim - b.ssim)) {
      if (shots.size === (i === 0 ? 3 : 2)) break;
      const { frame, seconds } = picture;
      const shot = shotOf(frame);
      if (shots.has(shot)) continue;
      shots.add(shot);
      const known = found.get(frame) ?? { frame, seconds, shot, scores: [] };
      if (found.has(frame) || found.size < MOST_FRAMES) found.set(frame, { ...known, scores: [...known.scores, { rendition, picture }] });
    }
  }
  return [...found.values()].sort((a, b) => a.frame - b.frame);
}
