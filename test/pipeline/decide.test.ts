import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Finding } from '../../src/model/finding.ts';
import type { JobSpec } from '../../src/model/job.ts';
import type { Title } from '../../src/model/title.ts';
import { type DecideInput, decide } from '../../src/pipeline/decide.ts';
import { counts, jobOfKind, planned, titleIn } from './samples.ts';

const NO_RESULTS = { scan: null, stitch: null, plan: null };
const SCAN = { refused: false, rangeCount: 3, pixels: 100, audioStreams: [1, 4], findings: [] };
const NOISY: Finding = { code: 'SL-105', severity: 'warn', place: {}, message: 'odd' };
const BROKEN: Finding = { code: 'SL-105', severity: 'refuse', place: {}, message: 'broken' };

function look(title: Title, change: Partial<DecideInput> = {}): DecideInput {
  return { title, counts: {}, results: NO_RESULTS, parked: null, nowMs: 2000, window: 8, ...change };
}

const names = (jobs: readonly JobSpec[]) => jobs.map(({ kind, part }) => `${kind} ${part.index}${part.codec ? ` ${part.codec}` : ''}`);

describe('inspection', () => {
  test('a registered title is scanned, once', () => {
    const decision = decide(look(titleIn('registered')));
    assert.deepEqual(names(decision.enqueue), ['scan 0']);
    assert.equal(decision.next, null);
    for (const state of ['ready', 'running', 'done'] as const) {
      assert.deepEqual(decide(look(titleIn('registered'), { counts: counts({ scan: { [state]: 1 } }) })).enqueue, []);
    }
  });

  test('the scan says how many ranges there are, or refuses', () => {
    const { next, events } = decide(look(titleIn('registered'), { results: { ...NO_RESULTS, scan: { ...SCAN, findings: [NOISY] } } }));
    assert.equal(next?.state, 'inspecting');
    assert.equal(next?.rev, 6);
    assert.deepEqual(next?.progress, { rangeCount: 3, pixels: 100 });
    assert.deepEqual(next?.findings, [NOISY]);
    assert.deepEqual(events, []);
    const earlier = { ...NOISY, message: 'said when it was registered' };
    const both = decide(look(titleIn('registered', { findings: [earlier] }), { results: { ...NO_RESULTS, scan: { ...SCAN, findings: [NOISY] } } }));
    assert.deepEqual(both.next?.findings, [earlier, NOISY]);
    const refused = decide(look(titleIn('registered'), { results: { ...NO_RESULTS, scan: { ...SCAN, refused: true, findings: [BROKEN] } } }));
    assert.equal(refused.next?.state, 'refused');
    assert.deepEqual(refused.next?.findings, [BROKEN]);
    assert.deepEqual(
      refused.events.map(({ type, data }) => [type, data]),
      [['title.refused', { findings: [BROKEN] }]],
    );
  });

  const title = titleIn('inspecting', { progress: { rangeCount: 3 }, findings: [NOISY] });

  test('ranges and audio tracks are inspected at once; what is missing of either is enqueued again', () => {
    const results = { ...NO_RESULTS, scan: SCAN };
    const all = ['inspect-range 0', 'inspect-range 1', 'inspect-range 2', 'inspect-audio 1', 'inspect-audio 4'];
    assert.deepEqual(names(decide(look(title, { results })).enqueue), all);
    const some = counts({ 'inspect-range': { done: 1, running: 1 }, 'inspect-audio': { ready: 2 } });
    assert.deepEqual(names(decide(look(title, { results, counts: some })).enqueue), all.slice(0, 3));
  });

  test('the stitch waits for all of them', () => {
    const results = { ...NO_RESULTS, scan: SCAN };
    const nearly = counts({ 'inspect-range': { done: 3 }, 'inspect-audio': { done: 1, running: 1 } });
    assert.deepEqual(decide(look(title, { results, counts: nearly })).enqueue, []);
    const done = counts({ 'inspect-range': { done: 3 }, 'inspect-audio': { done: 2 } });
    assert.deepEqual(names(decide(look(title, { results, counts: done })).enqueue), ['stitch 0']);
  });

  test('the stitch ends inspection, with the findings of both', () => {
    const stitch = { refused: false, findings: [NOISY, { ...NOISY, message: 'odder' }], frameCount: 240 };
    const { next, events } = decide(look(title, { results: { ...NO_RESULTS, scan: SCAN, stitch } }));
    assert.equal(next?.state, 'planning');
    assert.equal(next?.findings.length, 2);
    assert.deepEqual(
      events.map(({ id, atMs, data }) => [id, atMs, data]),
      [[`film/${title.revision}/title.inspected`, 2000, { frameCount: 240, findings: 2 }]],
    );
    const refused = decide(look(title, { results: { ...NO_RESULTS, scan: SCAN, stitch: { ...stitch, refused: true } } }));
    assert.equal(refused.next?.state, 'refused');
    assert.equal(refused.events[0].type, 'title.refused');
  });
});

