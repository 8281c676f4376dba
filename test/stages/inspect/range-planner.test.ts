import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListedPacket } from '../../../src/stages/inspect/packet-line.ts';
import { PtsChecksum } from '../../../src/stages/inspect/pts-checksum.ts';
import { RangePlanner, singleRange } from '../../../src/stages/inspect/range-planner.ts';

const TENTHS = { num: 1, den: 10 };

function packet(ptsTicks: number | null, isKey = false, more: Partial<ListedPacket> = {}): ListedPacket {
  return { ptsTicks, durationTicks: 1, isKey, isDiscarded: false, isEncrypted: false, ...more };
}

function checksumOf(ptsTicks: readonly number[]): string {
  const checksum = new PtsChecksum();
  for (const pts of ptsTicks) checksum.add(pts);
  return checksum.hex;
}

function listing(packets: readonly ListedPacket[], rangeSeconds: number) {
  const planner = new RangePlanner(TENTHS, rangeSeconds);
  for (const each of packets) planner.add(each);
  return planner.finish();
}

test('ranges start at the first key frame after the wanted length', () => {
  const packets = Array.from({ length: 100 }, (_, i) => packet(i, i % 12 === 0));
  const { ranges } = listing(packets, 2);
  assert.deepEqual(
    ranges.map(({ startPtsTicks, endPtsTicks, packetCount }) => [startPtsTicks, endPtsTicks, packetCount]),
    [
      [null, 24, 24],
      [24, 48, 24],
      [48, 72, 24],
      [72, 96, 24],
      [96, null, 4],
    ],
  );
  assert.deepEqual(ranges[1].keyPtsTicks, [24, 36]);
  assert.equal(ranges[1].ptsChecksum, checksumOf(Array.from({ length: 24 }, (_, i) => 24 + i)));
});

test('pictures that lead an open GOP belong to the range before', () => {
  const { ranges } = listing([packet(0, true), packet(2), packet(1), packet(23, true), packet(21), packet(22), packet(25), packet(24)], 2);
  assert.deepEqual(
    ranges.map(({ packetCount }) => packetCount),
    [5, 3],
  );
  assert.equal(ranges[0].ptsChecksum, checksumOf([0, 1, 2, 21, 22]));
});

test('the checksum does not depend on order and notices every change', () => {
  assert.equal(checksumOf([5, -3, 2 ** 40]), checksumOf([2 ** 40, 5, -3]));
  const sums = new Set(
    [
      [1, 2, 3],
      [1, 2, 4],
      [1, 2],
      [0, 3, 3],
      [1, 2, 3 + 2 ** 33],
      [-1, 4, 3],
    ].map(checksumOf),
  );
  assert.equal(sums.size, 6);
});

test('packets cut off by an edit list are counted apart', () => {
  const found = listing([packet(-2, true, { isDiscarded: true }), packet(-1, false, { isDiscarded: true }), packet(0), packet(1)], 2);
  assert.equal(found.discardedCount, 2);
  assert.equal(found.packetCount, 2);
  assert.deepEqual(found.first, { ptsTicks: 0 });
  assert.deepEqual(found.ranges[0].keyPtsTicks, []);
});

test('what makes a listing suspect is told', () => {
  assert.equal(listing([packet(0, true), packet(null)], 2).missingPtsCount, 1);
  assert.equal(listing([packet(50, true), packet(10, true)], 2).keysAscend, false);
  assert.equal(listing([packet(0, true), packet(1, false, { isEncrypted: true })], 2).isEncrypted, true);
  assert.deepEqual(listing([packet(0, true), packet(7, false, { durationTicks: 3 }), packet(5)], 2).last, { ptsTicks: 7, durationTicks: 3 });
});

test('a listing that is not trusted is one range with all its key frames', () => {
  const range = singleRange(listing([packet(50, true), packet(10, true), packet(80, true), packet(50, true)], 2));
  assert.deepEqual(range.keyPtsTicks, [10, 50, 80]);
  assert.equal(range.startPtsTicks, null);
  assert.equal(range.endPtsTicks, null);
});

test('memory grows with key frames, not with packets', () => {
  const planner = new RangePlanner({ num: 1, den: 24 }, 120);
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 1_000_000; i++) planner.add(packet(i, i % 240 === 0));
  const { ranges } = planner.finish();
  assert.equal(
    ranges.reduce((sum, range) => sum + range.keyPtsTicks.length, 0),
    4167,
  );
  assert.ok(process.memoryUsage().heapUsed - before < 64 * 1024 * 1024);
});

test('times that jump back and forth over many ranges cost no more than others', () => {
  const timeWith = (ranges: number) => {
    const planner = new RangePlanner({ num: 1, den: 1000 }, 1);
    for (let i = 0; i < ranges; i++) planner.add(packet(i * 1000, true));
    const startedMs = performance.now();
    for (let i = 0; i < 200_000; i++) planner.add(packet(i % 7));
    const tookMs = performance.now() - startedMs;
    const { ranges: found } = planner.finish();
    assert.deepEqual([found.length, found[0].packetCount], [ranges, 200_001]);
    return tookMs;
  };
  timeWith(2);
  const ratio = timeWith(20_000) / timeWith(2);
  // Walking through the ranges takes some hundred times as long.
  assert.ok(ratio < 30, `${ratio} times as long`);
});

test('every picture is in the range that its time falls into', () => {
  const { ranges } = listing(
    [packet(0, true), packet(30, true), packet(60, true), packet(90, true), packet(29), packet(30.5), packet(-5), packet(89), packet(95)],
    2,
  );
  assert.deepEqual(
    ranges.map(({ startPtsTicks, packetCount }) => [startPtsTicks, packetCount]),
    [
      [null, 3],
      [30, 2],
      [60, 2],
      [90, 2],
    ],
  );
});

test('a film of more than a day is given up as soon as that is clear', () => {
  assert.throws(() => listing([packet(0, true), packet(10 * 86_400), packet(-1)], 2), /more than 24 h/);
});
