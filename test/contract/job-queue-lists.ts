import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { JobKind } from '../../src/model/job.ts';
import type { MadeQueue } from './job-queue.ts';
import { claim, claimAll, mustClaim, NOTHING } from './job-queue-claims.ts';
import { allPages, freshTag, job, ODD_TEXT } from './samples.ts';

export function listTests(the: () => MadeQueue): void {
  const listDone = (titleId: string, kind: JobKind, limit: number) =>
    allPages(async (cursor, size) => {
      const page = await the().adapter.listDone(titleId, 'r1', kind, cursor, size);
      return { items: page.jobs, cursor: page.cursor };
    }, limit);
  const finishAll = async (titleId: string) => {
    const queue = the().adapter;
    await claimAll(queue, [titleId], (lease) => queue.complete(lease, {}, NOTHING));
  };

  it('counts jobs by kind and state, for one revision', async () => {
    const { adapter: queue } = the();
    const id = freshTag();
    assert.deepEqual(await queue.counts(id, 'r1'), {});
    await queue.enqueue([
      job(id, 0, { priority: 3 }),
      job(id, 1, { priority: 2 }),
      job(id, 0, { kind: 'audio' }),
      job(id, 0, { revision: 'r2', priority: -1 }),
    ]);
    await queue.complete(await mustClaim(queue, [id]), {}, NOTHING);
    await mustClaim(queue, [id]);
    assert.deepEqual(await queue.counts(id, 'r1'), { encode: { done: 1, running: 1 }, audio: { ready: 1 } });
    assert.deepEqual(await queue.counts(id, 'r2'), { encode: { ready: 1 } });
  });

  it('lists done jobs of one kind in part order, codecs of a part together, whatever the page size', async () => {
    const { adapter: queue } = the();
    const id = freshTag();
    const parts = [10, 2, 33, 0, 1].flatMap((index) => ['h265', 'h264'].map((codec) => ({ index, codec })));
    await queue.enqueue(parts.map((part) => job(id, part.index, { id: `${id}/r1/encode/${part.index}-${part.codec}`, part })));
    await queue.enqueue([job(id, 0, { kind: 'audio' }), job(id, 5, { revision: 'r2' })]);
    await finishAll(id);
    await queue.enqueue([job(id, 4)]);
    const expected = [0, 1, 2, 10, 33].flatMap((index) => ['h264', 'h265'].map((codec) => ({ index, codec })));
    for (const limit of [1, 3, 100]) {
      const found = await listDone(id, 'encode', limit);
      assert.deepEqual(
        found.map((done) => done.part),
        expected,
      );
    }
    assert.deepEqual(await listDone(id, 'publish', 10), []);
  });

  it('goes on behind a cursor while jobs finish: none twice, later parts not skipped', async () => {
    const { adapter: queue } = the();
    const id = freshTag();
    await queue.enqueue([0, 2, 4].map((i) => job(id, i)));
    await finishAll(id);
    const first = await queue.listDone(id, 'r1', 'encode', null, 2);
    await queue.enqueue([1, 3, 5].map((i) => job(id, i)));
    await finishAll(id);
    const rest = await queue.listDone(id, 'r1', 'encode', first.cursor, 100);
    assert.deepEqual(
      [...first.jobs, ...rest.jobs].map((done) => done.part.index),
      [0, 2, 3, 4, 5],
    );
    for (const cursor of ['', 'bnVsbA', 'A'.repeat(10_000)]) await assert.rejects(queue.listDone(id, 'r1', 'encode', cursor, 2), { code: 'SL-101' });
  });

  it('keeps results of any size and any text', async () => {
    const { adapter: queue } = the();
    const id = freshTag();
    await queue.enqueue([job(id, 0)]);
    const result = { text: ODD_TEXT.repeat(50_000), nested: { list: [1, -0.5, 1e300, null, true, { '': [] }] }, [ODD_TEXT]: 1 };
    await queue.complete(await mustClaim(queue, [id]), result, NOTHING);
    assert.deepEqual((await queue.get(job(id, 0).id))?.result, result);
    assert.deepEqual((await listDone(id, 'encode', 1))[0].result, result);
  });

  it('keeps ids apart that differ by odd characters only', async () => {
    const { adapter: queue } = the();
    const tag = freshTag();
    const ids = ["'", '"', ';', '%', '_', 'é', 'e\u0301', '🎬', '影', ' ', ''].map((end) => `${tag}${end}`);
    await queue.enqueue(ids.map((id) => job(id, 0)));
    for (const id of ids) {
      assert.equal((await mustClaim(queue, [id])).job.titleId, id);
      assert.equal(await claim(queue, [id]), null);
    }
  });

  it('lists every attempt of a title by pages, the newest revision last', async () => {
    const { adapter: queue } = the();
    const id = freshTag();
    for (const revision of ['r2', 'r1']) {
      await queue.enqueue([0, 1, 2].map((i) => job(id, i, { revision, part: { index: i, codec: 'av1' } })));
      for (let i = 0; i < 2; i += 1) await queue.release(await mustClaim(queue, [id], `w-${revision}`), NOTHING);
      await claimAll(queue, [id], (lease) => queue.complete(lease, {}, { frames: 1, cpuSeconds: 0 }));
    }
    for (const limit of [1, 4, 100]) {
      const attempts = await allPages(async (cursor, size) => {
        const page = await queue.listAttempts(id, cursor, size);
        return { items: page.attempts, cursor: page.cursor };
      }, limit);
      assert.equal(attempts.length, 10);
      assert.deepEqual(
        attempts.map((attempt) => attempt.revision),
        [...Array(5).fill('r2'), ...Array(5).fill('r1')],
      );
      assert.equal(new Set(attempts.map((attempt) => attempt.attemptId)).size, 10);
      assert.ok(attempts.every((attempt) => attempt.kind === 'encode' && attempt.part.codec === 'av1' && attempt.jobId.startsWith(id)));
      assert.equal(attempts.filter((attempt) => attempt.outcome === 'done').length, 6);
    }
  });
}
