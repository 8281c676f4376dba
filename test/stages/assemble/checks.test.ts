import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../../src/media/isobmff/sample.ts';
import { checkFrames, checkPicture, placementOf } from '../../../src/stages/assemble/checks.ts';

const EXPECTED = { ptsTicks: Float64Array.from([50, 60, 75, 80, 99]), timeBase: { num: 2, den: 100 }, idrFrames: [0, 3], mediaTimeTicks: 40 };
const TIMES = [0, 50, 20, 60, 98];
const samples = (times: readonly number[] = TIMES, sync: readonly number[] = [0, 3]): Sample[] =>
  times.map((time, i) => ({ offsetBytes: i, sizeBytes: i + 1, dtsTicks: i, ptsTicks: time + 40, durationTicks: 1, isSync: sync.includes(i) }));
const faultOf = (list: readonly Sample[]): [number, string] => {
  const checked = checkFrames(list, EXPECTED, () => {});
  assert.ok('fault' in checked);
  return [checked.fault.frame, checked.fault.message];
};

test('frames at exactly their times pass, group by group', () => {
  const seen: number[] = [];
  const checked = checkFrames(samples(), EXPECTED, (_, number) => seen.push(number));
  assert.ok('groups' in checked);
  assert.deepEqual(
    checked.groups.map((group) => [group.idrFrame, group.sizeBytes]),
    [
      [0, 6],
      [3, 9],
    ],
  );
  assert.deepEqual(seen, [0, 1, 2, 3, 4]);
});

test('every fault of count, time and IDR is found at its frame', () => {
  assert.deepEqual(faultOf(samples(TIMES.slice(0, 4))), [4, 'the file ends after 4 of 5 frames']);
  assert.deepEqual(faultOf(samples([...TIMES, 120])), [4, 'there are more than 5 frames']);
  assert.deepEqual(faultOf(samples([0, 50, 20, 60, 99])), [4, 'it is presented at tick 99 instead of 98']);
  assert.deepEqual(faultOf(samples([0, 50, 20, 61, 98])), [3, 'it is presented at tick 61 instead of 60']);
  assert.deepEqual(faultOf(samples([0, 50, 50, 60, 98])), [1, 'it is presented at tick 50 instead of 20']);
  assert.deepEqual(faultOf(samples([0, 50, 20, 98, 60])), [3, 'a frame is presented before the IDR that it follows']);
  assert.deepEqual(faultOf(samples(TIMES, [0])), [3, 'the IDR frame is missing']);
  assert.deepEqual(faultOf(samples(TIMES, [0, 2, 3])), [2, 'there is an IDR that the plan does not have']);
});

test('edit lists of our form are read to the tick, others are not', () => {
  const shown = { durationTicks: 3600, mediaTimeTicks: 1024 };
  assert.deepEqual(placementOf([shown], 1200, 48000), { startTicks: 0, mediaTimeTicks: 1024, presentedTicks: 144000 });
  assert.deepEqual(placementOf([{ durationTicks: 7, mediaTimeTicks: -1 }, shown], 1200, 24000), {
    startTicks: 140,
    mediaTimeTicks: 1024,
    presentedTicks: 72000,
  });
  for (const edits of [[], [{ durationTicks: 7, mediaTimeTicks: -1 }], [shown, shown], [shown, { durationTicks: 1, mediaTimeTicks: -1 }]]) {
    assert.equal(placementOf(edits, 1200, 48000), null);
  }
});

test('a picture is held to its fingerprint and, where they differ, away from the one before', () => {
  const flat = (level: number): Uint8Array => new Uint8Array(576).fill(level);
  assert.equal(checkPicture(flat(101), flat(100), flat(90)).message, null);
  assert.match(checkPicture(flat(105), flat(100), null).message!, /differs by 5.00 levels/);
  assert.match(checkPicture(flat(97), flat(100), flat(97)).message!, /the frame before/);
  assert.equal(checkPicture(flat(99), flat(100), flat(99)).message, null);
  assert.throws(() => checkPicture(flat(1).subarray(1), flat(1), null), RangeError);
});
