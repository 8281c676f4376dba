import type { TimeBase } from '../../media/time.ts';
import type { Chunk } from '../../model/plan.ts';
import { BORDER_RANK, type Border, secondsToTicks } from './borders.ts';

const FULL_HD_PIXELS = 1920 * 1080;
const FULL_HD_CHUNK_SECONDS = 10;
const SHORTEST_TARGET_SECONDS = 4;
const LONGEST_TARGET_SECONDS = FULL_HD_CHUNK_SECONDS;
/**
 * Half the width of the window in which a chunk border must be the best one, as a share of the target length. Chunks come out about twice that long:
 * a little shorter than the target, so that a film of a minute still parts into several.
 */
const WINDOW_SHARE = 0.35;
/** What no chunk may exceed, as a multiple of the target length, while it has a border to be split at. */
const LONGEST_CHUNK_SHARE = 4;

/** How long chunks of a source should be: about equal work from 1080p up; smaller pictures keep its length, so that short films still part well. */
export function targetChunkSeconds(pixels: number): number {
  const seconds = (FULL_HD_CHUNK_SECONDS * FULL_HD_PIXELS) / pixels;
  return Math.min(LONGEST_TARGET_SECONDS, Math.max(SHORTEST_TARGET_SECONDS, seconds));
}

export type GroupingInput = {
  /** Segment borders, ascending, the first at frame 0. */
  readonly borders: readonly Border[];
  /** Content hash of a border's frame, as text that is compared. */
  readonly hashOf: (frame: number) => string;
  readonly timeBase: TimeBase;
  readonly targetSeconds: number;
  /** Where the film ends; null: not known, and only chunks are given that nothing behind the last border can change. */
  readonly end: { readonly frame: number; readonly timeTicks: number } | null;
};

type Candidate = Border & { readonly hash: string };

/**
 * Groups segments into chunks. A border starts a chunk when no better one is near it: this depends on nothing but the pictures close by, so
 * that after an edit all chunks but those beside it are as they were. The film's two ends count as the best borders.
 */
export function groupIntoChunks(input: GroupingInput): Chunk[] {
  const candidates = input.borders.map((border) => ({ ...border, hash: input.hashOf(border.frame) }));
  const starts = splitLongGaps(localMaxima(candidates, input), candidates, input);
  const chunks: Chunk[] = [];
  for (const [index, start] of starts.entries()) {
    const endFrameExclusive = index + 1 < starts.length ? candidates[starts[index + 1]].frame : input.end?.frame;
    if (endFrameExclusive === undefined) break;
    const idrFrames = candidates.slice(start, starts[index + 1] ?? candidates.length).map((candidate) => candidate.frame);
    chunks.push({ index, startFrame: candidates[start].frame, endFrameExclusive, idrFrames });
  }
  return chunks;
}

/** Positions of the chunk borders among the candidates; none so near the end of what is known that a better one may be behind it. */
function localMaxima(candidates: readonly Candidate[], input: GroupingInput): number[] {
  const window = secondsToTicks(input.targetSeconds * WINDOW_SHARE, input.timeBase);
  const knownTicks = input.end?.timeTicks ?? candidates[candidates.length - 1].timeTicks;
  const maxima = [0];
  for (let at = 1; at < candidates.length; at++) {
    if (knownTicks - candidates[at].timeTicks >= window && isBestWithin(candidates, at, window)) maxima.push(at);
  }
  return maxima;
}

function isBestWithin(candidates: readonly Candidate[], at: number, window: number): boolean {
  const { timeTicks, rank } = candidates[at];
  if (rank === BORDER_RANK.looseCut) return false;
  for (let before = at - 1; before >= 0 && timeTicks - candidates[before].timeTicks < window; before--) {
    if (before === 0 || compare(candidates[before], candidates[at]) >= 0) return false;
  }
  for (let after = at + 1; after < candidates.length && candidates[after].timeTicks - timeTicks < window; after++) {
    if (compare(candidates[after], candidates[at]) > 0) return false;
  }
  return true;
}

/** By rank, then by the length of the shot before (a shot replaced by one as long moves nothing), then by content. */
function compare(a: Candidate, b: Candidate): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.shotBeforeTicks !== b.shotBeforeTicks) return a.shotBeforeTicks - b.shotBeforeTicks;
  if (a.hash === b.hash) return 0;
  return a.hash < b.hash ? -1 : 1;
}

/** Adds borders where ever better (or all equal) ones follow each other for so long that none was the best. */
function splitLongGaps(maxima: readonly number[], candidates: readonly Candidate[], input: GroupingInput): number[] {
  const longest = secondsToTicks(input.targetSeconds * LONGEST_CHUNK_SHARE, input.timeBase);
  const all: number[] = [];
  const split = (from: number, to: number) => {
    const endTicks = candidates[to]?.timeTicks ?? input.end!.timeTicks;
    const best = endTicks - candidates[from].timeTicks > longest ? bestNearMiddle(candidates, from, to, endTicks) : null;
    if (best === null) {
      all.push(from);
      return;
    }
    split(from, best);
    split(best, to);
  };
  for (const [i, from] of maxima.entries()) {
    const to = maxima[i + 1] ?? candidates.length;
    if (to === candidates.length && input.end === null) all.push(from);
    else split(from, to);
  }
  return all;
}

/** The best candidate in the middle half of a gap, the most central of equals; the most central of all where that half has none; null where there is none. */
function bestNearMiddle(candidates: readonly Candidate[], from: number, to: number, endTicks: number): number | null {
  const startTicks = candidates[from].timeTicks;
  const off = (at: number) => Math.abs(2 * candidates[at].timeTicks - startTicks - endTicks);
  const isCentral = (at: number) => 2 * off(at) <= endTicks - startTicks;
  let best: number | null = null;
  for (let at = from + 1; at < to; at++) {
    if (best === null) best = at;
    else if (isCentral(at) !== isCentral(best)) best = isCentral(at) ? at : best;
    else {
      const order = isCentral(at) ? compare(candidates[at], candidates[best]) : 0;
      if (order > 0 || (order === 0 && off(at) < off(best))) best = at;
    }
  }
  return best;
}
