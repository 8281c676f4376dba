import { type TimeBase, ticksToSeconds } from '../../../media/time.ts';
import type { Shot } from '../../../model/shot.ts';
import { CUT_LIMITS, CUT_REACH, type CutSides, cutStrength, NEIGHBOURS, SIDE_FRAMES, weighCut } from './cuts.ts';
import { DISSOLVE_LIMITS, type DissolveEvidence, HALF_LENGTHS, isDissolve, weighDissolve } from './dissolves.ts';
import { FadeFinder, FLAT_LIMITS } from './fades.ts';
import { FEATURE } from './features.ts';
import { type DetectorFrame, FrameWindow } from './frame-window.ts';

/** Frames on both sides that an explanation looks at: a black stretch may be long. */
export const EXPLAINED_REACH = 240;

/** One measured thing that speaks for or against a border. */
export type Statement = {
  readonly finder: 'cut' | 'dissolve' | 'fade';
  readonly speaks: 'for' | 'against';
  readonly measure: string;
  readonly value: number;
  /** What the value was held to. */
  readonly limit: number;
  readonly text: string;
};

/** Why a shot starts at a frame, or does not. */
export type BorderExplanation = {
  readonly frame: number;
  /** Since the film's first frame. */
  readonly seconds: number;
  readonly startsShot: boolean;
  /** The shot that the frame is in. */
  readonly shot: Shot;
  /** The border that is nearest to the frame; null when the film is one shot. The film's beginning is none. */
  readonly nearestBorder: number | null;
  readonly statements: readonly Statement[];
};

export type ExplainInput = {
  readonly frame: number;
  /** `EXPLAINED_REACH` frames on both sides of it, as far as the film has them. */
  readonly frames: readonly DetectorFrame[];
  /** Number of the first of them. */
  readonly firstFrame: number;
  /** As inspection found them. */
  readonly shots: readonly Shot[];
  readonly timeBase: TimeBase;
  readonly firstPtsTicks: number;
};

/** The evidence for and against a border at a frame: what the finders measure there, and what each measure is held to. Whether there is one is taken from the shots. */
export function explainBorder({ frame, frames, firstFrame, shots, timeBase, firstPtsTicks }: ExplainInput): BorderExplanation {
  const window = new FrameWindow(frames.length, firstFrame);
  for (const each of frames) window.push(each);
  const borders = shots.slice(1).map(({ startFrame }) => startFrame);
  const nearestBorder = borders.reduce<number | null>((best, each) => (best === null || Math.abs(each - frame) < Math.abs(best - frame) ? each : best), null);
  const own = window.at(frame)!;
  const startsShot = frame === 0 || borders.includes(frame);
  return {
    frame,
    seconds: Number(ticksToSeconds(own.ptsTicks - firstPtsTicks, timeBase).toFixed(6)),
    startsShot,
    shot: shots.find((shot) => frame < shot.endFrameExclusive)!,
    nearestBorder,
    statements: [...explainCut(window, frame), ...explainDissolve(window, frame), ...explainFade(frames, firstFrame, frame, startsShot)],
  };
}

const two = (value: number) => Number(value.toFixed(2));

/** @param isAbove whether a border wants the value above its limit. */
function statement(finder: Statement['finder'], measure: string, values: { value: number; limit: number; isAbove: boolean }, text: string): Statement {
  const { value, limit, isAbove } = values;
  return { finder, speaks: (isAbove ? value > limit : value < limit) ? 'for' : 'against', measure, value: two(value), limit: two(limit), text };
}

function explainCut(window: FrameWindow, frame: number): Statement[] {
  const evidence = weighCut(window, frame, CUT_LIMITS);
  if (evidence === null) return [];
  const { change, changeBefore, changeAfter, needed, sustained, sides } = evidence;
  const { leastChange } = CUT_LIMITS;
  const statements = [
    statement(
      'cut',
      'change',
      { value: change, limit: leastChange, isAbove: true },
      `changed by ${two(change)} since the frame before; a cut changes by more than ${leastChange}`,
    ),
    statement(
      'cut',
      'stands out',
      { value: change, limit: needed, isAbove: true },
      `changes by up to ${two(changeBefore)} in the ${NEIGHBOURS} frames before and ${two(changeAfter)} in the ${NEIGHBOURS} after; a cut stands out from that by more than ${two(needed)}`,
    ),
  ];
  if (sides === null) return statements;
  const { mostSustained } = CUT_LIMITS;
  const whip = `in the ${CUT_REACH} frames on one side it goes on changing by at least ${two(sustained)} of that; more than ${mostSustained} would be a camera that whips`;
  statements.push(
    statement('cut', 'sustained', { value: sustained, limit: mostSustained, isAbove: false }, whip),
    ...explainSides(sides, Math.max(leastChange, needed)),
  );
  const own = cutStrength(evidence, CUT_LIMITS);
  return own === null ? statements : [...statements, ...strongerCuts(window, frame, own)];
}

