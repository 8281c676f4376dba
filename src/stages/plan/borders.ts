import type { TimeBase } from '../../media/time.ts';

/** A shot shorter than this does not get a segment of its own. */
export const SHORTEST_SHOT_SECONDS = 1;
/** The longest segment a player has to fetch whole (docs/decisions/0003-ladder-values.md has the measurement). */
export const LONGEST_SEGMENT_SECONDS = 6;

/** Presentation times of all frames known so far, and of the end of the last one. */
export type FrameClock = {
  readonly ptsTicks: ArrayLike<number>;
  readonly endTicks: number;
  readonly timeBase: TimeBase;
};

/**
 * How well a border serves as the start of a chunk; larger is better.
 * `firmCut`: a cut after a shot that is long enough: it is a border whatever the rest of the film looks like.
 * `looseCut`: a cut among short shots: which of those become borders depends on the ones before.
 * `split`: a place inside a long shot.
 */
export const BORDER_RANK = { looseCut: 0, split: 1, firmCut: 2 } as const;

/** A frame that starts a segment. */
export type Border = {
  readonly frame: number;
  readonly timeTicks: number;
  readonly rank: (typeof BORDER_RANK)[keyof typeof BORDER_RANK];
  /** How long the shot lasted that ends here; 0 at a split and at the film's start. */
  readonly shotBeforeTicks: number;
};

/** Ticks of a duration, as a real number: only for comparisons. */
export function secondsToTicks(seconds: number, base: TimeBase): number {
  return (seconds * base.den) / base.num;
}

/**
 * Places the segment borders, ascending, the first at frame 0. Cuts less than a second after the border before them are dropped (so are those
 * less than a second before the end); what is longer than the longest segment is split evenly in time.
 * A cut that follows a shot of a second or more is always kept, so an edit elsewhere changes nothing behind the next such cut.
 *
 * @param shotStarts first frames of the shots, ascending
 * @param complete false: the film goes on behind the last frame known; then only borders are given that nothing behind it can change
 */
export function placeBorders(shotStarts: readonly number[], clock: FrameClock, complete: boolean): Border[] {
  const cuts = keptCuts(shotStarts, clock);
  const shortest = secondsToTicks(SHORTEST_SHOT_SECONDS, clock.timeBase);
  const end = { frame: clock.ptsTicks.length, timeTicks: complete ? clock.endTicks : clock.ptsTicks[clock.ptsTicks.length - 1] };
  const last = cuts[cuts.length - 1];
  const isTail = cuts.length > 1 && end.timeTicks - last.timeTicks < shortest;
  if (isTail) cuts.pop();
  return cuts.flatMap((cut, i) => {
    if (i + 1 < cuts.length) return [cut, ...splits(cut, cuts[i + 1], cuts[i + 1], clock)];
    return complete ? [cut, ...splits(cut, isTail ? last : end, end, clock)] : [cut];
  });
}

/** A border, and the last cut before the next border: itself, or one of those dropped after it. */
type KeptCut = Border & { lastCut: Moment };

type Moment = { readonly frame: number; readonly timeTicks: number };

function keptCuts(shotStarts: readonly number[], clock: FrameClock): KeptCut[] {
  const shortest = secondsToTicks(SHORTEST_SHOT_SECONDS, clock.timeBase);
  const start = { frame: 0, timeTicks: clock.ptsTicks[0] };
  const kept: KeptCut[] = [{ ...start, rank: BORDER_RANK.firmCut, shotBeforeTicks: 0, lastCut: start }];
  for (const frame of shotStarts) {
    if (frame === 0) continue;
    const cut = { frame, timeTicks: clock.ptsTicks[frame] };
    const previous = kept[kept.length - 1];
    const shotBeforeTicks = cut.timeTicks - previous.lastCut.timeTicks;
    const rank = shotBeforeTicks >= shortest ? BORDER_RANK.firmCut : BORDER_RANK.looseCut;
    if (cut.timeTicks - previous.timeTicks < shortest) previous.lastCut = cut;
    else kept.push({ ...cut, rank, shotBeforeTicks, lastCut: cut });
  }
  return kept;
}

/**
 * Borders inside a segment that would be too long. Its one long shot, from the last dropped cut to `shotEnd`, is split evenly, however much of
 * short shots stands before or behind it; where those make an outer piece too long, that piece alone is halved: so an edit of theirs moves no other border.
 */
function splits(from: KeptCut, shotEnd: Moment, to: Moment, clock: FrameClock): Border[] {
  const longest = secondsToTicks(LONGEST_SEGMENT_SECONDS, clock.timeBase);
  const pieces = Math.ceil((shotEnd.timeTicks - from.lastCut.timeTicks) / longest);
  const fewest = evenly(from.lastCut, shotEnd, pieces, clock);
  const inner = hasLonger([from.lastCut, ...fewest, shotEnd], longest) ? evenly(from.lastCut, shotEnd, pieces + 1, clock) : fewest;
  const outer = [from, ...inner, to];
  const steady = [from.lastCut, ...inner, shotEnd];
  return outer.slice(1).flatMap((moment, i) => {
    const half = hasLonger([outer[i], moment], longest) ? evenly(steady[i], steady[i + 1], 2, clock) : [];
    return [...half, ...inner.slice(i, i + 1)];
  });
}

function hasLonger(moments: readonly Moment[], longestTicks: number): boolean {
  return moments.some((moment, i) => i > 0 && moment.timeTicks - moments[i - 1].timeTicks > longestTicks);
}

/** Frames that cut `[from, to)` into pieces of equal time; fewer where there are not that many frames. */
function evenly(from: Moment, to: Moment, pieces: number, clock: FrameClock): Border[] {
  const count = Math.min(pieces, to.frame - from.frame);
  const borders: Border[] = [];
  let previous = from.frame;
  for (let piece = 1; piece < count; piece++) {
    const frame = nearestFrame(clock.ptsTicks, previous, to.frame, from.timeTicks + ((to.timeTicks - from.timeTicks) * piece) / count);
    if (frame <= previous || frame >= to.frame) continue;
    borders.push({ frame, timeTicks: clock.ptsTicks[frame], rank: BORDER_RANK.split, shotBeforeTicks: 0 });
    previous = frame;
  }
  return borders;
}

/** The frame of `[low, highExclusive)` whose time is nearest; the earlier of two equally near. */
function nearestFrame(ptsTicks: ArrayLike<number>, low: number, highExclusive: number, timeTicks: number): number {
  let [first, last] = [low, highExclusive - 1];
  while (first < last) {
    const middle = (first + last) >> 1;
    if (ptsTicks[middle] < timeTicks) first = middle + 1;
    else last = middle;
  }
  if (first > low && timeTicks - ptsTicks[first - 1] <= ptsTicks[first] - timeTicks) return first - 1;
  return first;
}
