import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCpuSeconds, parsePeakMemoryBytes, readProcessUsage } from '../../../src/adapters/ffmpeg/process-usage.ts';

test('CPU time is read behind a name with brackets and spaces', () => {
  assert.equal(parseCpuSeconds('42 (a) b) R) S 1 42 42 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 1 0 100 1000 10'), 1.75);
  assert.equal(parseCpuSeconds(''), 0);
  assert.equal(parseCpuSeconds('42 (x) S 1'), 0);
});

test('peak memory is read where it is told', () => {
  assert.equal(parsePeakMemoryBytes('Name:\tx\nVmHWM:\t   1024 kB\nVmRSS:\t 5 kB\n'), 1024 * 1024);
  assert.equal(parsePeakMemoryBytes('Name:\tzombie\n'), 0);
});

test('this very process has used something; a process that is not there is null', { skip: process.platform !== 'linux' && 'no /proc' }, () => {
  const usage = readProcessUsage(process.pid);
  assert.ok(usage && usage.cpuSeconds > 0 && usage.peakMemoryBytes > 10e6);
  assert.equal(readProcessUsage(2 ** 30), null);
});
