import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WakeNote, WorkerNotice } from '../../../src/ports/job-dispatch.ts';
import { fetchTitle } from '../../../src/roles/cluster/fetch-title.ts';
import type { Cluster } from '../../../src/roles/cluster/open-cluster.ts';
import { chooseBuild, submitTitle } from '../../../src/roles/cluster/titles.ts';
import { type Rows, withRows } from '../../pipeline/rows.ts';
import { LADDER, ORDER, SIDECAR, titleIn } from '../../pipeline/samples.ts';

const worker = (encoderBuild: string, slots: number): WorkerNotice => ({ worker: `${encoderBuild}-${slots}`, encoderBuild, slots, classes: [] });
const SUBMISSION = { titleId: 'film', seal: ORDER.seal, ladder: LADDER, urgency: 0 };

function deskOf({ titles, control }: Rows, workers: readonly WorkerNotice[]) {
  const rung: WakeNote[] = [];
  const desk = { titles, control, wake: { ring: async (note: WakeNote) => void rung.push(note) }, workers: { list: async () => workers } };
  return { desk, rung };
}

test('a title gets the build of most slots, equal ones by name', () => {
  assert.equal(chooseBuild([worker('a', 2), worker('b', 1), worker('b', 2)], null), 'b');
  assert.equal(chooseBuild([worker('b', 2), worker('a', 2)], null), 'a');
});

test('a title keeps its build while any worker has it, and gets another when none has', () => {
  assert.equal(chooseBuild([worker('a', 1), worker('b', 50)], 'a'), 'a');
  assert.equal(chooseBuild([worker('b', 50)], 'a'), 'b');
});

test('without a worker there is no build to plan for', () => {
  assert.throws(() => chooseBuild([], 'a'), { code: 'SL-113', message: /No worker/ });
});

test('submitting registers a title once, and control is told each time', () =>
  withRows(async (rows) => {
    const { desk, rung } = deskOf(rows, [worker('a', 1)]);
    const title = await rows.until(submitTitle(desk, SUBMISSION));
    assert.deepEqual([title.state, title.order.encoderBuild, title.order.outDir], ['registered', 'a', null]);
    const again = await rows.until(submitTitle(desk, SUBMISSION));
    assert.deepEqual([again.id, again.revision], [title.id, title.revision]);
    assert.deepEqual(rung, Array(2).fill({ titleId: 'film', jobId: null, outcome: null }));
  }));

test('another source makes the title anew, another urgency does not', () =>
  withRows(async (rows) => {
    const { desk } = deskOf(rows, [worker('a', 1)]);
    const title = await rows.until(submitTitle(desk, SUBMISSION));
    const urgent = await rows.until(submitTitle(desk, { ...SUBMISSION, urgency: 1 }));
    assert.deepEqual([urgent.revision, urgent.order.urgency], [title.revision, 1]);
    const changed = await rows.until(submitTitle(desk, { ...SUBMISSION, seal: { ...ORDER.seal, sha256: 'cd'.repeat(32) } }));
    assert.notEqual(changed.revision, title.revision);
  }));

test('subtitles beside the source are part of the order, and what is to be said of them is said at once', () =>
  withRows(async (rows) => {
    const { desk } = deskOf(rows, [worker('a', 1)]);
    const bare = await rows.until(submitTitle(desk, { ...SUBMISSION, sidecars: [] }));
    assert.equal('sidecars' in bare.order, false);
    const title = await rows.until(submitTitle(desk, { ...SUBMISSION, sidecars: [SIDECAR] }));
    assert.notEqual(title.revision, bare.revision);
    assert.deepEqual(title.order.sidecars, [SIDECAR]);
    assert.deepEqual(
      title.findings.map(({ code }) => code),
      ['SL-251'],
    );
  }));

test('a title whose build nobody has any more is planned again for one that somebody has', () =>
  withRows(async (rows) => {
    const title = await rows.until(submitTitle(deskOf(rows, [worker('a', 1)]).desk, SUBMISSION));
    const again = await rows.until(submitTitle(deskOf(rows, [worker('b', 1)]).desk, SUBMISSION));
    assert.equal(again.order.encoderBuild, 'b');
    assert.notEqual(again.revision, title.revision);
  }));

test('nothing is fetched of a title that is not published', async () => {
  const cluster = {} as Cluster;
  for (const state of ['encoding', 'failed', 'refused', 'cancelled'] as const) {
    const fetching = fetchTitle(cluster, titleIn(state), 'out', new AbortController().signal);
    await assert.rejects(fetching, { code: 'SL-114', message: `film is ${state}.` });
  }
});
