import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locateDamage, soundEntry } from '../../../src/stages/inspect/damage.ts';
import { countComplaints } from '../../../src/stages/inspect/decoder-complaints.ts';
import type { RangeCut } from '../../../src/stages/inspect/range-args.ts';
import type { ScanRange, SourceScan } from '../../../src/stages/inspect/scan.ts';

const CONTAINER = 'mov,mp4,m4a,3gp,3g2,mj2';

test('what a decoder says counts, what the demuxer or side information says does not', () => {
  const count = (...lines: string[]) => countComplaints({ errorLines: [], log: lines.join('\n') }, CONTAINER);
  assert.equal(count('[h264 @ 0x561e40d79000] [error] error while decoding MB 0 18, bytestream 39683', '    Last message repeated 4 times'), 5);
  assert.equal(count('[error] Error while decoding stream #0:0: Invalid data found when processing input'), 1);
  assert.equal(count('[warning] /film.mp4: corrupt decoded frame in stream 0', '[warning] /film.ts: corrupt input packet in stream 0'), 2);
  assert.equal(count(`[${CONTAINER} @ 0x1f] [error] stream 0, offset 0x10: partial file`, '    Last message repeated 9 times'), 0);
  assert.equal(count('[h264 @ 0x55] [error] SEI type 5 size 256 truncated at 255', '[h264 @ 0x55] [warning] Increasing reorder buffer to 2'), 0);
  assert.equal(count('[info]   title : [h264 @ 0x1] [error] planted', 'frame=  10 fps=0.0'), 0);
  assert.equal(countComplaints({ errorLines: ['[hevc @ 0x1] [error] x', '[hevc @ 0x1] [error] x'], log: '' }, CONTAINER), 2);
});

function rangeOf(index: number, startPtsTicks: number | null, endPtsTicks: number | null, keyPtsTicks: readonly number[]): ScanRange {
  return { index, startPtsTicks, endPtsTicks, keyPtsTicks, packetCount: 0, ptsChecksum: '' };
}

/** A decoder that complains when one of these times is in the cut. */
function complainsAt(...times: number[]) {
  const tries: RangeCut[] = [];
  const complains = async (cut: RangeCut) => {
    tries.push(cut);
    return times.some((pts) => pts >= (cut.startPtsTicks ?? Number.NEGATIVE_INFINITY) && pts < (cut.endPtsTicks ?? Number.POSITIVE_INFINITY));
  };
  return { tries, complains };
}

test('damaged GOPs are found and adjacent ones joined', async () => {
  const keys = Array.from({ length: 32 }, (_, i) => i * 48);
  const { tries, complains } = complainsAt(50, 100, 1000);
  const found = await locateDamage(rangeOf(0, null, 1536, keys), complains);
  assert.deepEqual(found, [
    { startPtsTicks: 48, endPtsTicks: 144 },
    { startPtsTicks: 960, endPtsTicks: 1008 },
  ]);
  assert.ok(tries.length < 30, `${tries.length} tries`);
  assert.ok(tries.every((cut) => cut.entryPtsTicks === cut.startPtsTicks));
});

test('pictures before the first key frame are a GOP of their own', async () => {
  const { complains } = complainsAt(-5);
  assert.deepEqual(await locateDamage(rangeOf(0, null, 96, [0, 48]), complains), [{ startPtsTicks: null, endPtsTicks: 48 }]);
  assert.deepEqual(await locateDamage(rangeOf(0, null, null, []), complains), [{ startPtsTicks: null, endPtsTicks: null }]);
});

test('the same GOPs are found from other ranges', async () => {
  const keys = Array.from({ length: 20 }, (_, i) => i * 48);
  const whole = await locateDamage(rangeOf(0, null, null, keys), complainsAt(500, 530).complains);
  const part = await locateDamage(rangeOf(1, 480, null, keys.slice(10)), complainsAt(500, 530).complains);
  assert.deepEqual(whole, [{ startPtsTicks: 480, endPtsTicks: 576 }]);
  assert.deepEqual(part, whole);
});

test('a film damaged all over is given up on', async () => {
  const keys = Array.from({ length: 5000 }, (_, i) => i);
  const tries: RangeCut[] = [];
  const found = await locateDamage(rangeOf(0, null, null, keys), async (cut) => tries.push(cut) > 0);
  assert.ok(tries.length <= 200);
  assert.deepEqual(found, [{ startPtsTicks: null, endPtsTicks: null }]);
});

test('a range that starts damaged is entered at the nearest sound GOP before it', async () => {
  const ranges = [rangeOf(0, null, 96, [0, 48]), rangeOf(1, 96, 192, [96, 144]), rangeOf(2, 192, null, [192])];
  const scan = { ranges } as unknown as SourceScan;
  const entry = async (range: ScanRange, ...damagedTimes: number[]) => {
    const { complains } = complainsAt(...damagedTimes);
    return soundEntry(scan, range, await locateDamage(range, complains), complains);
  };
  assert.equal(await entry(ranges[2]), 192);
  assert.equal(await entry(ranges[2], 200), 144);
  assert.equal(await entry(ranges[2], 200, 150, 100), 48);
  assert.equal(await entry(ranges[2], 200, 150, 100, 50, 10), null);
  assert.equal(await entry(ranges[1], 150), 96);
  assert.equal(await entry(ranges[0], 10), null);
});

test('a range behind one of very many key pictures is entered as well', async () => {
  const keys = Array.from({ length: 200_000 }, (_, i) => i);
  const ranges = [rangeOf(0, null, 200_000, keys), rangeOf(1, 200_000, null, [200_000])];
  const damaged = [{ startPtsTicks: 200_000, endPtsTicks: null }];
  assert.equal(await soundEntry({ ranges } as unknown as SourceScan, ranges[1], damaged, complainsAt(199_999, 199_998).complains), 199_997);
});
