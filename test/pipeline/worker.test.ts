import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScenelineError } from '../../src/model/errors.ts';
import type { Job, JobResult } from '../../src/model/job.ts';
import type { Title } from '../../src/model/title.ts';
import type { JobContext } from '../../src/pipeline/job-handlers.ts';
import { newTitle } from '../../src/pipeline/title-changes.ts';
import { type RunNote, runTitle, type TitleRun } from '../../src/pipeline/worker.ts';
import { changed, handlersThat, RESULTS, type Rows, withRows } from './rows.ts';
import { ORDER } from './samples.ts';

const LEASE_MS = 9000;

type Act = (job: Job, context: JobContext) => Promise<JobResult>;

/** Runs a registered title with handlers that all do `act`. */
function start(rows: Rows, act: Act, change: Partial<TitleRun> = {}): Promise<Title> {
  const handlers = handlersThat(act);
  const { control, queue, clock } = rows;
  return runTitle({
    titleId: 'film',
    worker: 'w',
    concurrency: 2,
    leaseMs: LEASE_MS,
    control,
    queue,
    clock,
    handlers,
    signal: new AbortController().signal,
    ...change,
  });
}

/** Takes so long, then returns what the pipeline expects of the kind; throws when it is stopped. */
function working(rows: Rows, ms: number): Act {
  return async (job, { signal }) => {
    await rows.clock.sleep(ms, signal);
    signal.throwIfAborted();
    return RESULTS[job.kind] ?? {};
  };
}

async function attempts(rows: Rows) {
  return (await rows.queue.listAttempts('film', null, 100)).attempts;
}

test('a title is worked on to its end, as many jobs at once as allowed', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    let active = 0;
    let most = 0;
    const work = working(rows, 1000);
    const act: Act = async (job, context) => {
      most = Math.max(most, ++active);
      context.onFrames(12);
      context.spend('encode', 2);
      context.spend('validate', 0.5);
      context.spend('encode', 1);
      const result = await work(job, context);
      active--;
      return { ...result, framesEncoded: 12 };
    };
    const notes: RunNote[] = [];
    const title = await rows.until(start(rows, act, { observe: (note) => notes.push(note) }));
    assert.equal(title.state, 'published');
    assert.equal(most, 2);
    const { jobs } = await rows.queue.listDone('film', title.revision, 'encode', null, 10);
    assert.deepEqual(jobs[0].result, { framesEncoded: 12, cost: { encode: 3, validate: 0.5 } });
    const [first] = await attempts(rows);
    assert.deepEqual([first.worker, first.outcome, first.frames, first.cpuSeconds], ['w', 'done', 12, 3.5]);
    assert.equal(notes.filter(({ type }) => type === 'started').length, 14);
    assert.equal(notes.filter((note) => note.type === 'settled' && note.outcome === 'done').length, 14);
    assert.equal(notes.filter(({ type }) => type === 'frames').length, 14);
    assert.deepEqual(
      [...new Set(notes.flatMap((note) => (note.type === 'title' ? [note.title.state] : [])))],
      ['registered', 'inspecting', 'planning', 'encoding', 'assembling', 'packaging', 'published'],
    );
  }));

test('a title that ended is not worked on, but what it left unsaid is announced', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    await rows.until(start(rows, working(rows, 10)));
    const other = newTitle({ id: 'other', order: ORDER, nowMs: 1 });
    await rows.titles.create(other.next, other.events);
    const title = await rows.until(start(rows, async () => assert.fail('nothing is left to do')));
    assert.equal(title.state, 'published');
    const { events } = await rows.events.read(null, 10);
    assert.equal(events.at(-1)?.titleId, 'other');
    assert.deepEqual(await rows.titles.pendingEvents(10), []);
  }));

test('there must be such a title', () =>
  withRows(async (rows) => {
    await assert.rejects(rows.until(start(rows, working(rows, 1))), { code: 'SL-108' });
  }));

