import { comparableEnd, correlation, correlations, type Envelope, LARGEST_LAG_MS } from './envelope.ts';

/** Mean loudness (1 = full scale) below which a block counts as silence, about -70 dB. */
const SILENCE = 3e-4;
/** An even tone has the same loudness everywhere and so shows no displacement: spread of the loudness over its mean. */
const EVEN = 0.05;
/** What coding adds to a nearly even tone is as large as its own ripple: rms difference of the loudness over its mean up to which two such blocks are alike. */
const ALIKE = 0.2;
/** Where two blocks are alike in place, coding can make their ripple resemble itself elsewhere: only what fits this well there is displaced. */
const CLEAR = 0.9;
const LARGEST_OFFSET_MS = 1;
/** Periodic sound resembles itself displaced: another place must fit better by this much to be believed. */
const MARGIN = 0.02;
/** A single click can outweigh seconds of sound: a displacement must be borne out by half of such pieces. */
const PIECE_MS = 250;
const LEAST_CORRELATION = 0.5;
const LARGEST_LEVEL_RATIO = 2;

/** With a gain, levels must agree over the whole track: within 1.5 dB, or 3 dB where a gain upwards made the limiter work on other samples than here. */
const LARGEST_GAIN_RATIO = { louder: 1.19, quieter: 1.19, limited: 1.41 };

/** What is wrong with the level of the whole track, in the words of `SoundMatch.fault`; null: nothing. */
export function judgeGain(source: Envelope, rendition: Envelope, gainDb: number): string | null {
  const [expected, found] = [wholeLevel(source), wholeLevel(rendition)];
  const { louder, quieter, limited } = LARGEST_GAIN_RATIO;
  const most = found > expected ? louder : gainDb > 0 ? limited : quieter;
  if (Math.max(expected, found) < SILENCE || Math.max(expected, found) <= most * Math.min(expected, found)) return null;
  return `has not the planned loudness: it is ${(20 * Math.log10(found / expected)).toFixed(1)} dB off`;
}

function wholeLevel({ blocks }: Envelope): number {
  const count = blocks.reduce((sum, block) => sum + block.length, 0);
  return count === 0 ? 0 : blocks.reduce((sum, block) => sum + mean(block) * block.length, 0) / count;
}

export type SoundMatch = {
  /** What is wrong, as the end of a sentence that begins with the rendition's name; null: nothing. */
  readonly fault: string | null;
  /** Seconds in which a displacement would have been seen. */
  readonly comparedSeconds: number;
  /** The largest displacement found, milliseconds; positive: the rendition is late. */
  readonly offsetMs: number;
  /** The worst of the blocks; 1 where none could be compared. */
  readonly lowestCorrelation: number;
};

/** Compares the loudness of source and rendition block by block, both beginning at the title's zero. The first fault ends it. */
export function judgeSound(source: Envelope, rendition: Envelope): SoundMatch {
  let [comparedMs, offsetMs, lowestCorrelation] = [0, 0, 1];
  for (const [i, block] of source.blocks.entries()) {
    const other = rendition.blocks[i];
    const isShort = block.length <= 3 * LARGEST_LAG_MS;
    // The last few milliseconds of a film say nothing about its loudness: an encoder rings out where the source stops.
    const levelFault = isShort && i > 0 ? null : judgeLevel(block, other);
    if (levelFault !== null) return { fault: levelFault, comparedSeconds: comparedMs / 1000, offsetMs, lowestCorrelation };
    if (isShort || isEven(block.subarray(LARGEST_LAG_MS, comparableEnd(block, other)))) continue;
    const isAlike = differenceShare(block, other) < ALIKE;
    const found = bestPlace(block, other, isAlike ? CLEAR : LEAST_CORRELATION);
    if (found.correlation < LEAST_CORRELATION && isAlike) continue;
    if (Math.abs(found.lagMs) > Math.abs(offsetMs)) offsetMs = found.lagMs;
    lowestCorrelation = Math.min(lowestCorrelation, found.correlation);
    comparedMs += block.length;
    const fault = placeFault(found);
    if (fault !== null) return { fault, comparedSeconds: comparedMs / 1000, offsetMs, lowestCorrelation };
  }
  return { fault: null, comparedSeconds: comparedMs / 1000, offsetMs, lowestCorrelation };
}

function judgeLevel(source: Float32Array, rendition: Float32Array): string | null {
  const [expected, found] = [mean(source), mean(rendition)];
  const loud = Math.max(expected, found);
  if (loud < SILENCE * LARGEST_LEVEL_RATIO || loud <= LARGEST_LEVEL_RATIO * Math.min(expected, found)) return null;
  return found < expected ? 'is much quieter than the source' : 'is much louder than the source';
}

function isEven(block: Float32Array): boolean {
  const middle = mean(block);
  const variance = block.reduce((sum, value) => sum + (value - middle) ** 2, 0) / block.length;
  return middle < SILENCE || Math.sqrt(variance) < EVEN * middle;
}

/** Rms difference of two blocks as long and as loud, over their mean. */
function differenceShare(source: Float32Array, rendition: Float32Array): number {
  const middle = mean(source);
  const gain = middle / mean(rendition);
  const squares = source.reduce((sum, value, i) => sum + (value - gain * rendition[i]) ** 2, 0);
  return Math.sqrt(squares / source.length) / middle;
}

type Place = { readonly lagMs: number; readonly correlation: number };

/** Where the second block fits best: near its own place unless another fits well enough and better by the margin, as a whole and in its pieces. */
function bestPlace(source: Float32Array, rendition: Float32Array, leastElsewhere: number): Place {
  const found = correlations(source, rendition);
  const at = (lagMs: number) => ({ lagMs, correlation: found[lagMs + LARGEST_LAG_MS] });
  let near = at(0);
  for (let lag = -LARGEST_OFFSET_MS; lag <= LARGEST_OFFSET_MS; lag++) if (at(lag).correlation > near.correlation) near = at(lag);
  let far = near;
  for (let lag = -LARGEST_LAG_MS; lag <= LARGEST_LAG_MS; lag++) if (at(lag).correlation > far.correlation) far = at(lag);
  const isBetter = far.correlation >= leastElsewhere && far.correlation > near.correlation + MARGIN;
  return isBetter && isBorneOut(source, rendition, near.lagMs, far.lagMs) ? far : near;
}

/** Whether at least half of the pieces fit better there, of those that show a place at all. */
function isBorneOut(source: Float32Array, rendition: Float32Array, nearMs: number, farMs: number): boolean {
  let [pieces, better] = [0, 0];
  for (let from = LARGEST_LAG_MS; from + PIECE_MS <= comparableEnd(source, rendition); from += PIECE_MS) {
    if (isEven(source.subarray(from, from + PIECE_MS))) continue;
    const at = (lagMs: number) => correlation(source, rendition, lagMs, from, from + PIECE_MS);
    pieces++;
    if (at(farMs) > at(nearMs) + MARGIN) better++;
  }
  return 2 * better >= pieces;
}

function placeFault({ lagMs, correlation }: Place): string | null {
  if (correlation < LEAST_CORRELATION) return `does not resemble the source's within ${LARGEST_LAG_MS} ms`;
  if (Math.abs(lagMs) <= LARGEST_OFFSET_MS) return null;
  return `is ${Math.abs(lagMs)} ms too ${lagMs > 0 ? 'late' : 'early'}`;
}

function mean(block: Float32Array): number {
  return block.length === 0 ? 0 : block.reduce((sum, value) => sum + value, 0) / block.length;
}
