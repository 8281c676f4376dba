import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childBoxes, Fields, topLevelBoxes } from '../../../src/media/isobmff/boxes.ts';
import { memorySource } from '../../../src/media/isobmff/byte-source.ts';
import { box, bytesOf, concat, u32, u64 } from '../../../src/media/isobmff/write-boxes.ts';

const collect = async (bytes: Uint8Array): Promise<[string, number, number][]> => {
  const found: [string, number, number][] = [];
  for await (const it of topLevelBoxes(memorySource(bytes))) found.push([it.type, it.bodyStart, it.endExclusive]);
  return found;
};

test('boxes of 32-bit, 64-bit and open size are found side by side', async () => {
  const wide = concat([u32(1), bytesOf('mdat'), u64(20), u32(7)]);
  const open = concat([u32(0), bytesOf('free'), u32(1), u32(2)]);
  const file = concat([box('ftyp', u32(1)), wide, open]);
  const expected = [
    ['ftyp', 8, 12],
    ['mdat', 28, 32],
    ['free', 40, 48],
  ];
  assert.deepEqual(await collect(file), expected);
  assert.deepEqual(
    childBoxes(file).map((it) => [it.type, it.bodyStart, it.endExclusive]),
    expected,
  );
});

test('a box that claims more than its parent, or less than its own head, is refused', async () => {
  for (const size of [2, 7, 13, 0xffffffff]) {
    const file = concat([u32(size), bytesOf('moov'), u32(0)]);
    await assert.rejects(collect(file), RangeError);
    assert.throws(() => childBoxes(file), RangeError);
  }
  for (const size of [8, 15, 21, Number.MAX_SAFE_INTEGER]) await assert.rejects(collect(concat([u32(1), bytesOf('moov'), u64(size), u32(0)])), RangeError);
  await assert.rejects(collect(concat([u32(1), bytesOf('moov'), new Uint8Array(8).fill(0xff), u32(0)])), RangeError);
});

test('a file that ends inside a box head is refused', async () => {
  const file = concat([box('ftyp', u32(1)), box('free')]);
  for (let end = 13; end < file.byteLength; end++) await assert.rejects(collect(file.subarray(0, end)), RangeError);
});

test('fields never leave their box, and a count is checked before anything is allocated', () => {
  const fields = new Fields(concat([u32(0xffffffff), u32(5)]), 0, 4);
  assert.throws(() => fields.count(12), RangeError);
  assert.throws(() => fields.u8(), RangeError);
  assert.throws(() => fields.skip(-1), RangeError);
  assert.throws(() => new Fields(new Uint8Array(4), 2, 8), RangeError);
  assert.throws(() => new Fields(new Uint8Array(8).fill(0xff)).u64(), RangeError);
});