describe('encoding', () => {
  const title = titleIn('encoding', { progress: planned(5) });
  const tracks = { audio: { running: 2 }, text: { done: 1 } };

  test('a plan opens it', () => {
    const plan = { chunkCount: 5, codecs: ['h264'], audioCount: 1, textCount: 0, renditionCount: 4, longestFirst: [4, 0, 1, 2, 3] };
    assert.deepEqual(names(decide(look(titleIn('planning'))).enqueue), ['plan 0']);
    const { next } = decide(look(titleIn('planning', { progress: { rangeCount: 2 } }), { results: { ...NO_RESULTS, plan } }));
    assert.equal(next?.state, 'encoding');
    assert.deepEqual(next?.progress, { rangeCount: 2, ...plan, admittedChunks: 0 });
  });

  test('chunks are admitted in order, a window at a time, with all tracks', () => {
    const { enqueue, next } = decide(look(title));
    assert.deepEqual(names(enqueue).slice(0, 3), ['audio 0', 'audio 1', 'text 0']);
    const chunks = names(enqueue).slice(3);
    assert.equal(chunks.length, 8);
    assert.equal(chunks[0], 'encode 0 h264');
    assert.equal(chunks[7], 'encode 3 av1');
    assert.equal(next?.progress.admittedChunks, 4);
  });

  test('more are admitted when half the window is free, and never more than there are', () => {
    const admitted = { ...title, progress: { ...title.progress, admittedChunks: 4 } };
    const busy = decide(look(admitted, { counts: counts({ ...tracks, encode: { running: 2, ready: 3, done: 3 } }) }));
    assert.deepEqual([busy.enqueue, busy.next], [[], null]);
    const free = decide(look(admitted, { counts: counts({ ...tracks, encode: { running: 2, ready: 2, done: 4 } }) }));
    assert.deepEqual(names(free.enqueue), ['encode 4 h264', 'encode 4 av1']);
    assert.equal(free.next?.progress.admittedChunks, 5);
    const all = { ...title, progress: { ...title.progress, admittedChunks: 5 } };
    assert.deepEqual(decide(look(all, { counts: counts({ ...tracks, encode: { done: 9, ready: 1 } }) })).enqueue, []);
  });

  test('a window smaller than the codecs of one chunk still admits it', () => {
    const { next } = decide(look(title, { window: 1 }));
    assert.equal(next?.progress.admittedChunks, 1);
  });

  test('a title of 160,000 chunks is never listed', () => {
    const huge = titleIn('encoding', { progress: { ...planned(160_000), admittedChunks: 80_000 } });
    const { enqueue } = decide(look(huge, { window: 64, counts: counts({ ...tracks, encode: { done: 160_000 } }) }));
    assert.equal(enqueue.length, 64);
    assert.equal(enqueue[0].part.index, 80_000);
  });

  test('it ends when every chunk at every codec and every track is done', () => {
    const all = { ...title, progress: { ...title.progress, admittedChunks: 5 } };
    const done = { audio: { done: 2 }, text: { done: 1 }, encode: { done: 10 } };
    assert.equal(decide(look(all, { counts: counts(done) })).next?.state, 'assembling');
    for (const kind of ['audio', 'text', 'encode'] as const) {
      const nearly = { ...done, [kind]: { done: done[kind].done - 1, running: 1 } };
      assert.equal(decide(look(all, { counts: counts(nearly) })).next, null, kind);
    }
  });
});

