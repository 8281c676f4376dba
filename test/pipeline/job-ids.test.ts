import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TitleOrder } from '../../src/model/title.ts';
import { asksFor, encodeJobs, numberedJobs, restartedRevisionOf, revisionOf, singleJob } from '../../src/pipeline/job-ids.ts';
import { title } from '../contract/samples.ts';
import { LADDER, ORDER, SIDECAR } from './samples.ts';

const REVISION = revisionOf(ORDER);

test('a revision is the content asked for, not where it lies', () => {
  const moved: TitleOrder = { ...ORDER, outDir: '/elsewhere', seal: { ...ORDER.seal, path: '/b.mov', modifiedNs: '9', inode: '9' } };
  assert.equal(revisionOf(moved), REVISION);
  assert.match(REVISION, /^[0-9a-f]{24}$/);
  const others: TitleOrder[] = [
    { ...ORDER, seal: { ...ORDER.seal, sha256: 'cd'.repeat(32) } },
    { ...ORDER, encoderBuild: 'another' },
    { ...ORDER, ladder: { ...LADDER, audioKbpsPerChannel: 96 } },
    { ...ORDER, ladder: { ...LADDER, loudnessLufs: -23 } },
    { ...ORDER, sidecars: [SIDECAR] },
    { ...ORDER, sidecars: [{ ...SIDECAR, language: 'fr' }] },
    { ...ORDER, sidecars: [{ ...SIDECAR, sha256: 'cd'.repeat(32) }] },
    { ...ORDER, sidecars: [SIDECAR, SIDECAR] },
    { ...ORDER, ladder: { ...LADDER, rungs: [...LADDER.rungs].reverse() } },
    { ...ORDER, ladder: { ...LADDER, rungs: LADDER.rungs.map((rung) => ({ ...rung, crf: rung.crf + 1 })) } },
  ];
  assert.equal(new Set([REVISION, ...others.map(revisionOf)]).size, 11);
  assert.equal(revisionOf({ ...ORDER, sidecars: [] }), REVISION);
  assert.equal(revisionOf({ ...ORDER, sidecars: [{ ...SIDECAR, path: '/elsewhere.srt' }] }), revisionOf({ ...ORDER, sidecars: [SIDECAR] }));
});

test('the order in which a ladder was written down does not matter, the order of its rungs does', () => {
  const reversed = Object.fromEntries(Object.entries(LADDER.rungs[0]).reverse()) as unknown as (typeof LADDER.rungs)[0];
  const same: TitleOrder = { ...ORDER, ladder: { audioKbpsPerChannel: LADDER.audioKbpsPerChannel, rungs: [reversed, ...LADDER.rungs.slice(1)] } };
  assert.equal(revisionOf(same), REVISION);
});

test('a restarted title asks for the same content under new job ids', () => {
  const first = title('a', { order: ORDER, revision: REVISION });
  const again = title('a', { order: ORDER, revision: restartedRevisionOf(ORDER, 7) });
  assert.ok(asksFor(first, ORDER) && asksFor(again, ORDER));
  assert.ok(!asksFor(again, { ...ORDER, encoderBuild: 'another' }));
  assert.notEqual(singleJob(first, 'scan').id, singleJob(again, 'scan').id);
  assert.equal(singleJob(first, 'scan').exclusiveKey, singleJob(again, 'scan').exclusiveKey);
});

test('ids name title, revision, kind and part; exclusive keys are shared by titles of one revision', () => {
  const a = title('a', { revision: REVISION });
  const b = title('b', { revision: REVISION });
  assert.equal(singleJob(a, 'plan').id, `a/${REVISION}/plan/0`);
  const [job] = encodeJobs(a, 12, 13, ['h264']);
  assert.equal(job.id, `a/${REVISION}/encode/12-h264`);
  assert.deepEqual(job.part, { index: 12, codec: 'h264' });
  assert.equal(job.exclusiveKey, `${REVISION}/encode/12-h264`);
  assert.equal(encodeJobs(b, 12, 13, ['h264'])[0].exclusiveKey, job.exclusiveKey);
});

test('encode jobs are those of the chunks asked for, a job per codec', () => {
  const jobs = encodeJobs(title('a', { revision: REVISION }), 3, 5, ['h264', 'av1']);
  assert.deepEqual(
    jobs.map(({ part }) => `${part.index} ${part.codec}`),
    ['3 h264', '3 av1', '4 h264', '4 av1'],
  );
  assert.equal(new Set(jobs.map(({ id }) => id)).size, 4);
  const ordered = title('a', { revision: REVISION, progress: { chunkCount: 5, longestFirst: [4, 2, 3] } });
  assert.deepEqual(
    encodeJobs(ordered, 0, 5, ['h264']).map(({ part }) => part.index),
    [0, 1, 4, 2, 3],
  );
});

test('later steps run before earlier ones, whole tracks before chunks', () => {
  const a = title('a', { revision: REVISION });
  const kinds = ['publish', 'package', 'assemble', 'audio', 'encode', 'plan', 'stitch', 'inspect-range', 'scan'] as const;
  const priorities = kinds.map((kind) => numberedJobs(a, kind, [0])[0].priority);
  assert.deepEqual(
    priorities,
    [...priorities].sort((x, y) => y - x),
  );
});
