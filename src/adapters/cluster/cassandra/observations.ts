import type { Clock } from '../../../ports/clock.ts';

type Sight = { readonly mark: string; readonly sinceMs: number; lookedMs: number };

/**
 * How long things were seen to stand still, by our own clock alone: times that others wrote say nothing when clocks differ. What changes in between
 * starts anew; what was never seen before starts now.
 */
export class Observations {
  readonly #clock: Clock;
  readonly #sights = new Map<string, Sight>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes that `thing` looks like `mark` now, and answers for how many milliseconds it has. */
  standsStillMs(thing: string, mark: string): number {
    const nowMs = this.#clock.nowMs();
    const last = this.#sights.get(thing);
    if (last?.mark === mark) {
      last.lookedMs = nowMs;
      return nowMs - last.sinceMs;
    }
    this.#sights.set(thing, { mark, sinceMs: nowMs, lookedMs: nowMs });
    return 0;
  }

  /** True when another look could find that it changed within a third of `lengthMs`, or that it stood still for all of it. */
  isDue(thing: string, lengthMs: number): boolean {
    const last = this.#sights.get(thing);
    const nowMs = this.#clock.nowMs();
    return !last || nowMs - last.lookedMs >= lengthMs / 3 || nowMs - last.sinceMs >= lengthMs;
  }

  forget(thing: string): void {
    this.#sights.delete(thing);
  }
}
