import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileSources, memorySource, windowedSource } from '../../../src/media/isobmff/byte-source.ts';

test('files are read at random, few are open at a time, and none after close', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'sceneline-source-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const openBefore = (await readdir('/proc/self/fd').catch(() => [])).length;
  const files = new FileSources(2);
  const paths = Array.from({ length: 6 }, (_, i) => join(dir, `f${i}`));
  for (const [i, path] of paths.entries()) await writeFile(path, Uint8Array.of(i, i + 1, i + 2));
  const sources = await Promise.all(paths.map((path) => files.source(path)));
  for (let round = 0; round < 3; round++) {
    const read = await Promise.all(sources.map((source) => source.read(1, 3)));
    assert.deepEqual(
      read.map((bytes) => [...bytes]),
      paths.map((_, i) => [i + 1, i + 2]),
    );
  }
  await assert.rejects(sources[0].read(0, 4), RangeError);
  await files.close();
  assert.equal((await readdir('/proc/self/fd').catch(() => [])).length, openBefore);
});

test('a file that shrank under its reader is refused, not padded', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'sceneline-source-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, 'f');
  await writeFile(path, new Uint8Array(100));
  const files = new FileSources();
  t.after(() => files.close());
  const source = await files.source(path);
  await truncate(path, 40);
  await assert.rejects(source.read(0, 100), RangeError);
});

test('a window answers small reads from memory and gives the same bytes', async () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i & 0xff);
  let reads = 0;
  const memory = memorySource(bytes);
  const counted = {
    sizeBytes: 1000,
    read: (start: number, end: number) => {
      reads++;
      return memory.read(start, end);
    },
  };
  const window = windowedSource(counted, 100);
  for (const [start, end] of [
    [0, 16],
    [16, 100],
    [90, 100],
    [90, 110],
    [990, 1000],
    [300, 900],
  ]) {
    assert.deepEqual(await window.read(start, end), bytes.subarray(start, end));
  }
  assert.equal(reads, 4);
  await assert.rejects(window.read(995, 1001), RangeError);
});
