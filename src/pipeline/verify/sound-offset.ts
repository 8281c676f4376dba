/** Rate at which sound is compared, mono, 16 bits. */
export const COMPARE_RATE = 8000;
const WINDOW_SAMPLES = 12_000;
/** Shorter sound than this is not compared. */
const LEAST_WINDOW_SAMPLES = 800;
/** Offsets looked at: 100 ms on both sides. */
export const REACH_SAMPLES = 800;
/** More than this is a fault: 2 ms. */
const ALLOWED_SAMPLES = 16;
/** Below this root mean square a window says nothing: -50 dB of full scale. */
const SILENCE = 0.003;
/** Twenty times as loud is no silence. */
const CLEARLY_SOUND = 0.06;
/** Sound that was coded at any sane rate correlates far better. */
const LEAST_CORRELATION = 0.5;
/** Sound that repeats itself, as a tone does, fits nearly as well at other offsets: they count only when they fit better than the right place by this much. */
const CLEARLY_BETTER = 1.01;

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
  const correlations = new Float64Array(2 * REACH_SAMPLES + 1);
  let energy = energyOf(rendition.subarray(0, count));
  for (let lag = 0; lag < correlations.length; lag++) {
    let dot = 0;
    for (let i = 0; i < count; i++) dot += master[i] * rendition[lag + i];
    correlations[lag] = energy > 0 ? dot / Math.sqrt(masterEnergy * energy) : 0;
    if (lag + 1 < correlations.length) energy = Math.max(0, energy - rendition[lag] ** 2 + rendition[lag + count] ** 2);
  }
  const anywhere = highest(correlations, 0, correlations.length);
  if (correlations[anywhere] < LEAST_CORRELATION) return { kind: 'other', correlation: correlations[anywhere] };
  const inPlace = highest(correlations, REACH_SAMPLES - ALLOWED_SAMPLES, REACH_SAMPLES + ALLOWED_SAMPLES + 1);
  const lag = correlations[anywhere] > CLEARLY_BETTER * correlations[inPlace] ? anywhere : inPlace;
  return { kind: 'offset', offsetSamples: lag - REACH_SAMPLES, correlation: correlations[lag] };
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
