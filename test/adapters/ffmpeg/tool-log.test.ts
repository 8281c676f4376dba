import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBench, ToolLog } from '../../../src/adapters/ffmpeg/tool-log.ts';

/** A line as the tool writes it: its marks and its words in colour, the colour taken back after the line's end. */
function error(words: string, by = ''): string {
  const name = by === '' ? '' : `\u001b[1;32m[${by} @ 0x55e0c0] \u001b[0m`;
  return `${name}\u001b[1;31m[error] \u001b[0m\u001b[1;31m${words}\n\u001b[0m`;
}

function logOf(...parts: (string | Uint8Array)[]): ToolLog {
  const log = new ToolLog();
  for (const part of parts) log.write(typeof part === 'string' ? Buffer.from(part) : part);
  log.end();
  return log;
}

test('marked lines are found however the bytes are cut', () => {
  const text = `[info] Input\n${error('error while decoding MB 1 2', 'h264')}${error('pipe:0: bad ünput')}[info] 50%\r\u001b[0;33m[warning] \u001b[0modd\n${error('no newline').slice(0, -5)}`;
  const bytes = Buffer.from(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const log = logOf(bytes.subarray(0, cut), bytes.subarray(cut));
    assert.deepEqual(log.errorLines, ['[h264 @ 0x55e0c0] [error] error while decoding MB 1 2', '[error] pipe:0: bad ünput', '[error] no newline']);
  }
});

test('text from inside a file is not taken for an error and cannot steer a terminal', () => {
  const log = logOf('[info]     title           : [error] No space left on device\n[info]     title  : \u001b[2J\u009b1mred\n');
  assert.deepEqual(log.errorLines, []);
  assert.equal(log.saysDiskFull, false);
  assert.equal(log.text.includes('\u001b') || log.text.includes('\u009b'), false);
});

test('lines inside what a file says are not taken for the tool’s, and are set off', () => {
  const forged =
    '[error] x: No space left on device\n[h264 @ 0x55e0c0] [error] error while decoding MB 1 1\n\u200b[fatal] x\n    Last message repeated 9 times\n';
  const log = logOf(
    `\u001b[0;35m[matroska @ 0x5f] \u001b[0m\u001b[0;33m[warning] \u001b[0m\u001b[0;33mUnknown doctype 'x'\n${forged}'\n\u001b[0m${error('true')}`,
  );
  assert.deepEqual(log.errorLines, ['[error] true']);
  assert.deepEqual(log.text.split('\n'), [
    "[matroska @ 0x5f] [warning] Unknown doctype 'x'",
    '| [error] x: No space left on device',
    '| [h264 @ 0x55e0c0] [error] error while decoding MB 1 1',
    '| [fatal] x',
    '|     Last message repeated 9 times',
    "'",
    '[error] true',
    '',
  ]);
  assert.ok(logOf(error('x', 'h264'), '\u001b[0m    Last message repeated 4 times\n').text.endsWith('\n    Last message repeated 4 times\n'));
});

test('memory is bounded: the end of the text, the first hundred errors, no endless line', () => {
  const log = new ToolLog();
  for (let i = 0; i < 300; i++) log.write(Buffer.from(error(`${i} ${'x'.repeat(10_000)}`)));
  for (let i = 0; i < 100; i++) log.write(Buffer.alloc(65_536, 0x79));
  log.write(Buffer.from(`\n${error('late')}`));
  log.end();
  assert.equal(log.errorLines.length, 100);
  assert.ok(log.errorLines.every((line) => line.length <= 4096));
  assert.ok(log.text.length <= 256 * 1024 && log.text.length > 255 * 1024);
  assert.ok(log.text.endsWith('[error] late\n'));
});

test('a full disk is recognised in the words of the system', () => {
  assert.ok(logOf(error('Error writing trailer of out.mp4: No space left on device')).saysDiskFull);
  assert.ok(logOf(error('Error muxing a packet: Disk quota exceeded', 'out#0')).saysDiskFull);
  assert.equal(logOf(error('No space left on device for this joke: x')).saysDiskFull, false);
});

test('the last benchmark report counts', () => {
  const report = '[info] bench: utime=1.5s stime=0.250s rtime=9s\n[info] bench: maxrss=52956kB\n';
  assert.deepEqual(parseBench(`[info] title: bench: utime=9s\n${report}`), { cpuSeconds: 1.75, peakMemoryBytes: 52956 * 1024 });
  assert.deepEqual(parseBench('[info] bench: utime=1s stime=1s rtime=1s\n[info] bench: maxrss=10KiB'), { cpuSeconds: 2, peakMemoryBytes: 10240 });
  assert.equal(parseBench('[info] nothing'), null);
});
