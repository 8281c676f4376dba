import { after, before, describe } from 'node:test';
import type { JobQueue } from '../../src/ports/job-queue.ts';
import { claimTests } from './job-queue-claims.ts';
import { deathTests, fenceTests } from './job-queue-fences.ts';
import { listTests } from './job-queue-lists.ts';
import type { ManualClock } from './manual-clock.ts';
import type { Made } from './samples.ts';

export type MadeQueue = Made<JobQueue> & {
  /** Another instance on the same rows, as another process has it. */
  readonly second: JobQueue;
  /** The clock of both. */
  readonly clock: ManualClock;
};

/** A queue that knows of some workers that they are dead, without waiting for their leases. */
export type MadeQueueWithDeaths = MadeQueue & {
  /** Workers that both instances know to be dead. */
  readonly dead: Set<string>;
};

/**
 * What every JobQueue promises. `make` may give a queue whose rows other tests use too.
 *
 * A lease has run out when it was not renewed for its length. Machines of a cluster do not share a clock, so there each instance counts from when it
 * first saw the lease: the suite lets an instance look at the queue before time passes.
 */
export function jobQueueContract(name: string, make: () => Promise<MadeQueue>): void {
  contract(name, make, () => {});
}

/** The same, for queues that know of deaths. */
export function jobQueueContractWithDeaths(name: string, make: () => Promise<MadeQueueWithDeaths>): void {
  contract(name, make, deathTests);
}

function contract<Adapter extends MadeQueue>(name: string, make: () => Promise<Adapter>, moreTests: (the: () => Adapter) => void): void {
  describe(`${name}: JobQueue`, () => {
    let made: Adapter;
    before(async () => {
      made = await make();
    });
    after(() => made.close());

    claimTests(() => made);
    fenceTests(() => made);
    moreTests(() => made);
    listTests(() => made);
  });
}
