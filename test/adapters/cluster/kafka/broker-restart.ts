import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KafkaWake } from '../../../../src/adapters/cluster/dispatch/kafka-wake.ts';
import { KafkaEventLog } from '../../../../src/adapters/cluster/kafka/kafka-event-log.ts';
import type { ShareConsumer } from '../../../../src/adapters/cluster/share-consumer/share-consumer.ts';
import { event, freshTag } from '../../../contract/samples.ts';
import { until } from '../../../support/poll.ts';
import { type JobPlace, type KafkaPlace, text } from './kafka-place.ts';
import { withJobs } from './share-locks.ts';

const JOBS = 60;
const WORKERS = 3;
const LOCK_MS = 3000;

/** Jobs by what became of their acceptance. */
class Tally {
  /** Confirmed by the broker, in the order of the answers. */
  readonly accepted: string[] = [];
  /** The answer was lost with the broker: it has recorded the acceptance, and the job never comes again, or it has not, and it does. */
  readonly inDoubt = new Set<string>();
  #lastTakenMs = performance.now();

  async settle(value: string, acceptance: Promise<unknown>): Promise<void> {
    this.#lastTakenMs = performance.now();
    const isConfirmed = await acceptance.then(
      () => true,
      () => false,
    );
    if (!isConfirmed) {
      this.inDoubt.add(value);
      return;
    }
    this.inDoubt.delete(value);
    this.accepted.push(value);
  }

  /** All are accepted, or what is in doubt has not come again though every lock has ended. */
  get isOver(): boolean {
    const accepted = new Set(this.accepted);
    if (accepted.size === JOBS) return true;
    return accepted.union(this.inDoubt).size === JOBS && performance.now() - this.#lastTakenMs > 2 * LOCK_MS;
  }
}

async function work(worker: ShareConsumer, tally: Tally, onSettled: () => void): Promise<void> {
  while (!tally.isOver) {
    const held = await worker.poll(500);
    if (!held) continue;
    await tally.settle(text(held)!, held.accept());
    onSettled();
  }
}

async function throughRestart(jobs: JobPlace, restart: () => Promise<void>): Promise<readonly string[]> {
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => jobs.worker()));
  const values = Array.from({ length: JOBS }, (_, i) => `job ${i}`);
  const tally = new Tally();
  let down: Promise<void> | null = null;
  const onSettled = () => {
    if (tally.accepted.length >= JOBS / 3) down ??= restart().then(() => jobs.send(...values.slice(JOBS / 2)));
  };
  await jobs.send(...values.slice(0, JOBS / 2));
  await Promise.all(workers.map((worker) => work(worker, tally, onSettled)));
  await down;
  assert.deepEqual(new Set([...tally.accepted, ...tally.inDoubt]), new Set(values));
  assert.ok(tally.inDoubt.size <= WORKERS, `in doubt: ${[...tally.inDoubt].join(', ')}`);
  return tally.accepted;
}

/** The broker goes and comes back under load. Last in its file: everybody feels it. */
export function restartTests(at: () => KafkaPlace): void {
  describe('a broker that restarts', () => {
    it('loses no job to SIGKILL, and no confirmed acceptance', () =>
      withJobs(at(), { lockMs: LOCK_MS }, async (jobs) => {
        const accepted = await throughRestart(jobs, async () => {
          await at().service.kill();
          await at().service.restart();
        });
        assert.equal(accepted.length, new Set(accepted).size, 'nothing whose acceptance was confirmed came again');
      }));

    it('loses no job to SIGTERM', () =>
      withJobs(at(), { lockMs: LOCK_MS }, async (jobs) => {
        await throughRestart(jobs, async () => {
          await at().service.halt();
          await at().service.restart();
        });
      }));

    it('takes events, and gives them, over a restart', async () => {
      const log = new KafkaEventLog(at().access, 'events');
      const tag = freshTag();
      try {
        await log.append([event(`${tag}-1`, { titleId: tag })]);
        const { cursor } = await log.read(null, 1000);
        await at().service.kill();
        const restarted = at().service.restart();
        const appended = log.append([event(`${tag}-2`, { titleId: tag })]);
        const read = log.read(cursor, 1000);
        await Promise.all([restarted, appended, read]);
        const ids: string[] = [];
        for (let from = cursor; ; ) {
          const page = await log.read(from, 1000);
          if (page.events.length === 0) break;
          ids.push(...page.events.map(({ id }) => id));
          from = page.cursor;
        }
        assert.deepEqual([...new Set(ids)], [`${tag}-2`]);
      } finally {
        await log.close();
      }
    });

    it('gives notes to those who listened before it went', async () => {
      const wake = await KafkaWake.open(at().access, `wake.${freshTag()}`);
      const heard = new Set<string>();
      const ear = await wake.listen(({ titleId }) => heard.add(titleId));
      const ringUntilHeard = (titleId: string) =>
        until(`the note ${titleId}`, async () => {
          await wake.ring({ titleId, jobId: null, outcome: null });
          return heard.has(titleId);
        });
      try {
        await ringUntilHeard('before');
        await at().service.kill();
        await at().service.restart();
        await ringUntilHeard('after');
      } finally {
        await ear.stop();
        await wake.close();
      }
    });
  });
}
