import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameHashReader, type HashedFrame } from '../../../src/media/tool-output/frame-hash-lines.ts';
import { mangledTexts } from '../../support/mangle-text.ts';

const SAMPLE = `#format: frame checksums
#version: 2
#hash: murmur3
#software: Lavf59.27.100
#tb 0: 1/90000
#stream#, dts,        pts, duration,     size, hash
0,       1890,       1890,     3000,  3110400, db77a8dcc8046d42621254022eb12173
0,       4890,       4890,     3000,  3110400, c49242909d47986e4bcc04a0eca22135
`;
const BASE = { num: 1, den: 90_000 };

function read(text: string, step: number, base: { num: number; den: number } | null = BASE): HashedFrame[] {
  const frames: HashedFrame[] = [];
  const reader = new FrameHashReader(base, (frame) => frames.push(frame));
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += step) reader.write(bytes.subarray(at, at + step));
  reader.end();
  return frames;
}

test('frames come out whatever the pieces', () => {
  for (const step of [1, 7, 64, 10_000]) {
    const frames = read(SAMPLE, step);
    assert.deepEqual(
      frames.map(({ ptsTicks, durationTicks, sizeBytes }) => [ptsTicks, durationTicks, sizeBytes]),
      [
        [1890, 3000, 3_110_400],
        [4890, 3000, 3_110_400],
      ],
    );
    assert.equal(Buffer.from(frames[1].hash).toString('hex'), 'c49242909d47986e4bcc04a0eca22135');
  }
});

test('another time base is refused, and told where none is expected', () => {
  assert.throws(() => read(SAMPLE, 100, { num: 1, den: 24 }), RangeError);
  assert.throws(() => read('#tb 0: 0/90000\n', 100), RangeError);
  const reader = new FrameHashReader(null, () => {});
  assert.equal(reader.timeBase, null);
  reader.write(Buffer.from('#tb 0: 1/48000\n'));
  assert.deepEqual(reader.timeBase, { num: 1, den: 48_000 });
});

test('a line without end does not fill the memory', () => {
  const reader = new FrameHashReader(BASE, () => {});
  assert.throws(() => {
    for (let i = 0; i < 1000; i++) reader.write(Buffer.alloc(1024, 0x30));
  }, RangeError);
});

test('hostile text gives frames or a RangeError', () => {
  for (const text of mangledTexts(SAMPLE, 1500)) {
    try {
      for (const frame of read(text, 50)) assert.ok(Number.isSafeInteger(frame.ptsTicks) && frame.hash.length >= 4 && frame.hash.length <= 32);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
});