test('an error of the job counts, with its evidence; the third stops the title', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    const act: Act = async () => {
      throw new ScenelineError('SL-301', 'ffmpeg ended with 1', { evidence: { exitStatus: '1', stderrTail: 'no' } });
    };
    const title = await rows.until(start(rows, act));
    assert.equal(title.state, 'failed');
    const tries = await attempts(rows);
    assert.deepEqual(
      tries.map(({ outcome }) => outcome),
      ['failed', 'failed', 'failed'],
    );
    assert.deepEqual(tries[2].evidence, { code: 'SL-301', message: 'ffmpeg ended with 1', exitStatus: '1', stderrTail: 'no' });
  }));

test('a full disk stops the run, counts against no job, and everything that ran has ended', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    let active = 0;
    const work = working(rows, 60_000);
    const act: Act = async (job, context) => {
      if (job.kind === 'scan') return RESULTS.scan!;
      if (job.part.index === 1 && job.kind === 'inspect-range') throw new ScenelineError('SL-110', 'No room.');
      active++;
      return work(job, context).finally(() => active--);
    };
    await assert.rejects(rows.until(start(rows, act, { concurrency: 3 })), { code: 'SL-110' });
    assert.equal(active, 0);
    const revision = (await rows.titles.get('film'))!.revision;
    const counts = await rows.queue.counts('film', revision);
    assert.deepEqual([counts['inspect-range'], counts['inspect-audio']], [{ ready: 2 }, { ready: 1 }]);
    const outcomes = (await attempts(rows)).map(({ outcome }) => outcome).sort();
    assert.deepEqual(outcomes, ['done', 'released', 'released', 'released']);
  }));

test('a stopped run hands its jobs back and starts no more', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    const stop = new AbortController();
    const act: Act = async (job, context) => {
      if (job.kind === 'scan') return RESULTS.scan!;
      if (job.kind === 'inspect-audio') stop.abort();
      return working(rows, 60_000)(job, context);
    };
    const title = await rows.until(start(rows, act, { signal: stop.signal }));
    assert.equal(title.state, 'inspecting');
    const outcomes = (await attempts(rows)).map(({ outcome }) => outcome).sort();
    assert.equal(outcomes.filter((outcome) => outcome === 'released').length, outcomes.length - 1);
    const again = await rows.until(start(rows, async () => assert.fail('it was stopped before'), { signal: AbortSignal.abort() }));
    assert.equal(again.state, 'inspecting');
  }));

test('a cancelled title stops the handlers of a run elsewhere', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    const run = start(rows, working(rows, 10 * 60_000));
    const cancel = rows.clock.sleep(20_000).then(() => rows.control.cancel('film'));
    const [title] = await rows.until(Promise.all([run, cancel]));
    assert.equal(title.state, 'cancelled');
    assert.ok(rows.clock.nowMs() < Date.UTC(2030, 0, 1) + 30_000, 'it did not wait for the handler to finish');
    assert.deepEqual(
      (await attempts(rows)).map(({ outcome }) => outcome),
      ['released'],
    );
  }));

test('a lease is renewed every third while its job runs, and tells the frames so far', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    const renewals: number[] = [];
    const queue = changed(rows.queue, {
      renew: (lease, leaseMs, frames) => {
        renewals.push(frames);
        return rows.queue.renew(lease, leaseMs, frames);
      },
    });
    const act: Act = async (job, context) => {
      if (job.kind !== 'scan') throw new Error('enough');
      context.onFrames(5);
      return working(rows, 10 * LEASE_MS)(job, context);
    };
    await rows.until(start({ ...rows, queue }, act));
    assert.deepEqual(renewals, Array(29).fill(5));
    const [scan] = await attempts(rows);
    assert.equal(scan.outcome, 'done');
  }));

test('a worker that cannot renew for a whole lease gives up, and nobody holds it against the job', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    const stop = new AbortController();
    const queue = changed(rows.queue, { renew: async () => Promise.reject(new Error('no answer')) });
    let stoppedAfterMs = 0;
    const act: Act = async (_job, { signal }) => {
      const startedMs = rows.clock.nowMs();
      await rows.clock.sleep(10 * LEASE_MS, signal);
      stoppedAfterMs = rows.clock.nowMs() - startedMs;
      stop.abort();
      throw new Error('stopped');
    };
    await rows.until(start({ ...rows, queue }, act, { signal: stop.signal }));
    assert.equal(stoppedAfterMs, LEASE_MS);
    assert.equal((await rows.queue.get((await attempts(rows))[0].jobId))?.failures, 0);
  }));

