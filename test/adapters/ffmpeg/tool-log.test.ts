import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBench, ToolLog } from '../../../src/adapters/ffmpeg/tool-log.ts';

function logOf(...parts: (string | Uint8Array)[]): ToolLog {
  const log = new ToolLog();
  for (const part of parts) log.write(typeof part === 'string' ? Buffer.from(part) : part);
  log.end();
  return log;
}

test('marked lines are found however the bytes are cut', () => {
  const text = '[info] Input\n[h264 @ 0x55e0c0] [error] error while decoding MB 1 2\n[fatal] pipe:0: bad ünput\r[warning] odd\n[error] no newline';
  const bytes = Buffer.from(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const log = logOf(bytes.subarray(0, cut), bytes.subarray(cut));
    assert.deepEqual(log.errorLines, ['[h264 @ 0x55e0c0] [error] error while decoding MB 1 2', '[fatal] pipe:0: bad ünput', '[error] no newline']);
  }
});

test('text from inside a file is not taken for an error and cannot steer a terminal', () => {
  const log = logOf('[info]     title           : [error] No space left on device\n[info]     title  : \u001b[2J\u009b1mred\n');
  assert.deepEqual(log.errorLines, []);
  assert.equal(log.saysDiskFull, false);
  assert.equal(log.text.includes('\u001b') || log.text.includes('\u009b'), false);
});

test('memory is bounded: the end of the text, the first hundred errors, no endless line', () => {
  const log = new ToolLog();
  for (let i = 0; i < 300; i++) log.write(Buffer.from(`[error] ${i} ${'x'.repeat(10_000)}\n`));
  for (let i = 0; i < 100; i++) log.write(Buffer.alloc(65_536, 0x79));
  log.write(Buffer.from('\n[error] late'));
  log.end();
  assert.equal(log.errorLines.length, 100);
  assert.ok(log.errorLines.every((line) => line.length <= 4096));
  assert.equal(log.text.length, 256 * 1024);
  assert.ok(log.text.endsWith('[error] late'));
});

test('a full disk is recognised in the words of the system', () => {
  assert.ok(logOf('[error] Error writing trailer of out.mp4: No space left on device\n').saysDiskFull);
  assert.ok(logOf('[out#0 @ 0x5f] [error] Error muxing a packet: Disk quota exceeded\n').saysDiskFull);
  assert.equal(logOf('[error] No space left on device for this joke: x\n').saysDiskFull, false);
});

test('the last benchmark report counts', () => {
  const report = '[info] bench: utime=1.5s stime=0.250s rtime=9s\n[info] bench: maxrss=52956kB\n';
  assert.deepEqual(parseBench(`[info] title: bench: utime=9s\n${report}`), { cpuSeconds: 1.75, peakMemoryBytes: 52956 * 1024 });
  assert.deepEqual(parseBench('[info] bench: utime=1s stime=1s rtime=1s\n[info] bench: maxrss=10KiB'), { cpuSeconds: 2, peakMemoryBytes: 10240 });
  assert.equal(parseBench('[info] nothing'), null);
});
