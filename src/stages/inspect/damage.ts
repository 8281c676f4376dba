import type { RangeCut } from './range-args.ts';
import type { DamagedStretch } from './range-object.ts';
import type { ScanRange, SourceScan } from './scan.ts';

/** Whether the decoder complains about the pictures of a cut, decoded from its entry. */
export type Complains = (cut: RangeCut) => Promise<boolean>;

/** More tries than this per range mean that it is damaged all over. */
const MOST_TRIES = 200;

/**
 * Finds the damaged GOPs of a range: those of which the decoder complains when it enters at their key frame. Halves stretches until
 * single GOPs are left, so that the answer does not depend on where ranges begin. Adjacent ones are joined.
 */
export async function locateDamage(range: ScanRange, complains: Complains): Promise<DamagedStretch[]> {
  const starts = gopStarts(range);
  const found: DamagedStretch[] = [];
  let tries = 0;
  const search = async (first: number, endExclusive: number): Promise<void> => {
    const cut = cutBetween(starts[first], starts[endExclusive] ?? range.endPtsTicks);
    if (tries++ < MOST_TRIES && !(await complains(cut))) return;
    if (endExclusive - first === 1 || tries >= MOST_TRIES) {
      const last = found.at(-1);
      if (last && last.endPtsTicks === cut.startPtsTicks) found.pop();
      found.push({ startPtsTicks: last && last.endPtsTicks === cut.startPtsTicks ? last.startPtsTicks : cut.startPtsTicks, endPtsTicks: cut.endPtsTicks });
      return;
    }
    const middle = (first + endExclusive) >> 1;
    await search(first, middle);
    await search(middle, endExclusive);
  };
  await search(0, starts.length);
  return found;
}

/**
 * Where to enter for a decode that is the same as one from the film's start: the range itself when its first GOP is sound,
 * else the nearest sound GOP before it. Null: the start of the film.
 */
export async function soundEntry(scan: SourceScan, range: ScanRange, damaged: readonly DamagedStretch[], complains: Complains): Promise<number | null> {
  if (range.startPtsTicks === null) return null;
  if (!damaged.some((stretch) => stretch.startPtsTicks === range.startPtsTicks)) return range.startPtsTicks;
  let next = range.startPtsTicks;
  for (const key of keysBefore(scan, range, MOST_TRIES)) {
    if (!(await complains(cutBetween(key, next)))) return key;
    next = key;
  }
  return null;
}

/** Key frames before a range, nearest first. */
export function keysBefore(scan: SourceScan, range: ScanRange, limit: number): number[] {
  const keys: number[] = [];
  for (let at = range.index - 1; at >= 0 && keys.length < limit; at--) keys.push(...scan.ranges[at].keyPtsTicks.slice(-limit).toReversed());
  return keys.slice(0, limit);
}

/** Starts of the range's GOPs; pictures before its first key frame count as one. */
function gopStarts(range: ScanRange): (number | null)[] {
  return range.startPtsTicks === null ? [null, ...range.keyPtsTicks.slice(range.keyPtsTicks.length > 0 ? 1 : 0)] : [...range.keyPtsTicks];
}

function cutBetween(startPtsTicks: number | null, endPtsTicks: number | null): RangeCut {
  return { entryPtsTicks: startPtsTicks, startPtsTicks, endPtsTicks };
}
