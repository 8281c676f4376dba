const BLOCK_MS = 10_000;
const MOST_BLOCKS = 64;
/** The largest displacement that is looked for. */
export const LARGEST_LAG_MS = 100;
const CHANNELS = 2;
const SAMPLE_BYTES = 2;
const FULL_SCALE = 32_768;

/** Loudness of every millisecond of some blocks of a track: mean of the sample values' size, 1 = full scale. */
export type Envelope = { readonly blocks: readonly Float32Array[]; readonly totalSamples: number };

/**
 * Takes 16-bit stereo samples as they come and keeps the loudness per millisecond of at most 64 blocks of 10 s, spread evenly over
 * `totalMs`, so that memory does not grow with the title.
 */
export class EnvelopeReader {
  readonly #blocks: Float32Array[] = [];
  readonly #spacingMs: number;
  readonly #samplesPerMs: number;
  #rest = new Uint8Array(0);
  #sum = 0;
  #totalSamples = 0;

  /** @param sampleRate a whole number of samples per millisecond */
  constructor(totalMs: number, sampleRate: number) {
    this.#samplesPerMs = sampleRate / 1000;
    this.#spacingMs = Math.max(BLOCK_MS, Math.ceil(totalMs / MOST_BLOCKS));
    for (let start = 0; start < totalMs; start += this.#spacingMs) this.#blocks.push(new Float32Array(Math.min(BLOCK_MS, totalMs - start)));
  }

  push(bytes: Uint8Array): void {
    const all = this.#rest.byteLength === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frameBytes = CHANNELS * SAMPLE_BYTES;
    const whole = all.byteLength - (all.byteLength % frameBytes);
    const view = new DataView(all.buffer, all.byteOffset, whole);
    for (let at = 0; at < whole; at += frameBytes) this.#add(Math.abs(view.getInt16(at, true)) + Math.abs(view.getInt16(at + SAMPLE_BYTES, true)));
    this.#rest = Uint8Array.from(all.subarray(whole));
  }

  finish(): Envelope {
    return { blocks: this.#blocks, totalSamples: this.#totalSamples };
  }

  #add(size: number): void {
    this.#sum += size;
    this.#totalSamples++;
    if (this.#totalSamples % this.#samplesPerMs !== 0) return;
    const ms = this.#totalSamples / this.#samplesPerMs - 1;
    const block = this.#blocks[Math.floor(ms / this.#spacingMs)];
    const within = ms % this.#spacingMs;
    if (block && within < block.length) block[within] = this.#sum / (CHANNELS * this.#samplesPerMs * FULL_SCALE);
    this.#sum = 0;
  }
}

/** Pearson correlation of two blocks for every displacement of the second from `-LARGEST_LAG_MS` to `LARGEST_LAG_MS`; 0 where one of them is even. */
export function correlations(first: Float32Array, second: Float32Array): Float64Array {
  const end = comparableEnd(first, second);
  const found = new Float64Array(2 * LARGEST_LAG_MS + 1);
  if (end < 2 * LARGEST_LAG_MS) return found;
  for (let lag = -LARGEST_LAG_MS; lag <= LARGEST_LAG_MS; lag++) found[lag + LARGEST_LAG_MS] = correlation(first, second, lag, LARGEST_LAG_MS, end);
  return found;
}

/** Where the part of the first block ends that has a counterpart in the second at every displacement; it begins at `LARGEST_LAG_MS`. */
export function comparableEnd(first: Float32Array, second: Float32Array): number {
  return Math.min(first.length, second.length) - LARGEST_LAG_MS;
}

/** Pearson correlation of milliseconds `from` to `end` of the first block with those `lagMs` later in the second; 0 where one of them is even. */
export function correlation(first: Float32Array, second: Float32Array, lagMs: number, from: number, end: number): number {
  const count = end - from;
  let [sumX, sumY, sumXx, sumYy, sumXy] = [0, 0, 0, 0, 0];
  for (let i = from; i < end; i++) {
    const x = first[i];
    const y = second[i + lagMs];
    sumX += x;
    sumY += y;
    sumXx += x * x;
    sumYy += y * y;
    sumXy += x * y;
  }
  const spread = Math.sqrt((sumXx - (sumX * sumX) / count) * (sumYy - (sumY * sumY) / count));
  return spread > 1e-12 * count ? (sumXy - (sumX * sumY) / count) / spread : 0;
}
