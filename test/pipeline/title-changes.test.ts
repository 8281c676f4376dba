import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIVE_STATES, TITLE_STATES, type TitleOrder } from '../../src/model/title.ts';
import { revisionOf } from '../../src/pipeline/job-ids.ts';
import { cancelTitle, eventOf, newTitle, replaceOrder, retryTitle, startRevision } from '../../src/pipeline/title-changes.ts';
import { jobOfKind, ORDER, planned, titleIn } from './samples.ts';

const NEW_ORDER: TitleOrder = { ...ORDER, encoderBuild: 'x264 165' };

test('a new title is registered and says so', () => {
  const { next, events } = newTitle({ id: 'film', order: ORDER, nowMs: 7 });
  assert.deepEqual([next.state, next.rev, next.createdMs, next.revision], ['registered', 1, 7, revisionOf(ORDER)]);
  assert.deepEqual(
    events.map(({ id, type, atMs }) => [id, type, atMs]),
    [[`film/${next.revision}/title.registered`, 'title.registered', 7]],
  );
});

test('a new revision starts from nothing under a revision that was never used, in whatever state the title is', () => {
  for (const state of TITLE_STATES) {
    const title = titleIn(state, { progress: planned(5), failedJobId: jobOfKind('plan').id, resumeState: 'planning' });
    for (const order of [NEW_ORDER, ORDER]) {
      const { next, events } = startRevision(title, order, 9);
      assert.equal(next.revision, `${revisionOf(order)}-6`);
      assert.deepEqual(next, { ...newTitle({ id: 'film', order, nowMs: 1000 }).next, rev: 6, revision: next.revision });
      assert.equal(events[0].id, `film/${next.revision}/title.registered`);
    }
  }
});

test('an order that only moved replaces the old one; another content does not', () => {
  const title = titleIn('encoding', { progress: planned(5) });
  assert.equal(replaceOrder(title, structuredClone(ORDER)), null);
  for (const moved of [
    { ...ORDER, outDir: '/new' },
    { ...ORDER, seal: { ...ORDER.seal, path: '/b', inode: '8' } },
  ]) {
    assert.deepEqual(replaceOrder(title, moved), { next: { ...title, rev: 6, order: moved }, events: [] });
  }
  assert.throws(() => replaceOrder(title, NEW_ORDER), RangeError);
});

test('live titles can be cancelled, and go on where they were', () => {
  for (const state of TITLE_STATES) {
    const title = titleIn(state);
    const cancelled = cancelTitle(title, 9);
    if (!LIVE_STATES.includes(state)) {
      assert.equal(cancelled, null);
      continue;
    }
    assert.deepEqual(cancelled?.next, { ...title, rev: 6, state: 'cancelled', resumeState: state });
    assert.equal(cancelled?.events[0].type, 'title.cancelled');
    assert.deepEqual(retryTitle(cancelled.next)?.next, { ...title, rev: 7 });
  }
});

test('a failed title forgets its failure when retried; others cannot be retried', () => {
  const failed = titleIn('failed', { resumeState: 'assembling', failedJobId: 'x' });
  assert.deepEqual(retryTitle(failed), { next: { ...failed, rev: 6, state: 'assembling', resumeState: null, failedJobId: null }, events: [] });
  for (const state of TITLE_STATES) if (state !== 'failed' && state !== 'cancelled') assert.equal(retryTitle(titleIn(state)), null);
});

test('what can happen twice to a revision has an id per time', () => {
  const ids = (rev: number) =>
    (['title.failed', 'title.cancelled', 'title.published'] as const).map((type) => eventOf(titleIn('failed', { rev }), { type, atMs: 1, data: {} }).id);
  const [first, second] = [ids(3), ids(4)];
  assert.notEqual(first[0], second[0]);
  assert.notEqual(first[1], second[1]);
  assert.equal(first[2], second[2]);
});
