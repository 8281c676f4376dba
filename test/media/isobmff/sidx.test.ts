import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSidx, sidxBox } from '../../../src/media/isobmff/sidx.ts';

test('an index comes back as written, with a start far out as well', () => {
  for (const earliestTicks of [0, 2 ** 40]) {
    const references = [
      { sizeBytes: 1, durationTicks: 2 },
      { sizeBytes: 0x7fffffff, durationTicks: 0xffffffff },
    ];
    const index = parseSidx(sidxBox({ referenceId: 1, timescale: 90000, earliestTicks, references }).subarray(8));
    assert.deepEqual(
      { ...index, references: index.references.length },
      { referenceId: 1, timescale: 90000, earliestTicks, firstOffsetBytes: 0, references: 2 },
    );
    for (const [i, reference] of index.references.entries()) assert.deepEqual(reference, { ...references[i], isIndex: false, startsWithSap: true, sapType: 1 });
  }
});

test('what does not fit is refused', () => {
  const index = (count: number, sizeBytes: number) => ({
    referenceId: 1,
    timescale: 1,
    earliestTicks: 0,
    references: Array(count).fill({ sizeBytes, durationTicks: 1 }),
  });
  assert.throws(() => sidxBox(index(1, 0x80000000)), RangeError);
  assert.throws(() => sidxBox(index(65536, 1)), RangeError);
  assert.equal(parseSidx(sidxBox(index(65535, 1)).subarray(8)).references.length, 65535);
});
