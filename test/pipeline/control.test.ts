import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobKind, JobResult } from '../../src/model/job.ts';
import type { Title, TitleOrder } from '../../src/model/title.ts';
import { createControl } from '../../src/pipeline/control.ts';
import { changed, RESULTS, type Rows, withRows } from './rows.ts';
import { ORDER } from './samples.ts';

const NEW_ORDER: TitleOrder = { ...ORDER, encoderBuild: 'another' };
const NOTHING_SPENT = { frames: 0, cpuSeconds: 0 };

async function claim({ queue }: Rows, titleId = 'film') {
  return queue.claim({ worker: 'w', titleIds: [titleId], leaseMs: 1000 });
}

/** Does every ready job, advancing after each, until a job of `stopAt` is ready or none is left. Returns the kinds done, in order. */
async function work(rows: Rows, stopAt?: JobKind): Promise<JobKind[]> {
  const kinds: JobKind[] = [];
  for (;;) {
    const lease = await claim(rows);
    if (lease === null) return kinds;
    if (lease.job.kind === stopAt) {
      await rows.queue.release(lease, NOTHING_SPENT);
      return kinds;
    }
    await rows.queue.complete(lease, RESULTS[lease.job.kind] ?? {}, NOTHING_SPENT);
    kinds.push(lease.job.kind);
    await rows.control.advance('film');
  }
}

async function park(rows: Rows, result?: JobResult): Promise<string> {
  for (let failures = 0; failures < 3; failures++) {
    const lease = await claim(rows);
    assert.ok(lease, 'a job is ready');
    if ((await rows.queue.fail(lease, { code: 'SL-301', message: String(result) }, NOTHING_SPENT)) === 'parked') return lease.job.id;
  }
  throw new Error('nothing was parked');
}

const eventTypes = async ({ events }: Rows) => (await events.read(null, 100)).events.map(({ type }) => type);
const state = (title: Title | null) => title?.state;

test('a title goes its way by advancing after every job, and announces it', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    await rows.control.advance('film');
    const kinds = await work(rows);
    assert.deepEqual(kinds, [
      'scan',
      'inspect-audio',
      'inspect-range',
      'inspect-range',
      'stitch',
      'plan',
      'audio',
      'encode',
      'encode',
      'encode',
      'assemble',
      'assemble',
      'package',
      'publish',
    ]);
    assert.equal(state(await rows.titles.get('film')), 'published');
    assert.deepEqual(await eventTypes(rows), ['title.registered', 'title.inspected', 'title.published']);
    assert.deepEqual(await rows.titles.pendingEvents(10), []);
  }));

test('registering a known id changes nothing', () =>
  withRows(async ({ control, titles }) => {
    const first = await control.register('film', ORDER);
    await control.advance('film');
    assert.deepEqual(await control.register('film', NEW_ORDER), first);
    assert.deepEqual(await titles.get('film'), first);
  }));

test('an unknown id is null everywhere', () =>
  withRows(async ({ control }) => {
    const answers = [control.advance('x'), control.cancel('x'), control.retry('x'), control.startRevision('x', ORDER), control.replaceOrder('x', ORDER)];
    assert.deepEqual(await Promise.all(answers), [null, null, null, null, null]);
  }));

test('two who advance at once do everything once', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    await Promise.all([rows.control.advance('film'), rows.control.advance('film')]);
    await work(rows, 'stitch');
    const titles = await Promise.all([rows.control.advance('film'), rows.control.advance('film')]);
    assert.deepEqual(titles.map(state), ['inspecting', 'inspecting']);
    const lease = await claim(rows);
    await rows.queue.complete(lease!, RESULTS.stitch!, NOTHING_SPENT);
    await Promise.all([rows.control.advance('film'), rows.control.advance('film')]);
    assert.deepEqual((await rows.queue.counts('film', lease!.job.revision)).plan, { ready: 1 });
    assert.deepEqual(await eventTypes(rows), ['title.registered', 'title.inspected']);
  }));

test('a parked job fails the title and drops the rest; a retry goes on with what was done', () =>
  withRows(async (rows) => {
    const { control, queue, titles } = rows;
    const { revision } = await control.register('film', ORDER);
    await control.advance('film');
    await work(rows, 'encode');
    const parked = await park(rows);
    const failed = await control.advance('film');
    assert.deepEqual([failed?.state, failed?.failedJobId, failed?.resumeState], ['failed', parked, 'encoding']);
    assert.equal(await claim(rows), null);
    assert.deepEqual((await queue.counts('film', revision)).encode, { parked: 1, dropped: 2 });
    const retried = await control.retry('film');
    assert.equal(retried?.state, 'encoding');
    assert.equal((await queue.get(parked))?.failures, 0);
    assert.equal((await work(rows)).length, 7);
    assert.equal(state(await titles.get('film')), 'published');
    assert.deepEqual(await eventTypes(rows), ['title.registered', 'title.inspected', 'title.failed', 'title.published']);
  }));

