/** A jump in a track's times: samples missing (positive) or too many (negative). */
export type SoundGap = { readonly atSeconds: number; readonly jumpSeconds: number };

/** Half of what the shortest common audio packet lasts is lost at least when a packet is; container times jitter by less. */
const TOLERANCE_SECONDS = 0.015;
const MOST_GAPS = 100;

/** Counts decoded samples and holds their times to the count. */
export class SoundClock {
  sampleCount = 0;
  gapCount = 0;
  /** The first hundred. */
  readonly gaps: SoundGap[] = [];
  #startTicks: number | null = null;
  /** How far times are ahead of the count since the last jump. */
  #settledOffset = 0;

  /** Time of the first sample; null for none. */
  get startTicks(): number | null {
    return this.#startTicks;
  }

  /** @param ptsTicks time of the first of `samples`, in samples. */
  add(ptsTicks: number, samples: number, sampleRate: number): void {
    this.#startTicks ??= ptsTicks;
    const offset = ptsTicks - this.#startTicks - this.sampleCount;
    const jump = offset - this.#settledOffset;
    if (Math.abs(jump) > TOLERANCE_SECONDS * sampleRate) {
      this.#settledOffset = offset;
      this.gapCount++;
      if (this.gaps.length < MOST_GAPS) this.gaps.push({ atSeconds: ptsTicks / sampleRate, jumpSeconds: jump / sampleRate });
    }
    this.sampleCount += samples;
  }
}
