import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FrameLine, FrameLineReader, NumberList } from '../../../src/pipeline/verify/frame-lines.ts';

const TEXT = `#format: frame checksums
#version: 2
#hash: CRC32
#tb 0: 1/90000
#dimensions 0: 32x18
#stream#, dts,        pts, duration,     size, hash
0,       3780,       3780,     3750,      576, cdf5ba18
0,       7500,      -7500,     3750,      576, 652268de
`;

function read(text: string, step: number): { frames: FrameLine[]; reader: FrameLineReader } {
  const frames: FrameLine[] = [];
  const reader = new FrameLineReader((frame) => frames.push(frame));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.byteLength; at += step) reader.push(bytes.subarray(at, at + step));
  return { frames, reader };
}

describe('FrameLineReader', () => {
  it('reads times and time base, however the text is cut', () => {
    for (const step of [1, 7, 10_000]) {
      const { frames, reader } = read(TEXT, step);
      assert.deepEqual(frames, [
        { ptsTicks: 3780, durationTicks: 3750, crc32: 0xcdf5ba18 },
        { ptsTicks: -7500, durationTicks: 3750, crc32: 0x652268de },
      ]);
      assert.deepEqual(reader.timeBase, { num: 1, den: 90_000 });
    }
  });

  it('refuses lines that are no frames, and a line without end', () => {
    for (const line of ['0, 1, 2', 'hello', '0, a, 1, 1, 576, 00', '0,1,99999999999999999999999x,1,1,0']) {
      assert.throws(() => read(`${line}\n`, 100), RangeError);
    }
    assert.throws(() => read('0'.repeat(10_000), 1000), RangeError);
  });
});

describe('NumberList', () => {
  it('keeps everything in order', () => {
    const list = new NumberList();
    for (let i = 0; i < 5000; i++) list.push(i * 2 ** 40);
    assert.equal(list.length, 5000);
    assert.deepEqual([...list.toArray().subarray(4998)], [4998 * 2 ** 40, 4999 * 2 ** 40]);
  });
});
