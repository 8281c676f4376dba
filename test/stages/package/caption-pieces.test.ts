import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaptionPieces } from '../../../src/stages/package/caption-pieces.ts';

const SIZES = Buffer.from('#tb 0: 1/1000\n0, 0, 0, 0, 3, 00000001\n0, 40, 40, 0, 6, 00000002\n0, 80, 80, 0, 3, 00000003\n');
const DATA = Uint8Array.from({ length: 12 }, (_, i) => i);
const WHOLE = [
  [0, [0, 1, 2]],
  [40, [3, 4, 5, 6, 7, 8]],
  [80, [9, 10, 11]],
];

function reading() {
  const seen: [number, number[]][] = [];
  return { seen, pieces: new CaptionPieces(({ ptsMs, triplets }) => seen.push([ptsMs, [...triplets]])) };
}

test('whichever output is ahead, and wherever they are cut, the pieces are the same', () => {
  for (let step = 1; step <= DATA.length; step++) {
    for (const isDataFirst of [true, false]) {
      const { seen, pieces } = reading();
      const writeAll = () => {
        for (let at = 0; at < SIZES.length; at += step) pieces.writeSizes(SIZES.subarray(at, at + step));
      };
      if (!isDataFirst) writeAll();
      for (let at = 0; at < DATA.length; at += step) pieces.writeData(DATA.subarray(at, at + step));
      if (isDataFirst) writeAll();
      pieces.end();
      assert.deepEqual(seen, WHOLE);
    }
  }
});

test('bytes without a size, sizes without bytes, and sizes without a clock are refused', () => {
  const more = reading().pieces;
  more.writeSizes(SIZES);
  more.writeData(Buffer.concat([DATA, DATA]));
  assert.throws(() => more.end(), RangeError);
  const fewer = reading().pieces;
  fewer.writeSizes(SIZES);
  fewer.writeData(DATA.subarray(1));
  assert.throws(() => fewer.end(), RangeError);
  assert.throws(() => reading().pieces.writeSizes(Buffer.from('0, 0, 0, 0, 3, 00000001\n')), RangeError);
});