function explainSides({ change, spread, likeness, behindMask }: CutSides, needed: number): Statement[] {
  const { leastSpread, mostLikeness, leastBehindMask } = CUT_LIMITS;
  const lasts = `of the ${SIDE_FRAMES} frames before and the ${SIDE_FRAMES} from here on, the two most alike differ by ${two(change)}; more than ${two(needed)} is a cut, less a flash`;
  const share = `${two(spread)} of the picture shows something else; less than ${leastSpread} would be a thing that moved or was burnt in`;
  const light = `the frames before and from here on correlate by up to ${two(likeness)}; more than ${mostLikeness} would be the same shot in other light`;
  const masked = `where black does not mask the picture it changed by ${two(behindMask)} levels; less than ${leastBehindMask} would be an iris, a curtain or bars`;
  const mask = Number.isFinite(behindMask) ? [statement('cut', 'mask', { value: behindMask, limit: leastBehindMask, isAbove: true }, masked)] : [];
  return [
    ...mask,
    statement('cut', 'lasts', { value: change, limit: needed, isAbove: true }, lasts),
    statement('cut', 'spread', { value: spread, limit: leastSpread, isAbove: true }, share),
    statement('cut', 'likeness', { value: likeness, limit: mostLikeness, isAbove: false }, light),
  ];
}

/** Cuts so near that only the strongest of them counts. */
function strongerCuts(window: FrameWindow, frame: number, own: number): Statement[] {
  const statements: Statement[] = [];
  for (let other = frame - NEIGHBOURS; other <= frame + NEIGHBOURS; other++) {
    const evidence = other === frame ? null : weighCut(window, other, CUT_LIMITS);
    const strength = evidence === null ? null : cutStrength(evidence, CUT_LIMITS);
    if (strength === null || strength < own || (strength === own && other > frame)) continue;
    const values = { value: own, limit: strength, isAbove: true };
    statements.push({
      ...statement('cut', 'strongest', values, `frame ${other} is a stronger cut, ${two(strength)} against ${two(own)} here`),
      speaks: 'against',
    });
  }
  return statements;
}

function explainDissolve(window: FrameWindow, frame: number): Statement[] {
  const evidences = HALF_LENGTHS.map((half) => weighDissolve(window, frame, half)).filter((each) => each !== null);
  const best = evidences.find(isDissolve) ?? evidences.sort((a, b) => measuresOf(b) - measuresOf(a) || a.varianceShare - b.varianceShare)[0];
  return best === undefined ? [] : describeDissolve(best);
}

/** How far a judgement went before something spoke against a dissolve. */
function measuresOf({ difference, errorShare, unsteadiness, shapeChange }: DissolveEvidence): number {
  return [difference, errorShare, unsteadiness, shapeChange].filter((measure) => measure !== null).length;
}

function describeDissolve(evidence: DissolveEvidence): Statement[] {
  const { contrast, varianceShare, difference, errorShare, unsteadiness, shapeChange, halfFrames } = evidence;
  const limits = DISSOLVE_LIMITS;
  const ends = `the frames ${halfFrames} before and after`;
  const all: [string, number | null, number, boolean, string][] = [
    [
      'contrast of the ends',
      contrast,
      limits.leastContrast,
      true,
      `${ends} have contrasts of ${two(contrast)} levels and more; less than ${limits.leastContrast} would be a fade`,
    ],
    [
      'variance',
      varianceShare,
      limits.largestVarianceShare,
      false,
      `has ${two(varianceShare)} of the variance of ${ends}; a blend has less than ${limits.largestVarianceShare}`,
    ],
    [
      'difference of the ends',
      difference,
      limits.leastDifference,
      true,
      `${ends} differ by ${two(difference ?? 0)} levels; those of a dissolve by more than ${limits.leastDifference}`,
    ],
    [
      'blend',
      errorShare,
      limits.largestErrorShare,
      false,
      `is off the mean of ${ends} by ${two(errorShare ?? 0)} of their difference; a blend is off by less than ${limits.largestErrorShare}`,
    ],
    [
      'steadiness',
      unsteadiness,
      limits.largestUnsteadiness,
      false,
      `between ${ends} the share of the later one is ${two(unsteadiness ?? 0)} off that of an even dissolve, 1 where it falls or leaps; in a dissolve it rises evenly, but for ${limits.largestUnsteadiness}`,
    ],
    [
      'shapes of the ends',
      shapeChange,
      limits.leastShapeChange,
      true,
      `the shapes in ${ends} differ by ${two(shapeChange ?? 0)}; those of two shots by more than ${limits.leastShapeChange}`,
    ],
  ];
  return all.flatMap(([measure, value, limit, isAbove, text]) => (value === null ? [] : [statement('dissolve', measure, { value, limit, isAbove }, text)]));
}

function explainFade(frames: readonly DetectorFrame[], firstFrame: number, frame: number, startsShot: boolean): Statement[] {
  const own = frames[frame - firstFrame];
  const [mean, deviation] = [own.features[FEATURE.mean], own.features[FEATURE.deviation]];
  const limits = FLAT_LIMITS;
  const shown = `has a brightness of ${two(mean)} and a contrast of ${two(deviation)} levels; a picture that shows nothing has a contrast of less than ${limits.deviation}, and of less than ${limits.emptyDeviation} between ${limits.blackMean} and ${limits.whiteMean}`;
  const contrast = { value: deviation, limit: mean <= limits.blackMean || mean >= limits.whiteMean ? limits.deviation : limits.emptyDeviation, isAbove: false };
  const statements = [statement('fade', 'contrast', contrast, shown)];
  const finder = new FadeFinder();
  for (const [i, each] of frames.entries()) finder.push(firstFrame + i, each);
  const near = finder.finish().find(({ first, lastFrame }) => frame >= first.frame && frame <= lastFrame + 1);
  if (near === undefined) return statements;
  const length = near.lastFrame - near.first.frame + 1;
  const text = `frames ${near.first.frame} to ${near.lastFrame} show nothing and part two shots; less than a second of it is one border, behind a longer one the next shot starts`;
  return [...statements, { finder: 'fade', speaks: startsShot ? 'for' : 'against', measure: 'stretch', value: length, limit: 1, text }];
}
