import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Evidence, JobSpec } from '../../src/model/job.ts';
import { costOf } from '../../src/pipeline/cost.ts';
import { job } from '../contract/samples.ts';
import { type Rows, withRows } from './rows.ts';

const EVIDENCE: Evidence = { code: 'SL-301', message: 'no' };

async function claim({ queue }: Rows, leaseMs = 60_000) {
  return (await queue.claim({ worker: 'w', titleIds: ['film'], leaseMs }))!;
}

test('costs are summed from jobs and attempts of one revision', () =>
  withRows(async (rows) => {
    const { queue, clock } = rows;
    const wait = (ms: number) => rows.until(clock.sleep(ms));
    const jobs: JobSpec[] = [0, 1, 2].map((index) => job('film', index, { priority: 10 - index }));
    await queue.enqueue(jobs);
    const first = await claim(rows);
    await wait(4000);
    const second = await claim(rows);
    await wait(2000);
    await queue.complete(first, { framesEncoded: 100, framesReused: 5, cost: { encode: 30, validate: 2 } }, { frames: 100, cpuSeconds: 32 });
    await wait(1000);
    await queue.fail(second, EVIDENCE, { frames: 10, cpuSeconds: 7 });
    await wait(10_000);
    const again = await claim(rows);
    await wait(500);
    await queue.complete(again, { framesEncoded: 0, framesReused: 50, cost: { encode: 1 } }, { frames: 0, cpuSeconds: 1 });
    await claim(rows, 1000);
    await wait(2000);
    const last = await claim(rows);
    await queue.complete(last, { cost: 'nonsense', framesEncoded: Number.NaN }, { frames: 0, cpuSeconds: 0 });
    await queue.enqueue([job('film', 0, { revision: 'r2' })]);
    await claim(rows);
    const zeros = { ingest: 0, inspect: 0, plan: 0, assemble: 0, package: 0, publish: 0 };
    assert.deepEqual(await costOf(queue, 'film', 'r1'), {
      wallSeconds: 7.5,
      cpuSeconds: { ...zeros, encode: 38, validate: 2 },
      framesEncoded: 100,
      framesReused: 55,
      attempts: 5,
      losses: 1,
    });
  }));

test('a title without jobs costs nothing', () =>
  withRows(async ({ queue }) => {
    const { cpuSeconds, ...rest } = await costOf(queue, 'film', 'r1');
    assert.deepEqual(rest, { wallSeconds: 0, framesEncoded: 0, framesReused: 0, attempts: 0, losses: 0 });
    assert.deepEqual(new Set(Object.values(cpuSeconds)), new Set([0]));
  }));

test('more jobs than one page are all counted', () =>
  withRows(async (rows) => {
    const jobs = Array.from({ length: 1203 }, (_, index) => job('film', index));
    await rows.queue.enqueue(jobs);
    for (let i = 0; i < jobs.length; i++) await rows.queue.complete(await claim(rows), { framesEncoded: 2 }, { frames: 2, cpuSeconds: 0 });
    const { framesEncoded, attempts } = await costOf(rows.queue, 'film', 'r1');
    assert.deepEqual([framesEncoded, attempts], [2406, 1203]);
  }));