test('a completion of which the answer was lost is not done again', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    const ran = new Map<string, number>();
    const isLost = new Set<string>();
    const queue = changed(rows.queue, {
      complete: async (lease, result, spent) => {
        const answer = await rows.queue.complete(lease, result, spent);
        if (isLost.has(lease.job.id)) return answer;
        isLost.add(lease.job.id);
        throw new Error('connection lost');
      },
    });
    const act: Act = async (job) => {
      ran.set(job.id, (ran.get(job.id) ?? 0) + 1);
      return RESULTS[job.kind] ?? {};
    };
    const title = await rows.until(start({ ...rows, queue }, act));
    assert.equal(title.state, 'published');
    assert.deepEqual([...new Set(ran.values())], [1]);
  }));

test('a result that comes after the lease is gone is refused', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    const stop = new AbortController();
    const outcomes: string[] = [];
    const act: Act = async (job) => {
      await rows.queue.drop('film', job.revision);
      stop.abort();
      return RESULTS.scan!;
    };
    const observe = (note: RunNote) => note.type === 'settled' && outcomes.push(note.outcome);
    await rows.until(start(rows, act, { signal: stop.signal, observe }));
    assert.deepEqual(outcomes, ['lost']);
  }));

test('a store that does not answer stops the run after some seconds', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    const startedMs = rows.clock.nowMs();
    let tries = 0;
    const queue = changed(rows.queue, {
      claim: async () => {
        tries++;
        throw new Error('no answer');
      },
    });
    await assert.rejects(rows.until(start({ ...rows, queue }, working(rows, 10))), /no answer/);
    assert.equal(tries, 6);
    assert.equal(rows.clock.nowMs() - startedMs, 3100);
  }));

test('a store that says what is wrong is not asked again', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    let tries = 0;
    const queue = changed(rows.queue, {
      claim: async () => {
        tries++;
        throw new ScenelineError('SL-106', 'The state folder cannot be written.');
      },
    });
    await assert.rejects(rows.until(start({ ...rows, queue }, working(rows, 10))), { code: 'SL-106' });
    assert.equal(tries, 1);
  }));

test('a run does not touch the jobs of an earlier revision', () =>
  withRows(async (rows) => {
    const { revision } = await rows.control.register('film', ORDER);
    await rows.control.startRevision('film', { ...ORDER, encoderBuild: 'another' });
    const late = { id: 'late', titleId: 'film', revision, kind: 'encode', part: { index: 0, codec: 'h264' }, exclusiveKey: null, priority: 1000 } as const;
    await rows.queue.enqueue([late]);
    const work = working(rows, 10);
    const act: Act = (job, context) => {
      assert.notEqual(job.id, 'late');
      return work(job, context);
    };
    assert.equal((await rows.until(start(rows, act))).state, 'published');
    assert.equal((await rows.queue.get('late'))?.state, 'dropped');
  }));

test('while others work, a run looks seldom, and takes over when they die', () =>
  withRows(async (rows) => {
    await rows.control.register('film', ORDER);
    await rows.control.advance('film');
    await rows.queue.claim({ worker: 'another', titleIds: ['film'], leaseMs: 60_000 });
    let claims = 0;
    const queue = changed(rows.queue, {
      claim: (request) => {
        if (rows.clock.nowMs() < Date.UTC(2030, 0, 1) + 60_000) claims++;
        return rows.queue.claim(request);
      },
    });
    const title = await rows.until(start({ ...rows, queue }, working(rows, 10)));
    assert.equal(title.state, 'published');
    assert.ok(claims > 25 && claims < 40, `${claims} claims in a minute`);
    assert.deepEqual((await attempts(rows)).map(({ outcome }) => outcome).slice(0, 2), ['lost', 'done']);
  }));
