import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classesOf, classOf } from '../../src/pipeline/job-class.ts';
import { job, title } from '../contract/samples.ts';

const BUILD = 'ab12'.repeat(16);
const film = (pixels: number, encoderBuild = BUILD) => {
  const plain = title('t', { progress: { pixels } });
  return { ...plain, order: { ...plain.order, encoderBuild } };
};
const worker = { encoderBuild: BUILD, codecs: ['h264'], bytesPerSlot: 1e9, bytesPerLargeJob: 2e9 };
const encode = (codec: string) => job('t', 0, { part: { index: 0, codec } });

test('a worker takes what it can encode, of its build, and as large as its memory allows', () => {
  assert.ok(classesOf(worker).includes(classOf(film(1920 * 1080), encode('h264'))));
  assert.ok(!classesOf(worker).includes(classOf(film(1920 * 1080), encode('h265'))), 'another codec');
  assert.ok(!classesOf(worker).includes(classOf(film(3840 * 2160), encode('h264'))), 'too large');
  assert.ok(!classesOf(worker).includes(classOf(film(1920 * 1080, 'cd'.repeat(32)), encode('h264'))), 'another build: a title uses one');
  const able = classesOf({ ...worker, codecs: ['h265', 'h264'], bytesPerSlot: 2e9 });
  for (const codec of ['h264', 'h265']) for (const pixels of [100, 3840 * 2160]) assert.ok(able.includes(classOf(film(pixels), encode(codec))));
});

test('every worker of the build does what encodes nothing; large pictures are only decoded with memory', () => {
  for (const kind of ['scan', 'stitch', 'plan', 'audio', 'text', 'package', 'publish'] as const) {
    assert.ok(classesOf(worker).includes(classOf(film(3840 * 2160), job('t', 0, { kind }))), kind);
  }
  assert.ok(!classesOf(worker).includes(classOf(film(3840 * 2160), job('t', 0, { kind: 'inspect-range' }))));
});

test('a class is fit to name a topic', () => {
  for (const name of classesOf({ ...worker, codecs: ['h264', 'h265', 'av1'], bytesPerSlot: 4e9 })) assert.match(name, /^[a-z0-9-]{1,60}$/);
});