describe('the end', () => {
  const progress = { ...planned(5), admittedChunks: 5 };

  test('renditions are assembled, then packaged, then published', () => {
    const assembling = titleIn('assembling', { progress });
    assert.deepEqual(names(decide(look(assembling)).enqueue), ['assemble 0', 'assemble 1', 'assemble 2']);
    assert.equal(decide(look(assembling, { counts: counts({ assemble: { done: 2, running: 1 } }) })).next, null);
    assert.equal(decide(look(assembling, { counts: counts({ assemble: { done: 3 } }) })).next?.state, 'packaging');
    const packaging = titleIn('packaging', { progress });
    assert.deepEqual(names(decide(look(packaging)).enqueue), ['package 0']);
    assert.deepEqual(decide(look(packaging, { counts: counts({ package: { running: 1 } }) })).enqueue, []);
    assert.deepEqual(names(decide(look(packaging, { counts: counts({ package: { done: 1 } }) })).enqueue), ['publish 0']);
  });

  test('published is announced with the row, under an id that says no more than that it is published', () => {
    const packaging = titleIn('packaging', { progress });
    const { next, events } = decide(look(packaging, { counts: counts({ package: { done: 1 }, publish: { done: 1 } }) }));
    assert.equal(next?.state, 'published');
    assert.deepEqual(
      events.map(({ id }) => id),
      [`film/${packaging.revision}/title.published`],
    );
  });

  test('a parked job fails the title from any live state, and says where to go on', () => {
    for (const state of ['registered', 'inspecting', 'planning', 'encoding', 'assembling', 'packaging'] as const) {
      const { next, events, enqueue } = decide(look(titleIn(state, { progress }), { parked: jobOfKind('encode') }));
      assert.equal(next?.state, 'failed');
      assert.equal(next?.resumeState, state);
      assert.equal(next?.failedJobId, 'film/r/encode/0');
      assert.deepEqual(enqueue, []);
      assert.deepEqual(
        events.map(({ id, data }) => [id, data]),
        [[`film/${next?.revision}/title.failed/6`, { jobId: 'film/r/encode/0', kind: 'encode' }]],
      );
    }
  });

  test('a title that ended keeps no unfinished jobs, and wants nothing else', () => {
    for (const state of ['failed', 'cancelled', 'refused', 'published'] as const) {
      const left = decide(look(titleIn(state, { progress }), { counts: counts({ encode: { ready: 1 }, audio: { running: 1 } }) }));
      assert.equal(left.jobs, 'drop');
      const none = decide(look(titleIn(state, { progress }), { counts: counts({ encode: { dropped: 4, done: 2, parked: 1 } }), parked: jobOfKind('encode') }));
      assert.deepEqual(none, { enqueue: [], next: null, events: [], jobs: 'keep' });
    }
  });

  test('jobs dropped behind the back of a live title are taken up again before anything else', () => {
    const decision = decide(look(titleIn('encoding', { progress: planned(5) }), { counts: counts({ encode: { dropped: 1 } }) }));
    assert.deepEqual(decision, { enqueue: [], next: null, events: [], jobs: 'revive' });
  });
});

test('the same look gives the same decision, and leaves its input alone', () => {
  const input = look(titleIn('encoding', { progress: planned(5) }));
  const before = structuredClone(input);
  assert.deepEqual(decide(input), decide(input));
  assert.deepEqual(input, before);
});

test('a row without what its state needs is an internal fault', () => {
  for (const state of ['inspecting', 'encoding', 'assembling'] as const) {
    assert.throws(() => decide(look(titleIn(state), { results: { ...NO_RESULTS, scan: SCAN } })), { code: 'SL-901' });
  }
  assert.throws(() => decide(look(titleIn('inspecting', { progress: { rangeCount: 1 } }))), { code: 'SL-901' });
});

test('a title of sound only goes all the way without ranges, chunks and renditions', () => {
  const scan = { ...SCAN, rangeCount: 0, pixels: 0 };
  const inspecting = decide(look(titleIn('registered'), { results: { ...NO_RESULTS, scan } })).next!;
  assert.equal(inspecting.state, 'inspecting');
  const results = { ...NO_RESULTS, scan };
  assert.deepEqual(names(decide(look(inspecting, { results })).enqueue), ['inspect-audio 1', 'inspect-audio 4']);
  const heard = counts({ 'inspect-audio': { done: 2 } });
  assert.deepEqual(names(decide(look(inspecting, { results, counts: heard })).enqueue), ['stitch 0']);
  const plan = { chunkCount: 0, codecs: [], audioCount: 2, textCount: 0, renditionCount: 0, longestFirst: [] };
  const encoding = decide(look(titleIn('planning'), { results: { ...NO_RESULTS, plan } })).next!;
  assert.deepEqual(names(decide(look(encoding)).enqueue), ['audio 0', 'audio 1']);
  const assembling = decide(look(encoding, { counts: counts({ audio: { done: 2 } }) })).next!;
  assert.equal(assembling.state, 'assembling');
  assert.equal(decide(look(assembling)).next?.state, 'packaging');
});
