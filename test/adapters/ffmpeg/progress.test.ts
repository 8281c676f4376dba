import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressReader } from '../../../src/adapters/ffmpeg/progress.ts';

function changesOf(...parts: string[]): (number | null)[] {
  const changes: (number | null)[] = [];
  const reader = new ProgressReader((frames) => changes.push(frames));
  for (const part of parts) reader.write(Buffer.from(part));
  return changes;
}

test('frames are told when they change; a repeated report is no sign of life', () => {
  const report = 'frame=12\nfps=3.0\nout_time_us=480000\ntotal_size=N/A\nspeed=1x\nprogress=continue\n';
  assert.deepEqual(changesOf(report, report, report), [12, null, null]);
  assert.deepEqual(changesOf(report, report.replace('=12', '=13')), [12, null, null, 13]);
  assert.deepEqual(changesOf('out_time_us=1\n', 'out_time_us=2\n'), [null, null], 'sound alone');
});

test('reports may be cut anywhere and may be nonsense', () => {
  const report = 'frame=  7\nprogress=end\n';
  for (let cut = 0; cut <= report.length; cut++) assert.deepEqual(changesOf(report.slice(0, cut), report.slice(cut)), [7, null]);
  assert.deepEqual(changesOf('frame=99999999999999999999\n', 'frame=-1\n', 'frame=x\n', `${'y'.repeat(5000)}\n`), [null, null]);
});
