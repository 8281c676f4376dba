import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoteEar, type NoteStream } from '../../../../src/adapters/cluster/dispatch/note-ear.ts';

/** A stream that gives these values and then dies, or stays open until it is closed. */
function streamOf(values: readonly string[], end: 'dies' | 'stays' | 'ends'): NoteStream & { readonly closed: () => number } {
  let closed = 0;
  let release = () => {};
  const isClosed = new Promise<void>((resolve) => {
    release = resolve;
  });
  async function* messages() {
    for (const value of values) yield { value: Buffer.from(value) };
    if (end === 'dies') throw new Error('the stream died');
    if (end === 'stays') await isClosed;
  }
  return {
    messages: messages(),
    closed: () => closed,
    async close() {
      closed++;
      release();
    },
  };
}

test('a stream that died or ended is opened anew, also when that fails at first, and each is closed', { timeout: 20_000 }, async () => {
  const streams = [streamOf(['a'], 'dies'), streamOf(['b', 'c'], 'ends'), streamOf(['d'], 'stays')];
  const waiting: (NoteStream | Error)[] = [streams[0], new Error('no broker'), streams[1], streams[2]];
  const heard: string[] = [];
  let onLast = () => {};
  const last = new Promise<void>((resolve) => {
    onLast = resolve;
  });
  const open = async () => {
    const next = waiting.shift();
    if (next === undefined || next instanceof Error) throw next ?? new Error('opened too often');
    return next;
  };
  const ear = await NoteEar.open(open, (value) => {
    heard.push(String(value));
    if (heard.length === 4) onLast();
  });
  await last;
  await ear.stop();
  assert.deepEqual(heard, ['a', 'b', 'c', 'd']);
  assert.deepEqual(
    streams.map(({ closed }) => closed()),
    [1, 1, 1],
  );
  assert.equal(waiting.length, 0);
});

test('the first failure is told, and stopping while it cannot open ends', { timeout: 20_000 }, async () => {
  await assert.rejects(
    NoteEar.open(
      () => Promise.reject(new Error('no broker')),
      () => {},
    ),
    /no broker/,
  );
  let opened = 0;
  let onRetry = () => {};
  const retried = new Promise<void>((resolve) => {
    onRetry = resolve;
  });
  const open = async () => {
    if (opened++ === 0) return streamOf([], 'dies');
    onRetry();
    throw new Error('no broker');
  };
  const ear = await NoteEar.open(open, () => {});
  await retried;
  await ear.stop();
});
