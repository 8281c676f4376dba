import { ScenelineError } from '../model/errors.ts';
import type { Clock } from '../ports/clock.ts';

const TRIES = 6;
const FIRST_PAUSE_MS = 100;

/**
 * Calls a store again when it failed: about three seconds in all, then the error stands. The outcome of a failed write is unknown, so only
 * what may be done twice is called through here. Errors that say what is wrong (ours, and programming faults) are not tried again.
 */
export async function insist<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await call();
    } catch (error) {
      if (tried === TRIES || !mayPass(error)) throw error;
      await clock.sleep(FIRST_PAUSE_MS * 2 ** (tried - 1));
    }
  }
}

function mayPass(error: unknown): boolean {
  return !(error instanceof ScenelineError || error instanceof TypeError || error instanceof RangeError);
}