test('a title that fails again after a retry announces it again', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    await rows.control.advance('film');
    for (let times = 0; times < 2; times++) {
      await park(rows);
      assert.equal(state(await rows.control.advance('film')), 'failed');
      await rows.control.retry('film');
    }
    assert.deepEqual(await eventTypes(rows), ['title.registered', 'title.failed', 'title.failed']);
  }));

test('a cancelled title takes its running jobs away from their workers', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    await rows.control.advance('film');
    const lease = await claim(rows);
    assert.equal(state(await rows.control.cancel('film')), 'cancelled');
    assert.equal(await rows.queue.renew(lease!, 1000, 0), false);
    assert.equal(state(await rows.control.cancel('film')), 'cancelled');
    assert.equal(state(await rows.control.retry('film')), 'registered');
    assert.equal((await claim(rows))?.job.id, lease?.job.id);
    assert.deepEqual(await eventTypes(rows), ['title.registered', 'title.cancelled']);
  }));

test('a new revision drops the jobs of the old one; those enqueued late are unwanted', () =>
  withRows(async (rows) => {
    const { control, queue } = rows;
    const { revision } = await control.register('film', ORDER);
    await control.advance('film');
    await work(rows, 'stitch');
    const next = await control.startRevision('film', NEW_ORDER);
    assert.equal(next?.state, 'registered');
    assert.deepEqual((await queue.counts('film', revision)).stitch, { dropped: 1 });
    const late = { id: 'late', titleId: 'film', revision, kind: 'plan', part: { index: 0 }, exclusiveKey: null, priority: 1000 } as const;
    await queue.enqueue([late]);
    const lease = await claim(rows);
    assert.equal(lease?.job.id, 'late');
    assert.equal(await control.dropIfUnwanted(lease.job), true);
    assert.equal((await queue.get('late'))?.state, 'dropped');
    const wanted = await claim(rows);
    assert.equal(wanted?.job.revision, next?.revision);
    assert.equal(await control.dropIfUnwanted(wanted!.job), false);
  }));

test('a published title can be made once more', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    await rows.control.advance('film');
    await work(rows);
    assert.equal(state(await rows.control.startRevision('film', ORDER)), 'registered');
    assert.equal((await work(rows)).length, 14);
    assert.equal((await eventTypes(rows)).filter((type) => type === 'title.published').length, 2);
  }));

test('an order that only moved keeps the title where it is', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    await rows.control.advance('film');
    await work(rows, 'encode');
    const moved = await rows.control.replaceOrder('film', { ...ORDER, outDir: '/new' });
    assert.deepEqual([moved?.state, moved?.order.outDir], ['encoding', '/new']);
  }));

test('a refused source ends the title with its findings', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    await rows.control.advance('film');
    const finding = { code: 'SL-105', severity: 'refuse', place: {}, message: 'no picture' };
    await rows.queue.complete((await claim(rows))!, { refused: true, rangeCount: 0, audioStreams: [], findings: [finding] }, NOTHING_SPENT);
    const refused = await rows.control.advance('film');
    assert.deepEqual([refused?.state, refused?.findings], ['refused', [finding]]);
    assert.deepEqual(await eventTypes(rows), ['title.registered', 'title.refused']);
  }));

test('events stay in the outbox until the log has them', () =>
  withRows(async (rows) => {
    const down = changed(rows.events, { append: async () => Promise.reject(new Error('log is down')) });
    const control = createControl({ ...rows, window: 4, events: down });
    await assert.rejects(control.register('film', ORDER), /log is down/);
    assert.deepEqual(await eventTypes(rows), []);
    await rows.control.relayEvents();
    assert.deepEqual(await eventTypes(rows), ['title.registered']);
    assert.deepEqual(await rows.titles.pendingEvents(10), []);
  }));

test('a store that does not keep what it is told is noticed', () =>
  withRows(async (rows) => {
    const queue = changed(rows.queue, { drop: async () => {} });
    const control = createControl({ ...rows, queue, window: 4 });
    await control.register('film', ORDER);
    await control.advance('film');
    await assert.rejects(control.cancel('film'), { code: 'SL-901' });
  }));
