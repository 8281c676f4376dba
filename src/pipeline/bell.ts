import type { Clock } from '../ports/clock.ts';

export type Bell = {
  ring(): void;
  /** Resolves at the next ring, at once if it rang since the last wait, or after `ms`. True: it rang. One waiter at a time. */
  wait(ms: number): Promise<boolean>;
};

export function createBell(clock: Clock): Bell {
  let hasRung = false;
  let sleep: AbortController | null = null;
  return {
    ring() {
      hasRung = true;
      sleep?.abort();
    },
    async wait(ms) {
      if (!hasRung) {
        sleep = new AbortController();
        await clock.sleep(ms, sleep.signal);
        sleep = null;
      }
      const rang = hasRung;
      hasRung = false;
      return rang;
    },
  };
}
