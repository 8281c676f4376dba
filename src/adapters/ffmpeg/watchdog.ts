import type { MediaCommand } from '../../ports/media-tools.ts';

export type LimitReached = 'stall' | 'wall';

const TICK_MS = 250;

/**
 * Counts the time in which a process shows no sign of life, and its time in all.
 * A tick counts for at most twice its length, so that a suspended machine or a stopped parent is not held against the process.
 */
export class Watchdog {
  readonly #limits: MediaCommand['limits'];
  readonly #timer: NodeJS.Timeout;
  #lastTickMs = performance.now();
  #idleMs = 0;
  #wallMs = 0;
  #holders = 0;

  constructor(limits: MediaCommand['limits'], onTick: () => void, onLimit: (limit: LimitReached) => void) {
    this.#limits = limits;
    const tickMs = Math.max(10, Math.min(TICK_MS, limits.stallMs / 4, limits.wallMs / 4));
    this.#timer = setInterval(() => {
      onTick();
      const limit = this.#advance(tickMs);
      if (limit) onLimit(limit);
    }, tickMs);
  }

  /** A sign of life. */
  touch(): void {
    this.#idleMs = 0;
  }

  /** Waits for one of our own consumers: the process is not to blame for its silence. */
  async hold(work: Promise<void>): Promise<void> {
    this.#holders++;
    try {
      await work;
    } finally {
      this.#holders--;
      this.touch();
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #advance(tickMs: number): LimitReached | null {
    const nowMs = performance.now();
    const passedMs = Math.min(nowMs - this.#lastTickMs, 2 * tickMs);
    this.#lastTickMs = nowMs;
    this.#wallMs += passedMs;
    if (this.#holders === 0) this.#idleMs += passedMs;
    if (this.#wallMs > this.#limits.wallMs) return 'wall';
    return this.#idleMs > this.#limits.stallMs ? 'stall' : null;
  }
}
