/** Rate at which sound is compared, mono, 16 bits. */
export const COMPARE_RATE = 8000;
const WINDOW_SAMPLES = 12_000;
/** Shorter sound than this is not compared. */
const LEAST_WINDOW_SAMPLES = 800;
/** Offsets looked at: 100 ms on both sides. */
export const REACH_SAMPLES = 800;
/** More than this is a fault: 2 ms. */
const ALLOWED_SAMPLES = 16;
const FIRST_IN_PLACE = REACH_SAMPLES - ALLOWED_SAMPLES;
const LAGS_IN_PLACE = 2 * ALLOWED_SAMPLES + 1;
/** Below this root mean square a window says nothing: -50 dB of full scale. */
const SILENCE = 0.003;
/** Twenty times as loud is no silence. */
const CLEARLY_SOUND = 0.06;
/** Sound that was coded at any sane rate correlates far better. */
const LEAST_CORRELATION = 0.5;
/** Sound that repeats itself, as a tone does, fits nearly as well at other offsets: they count only when they fit better than the right place by this much. */
const CLEARLY_BETTER = 1.01;
/** A jump or click inside a window must not move all of it: an offset has to fit better in half of its parts. */
const PARTS = 6;

export type WindowVerdict =
  | { readonly kind: 'silence' }
  | { readonly kind: 'offset'; readonly offsetSamples: number; readonly correlation: number }
  /** Other sound, or the same at an offset beyond reach. */
  | { readonly kind: 'other'; readonly correlation: number };

/**
 * Finds where a window of the master's sound lies in a longer window of the rendition's, which begins `REACH_SAMPLES` before the place where it should be and ends as
 * many after it, by normalised cross-correlation. `offsetSamples` is positive when the rendition is late. Both at `COMPARE_RATE`, full scale 1. Pure.
 */
export function findOffset(master: Float32Array, rendition: Float32Array): WindowVerdict {
  const count = master.length;
  if (rendition.length !== count + 2 * REACH_SAMPLES) throw new RangeError(`windows of ${count} and ${rendition.length} samples do not fit each other`);
  const masterEnergy = energyOf(master);
  if (Math.sqrt(masterEnergy / count) < SILENCE) {
    const heard = Math.sqrt(energyOf(rendition.subarray(REACH_SAMPLES, REACH_SAMPLES + count)) / count);
    return heard < CLEARLY_SOUND ? { kind: 'silence' } : { kind: 'other', correlation: 0 };
  }
  const correlations = correlateFrom(master, rendition, 0, 2 * REACH_SAMPLES + 1);
  const anywhere = highest(correlations, 0, correlations.length);
  if (correlations[anywhere] < LEAST_CORRELATION) return { kind: 'other', correlation: correlations[anywhere] };
  const inPlace = highest(correlations, FIRST_IN_PLACE, FIRST_IN_PLACE + LAGS_IN_PLACE);
  const isElsewhere = correlations[anywhere] > CLEARLY_BETTER * correlations[inPlace] && isBorneOut(master, rendition, anywhere);
  const lag = isElsewhere ? anywhere : inPlace;
  return { kind: 'offset', offsetSamples: lag - REACH_SAMPLES, correlation: correlations[lag] };
}

/** Whether at least half of the parts that are no silence fit better there than in their place. */
function isBorneOut(master: Float32Array, rendition: Float32Array, lag: number): boolean {
  const partSamples = Math.floor(master.length / PARTS);
  let [heard, better] = [0, 0];
  for (let start = 0; start + partSamples <= master.length; start += partSamples) {
    const part = master.subarray(start, start + partSamples);
    if (Math.sqrt(energyOf(part) / partSamples) < SILENCE) continue;
    const around = rendition.subarray(start, start + partSamples + 2 * REACH_SAMPLES);
    const inPlace = correlateFrom(part, around, FIRST_IN_PLACE, LAGS_IN_PLACE);
    heard++;
    if (correlateFrom(part, around, lag, 1)[0] > CLEARLY_BETTER * inPlace[highest(inPlace, 0, LAGS_IN_PLACE)]) better++;
  }
  return 2 * better >= heard;
}

/** Normalised correlation with the second at `lags` places from `firstLag` on; 0 where that is silent. */
function correlateFrom(first: Float32Array, second: Float32Array, firstLag: number, lags: number): Float64Array {
  const count = first.length;
  const ownEnergy = energyOf(first);
  const correlations = new Float64Array(lags);
  let energy = energyOf(second.subarray(firstLag, firstLag + count));
  for (let i = 0; i < lags; i++) {
    const lag = firstLag + i;
    let dot = 0;
    for (let at = 0; at < count; at++) dot += first[at] * second[lag + at];
    correlations[i] = energy > 0 ? dot / Math.sqrt(ownEnergy * energy) : 0;
    if (i + 1 < lags) energy = Math.max(0, energy - second[lag] ** 2 + second[lag + count] ** 2);
  }
  return correlations;
}

function highest(values: Float64Array, start: number, endExclusive: number): number {
  let best = start;
  for (let i = start; i < endExclusive; i++) if (values[i] > values[best]) best = i;
  return best;
}

export function energyOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum;
}

/** Up to `most` windows of 1.5 s spread evenly over a stretch: the first at its beginning, the last at its end. One shorter window where the stretch is shorter. */
export function spreadWindows(stretchSamples: number, most: number): { readonly starts: readonly number[]; readonly windowSamples: number } {
  const windowSamples = Math.min(WINDOW_SAMPLES, stretchSamples);
  if (windowSamples < LEAST_WINDOW_SAMPLES) return { starts: [], windowSamples };
  const last = stretchSamples - windowSamples;
  const count = Math.min(most, Math.ceil(stretchSamples / windowSamples));
  return { starts: Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.round((i * last) / (count - 1)))), windowSamples };
}
