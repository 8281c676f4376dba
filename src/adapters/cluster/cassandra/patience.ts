import type { Clock } from '../../../ports/clock.ts';

const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 2000;

/**
 * Calls again while `mayPass` says so, until `limitMs` have passed. A database that is away refuses at once, so there is a pause before
 * every further try: 100 ms, doubled up to 2 s. Throws the last error.
 */
export async function patiently<T>(clock: Clock, limitMs: number, mayPass: (error: unknown) => boolean, call: () => Promise<T>): Promise<T> {
  const startMs = clock.nowMs();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS)) {
    try {
      return await call();
    } catch (error) {
      if (!mayPass(error) || clock.nowMs() + pauseMs - startMs > limitMs) throw error;
      await clock.sleep(pauseMs);
    }
  }
}
