import { after, before, describe } from 'node:test';
import type { JobQueue } from '../../src/ports/job-queue.ts';
import { claimTests } from './job-queue-claims.ts';
import { fenceTests } from './job-queue-fences.ts';
import { listTests } from './job-queue-lists.ts';
import type { ManualClock } from './manual-clock.ts';
import type { Made } from './samples.ts';

export type MadeQueue = Made<JobQueue> & {
  /** Another instance on the same rows, as another process has it. */
  readonly second: JobQueue;
  /** The clock of both. */
  readonly clock: ManualClock;
  /** Workers that both know to be dead. */
  readonly dead: Set<string>;
};

/** What every JobQueue promises. `make` may give a queue whose rows other tests use too. */
export function jobQueueContract(name: string, make: () => Promise<MadeQueue>): void {
  describe(`${name}: JobQueue`, () => {
    let made: MadeQueue;
    before(async () => {
      made = await make();
    });
    after(() => made.close());

    claimTests(() => made);
    fenceTests(() => made);
    listTests(() => made);
  });
}
