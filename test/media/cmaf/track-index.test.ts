import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAGMENT_HEAD_BYTES, readDecodeTicks, readTrackIndex } from '../../../src/media/cmaf/track-index.ts';
import { layoutCmafTrack } from '../../../src/media/cmaf/write-track.ts';
import { seededRandom } from '../../support/mangle-text.ts';
import { CMAF_VIDEO, layoutBytes } from '../isobmff/fixture.ts';

async function example() {
  const { track, layout } = layoutCmafTrack(CMAF_VIDEO);
  const file = await layoutBytes(layout);
  const { start, endExclusive } = track.indexRange;
  return { track, file, index: file.slice(start, endExclusive), start };
}

test('what the stitcher wrote is read back: segments and their decode times', async () => {
  const { track, file, index, start } = await example();
  const { timescale, segments } = readTrackIndex(index, start, file.byteLength);
  const timed = segments.map((segment) => {
    const head = file.subarray(segment.offsetBytes, segment.offsetBytes + FRAGMENT_HEAD_BYTES);
    return { ...segment, decodeTicks: readDecodeTicks(head) };
  });
  assert.deepEqual([timescale, timed], [track.timescale, track.segments]);
});

test('an index that is cut, lies elsewhere or ends elsewhere is refused', async () => {
  const { file, index, start } = await example();
  for (let end = 0; end < index.byteLength; end++) assert.throws(() => readTrackIndex(index.subarray(0, end), start, file.byteLength), RangeError);
  assert.throws(() => readTrackIndex(index, start + 1, file.byteLength), RangeError);
  assert.throws(() => readTrackIndex(index, start, file.byteLength + 1), RangeError);
  assert.throws(() => readTrackIndex(file.subarray(0, index.byteLength), start, file.byteLength), RangeError);
});

test('a fragment that is cut before its decode time is refused', async () => {
  const { track, file } = await example();
  const head = file.subarray(track.segments[0].offsetBytes, track.segments[0].offsetBytes + FRAGMENT_HEAD_BYTES);
  const needed = Array.from({ length: FRAGMENT_HEAD_BYTES }, (_, end) => end).filter((end) => {
    try {
      return readDecodeTicks(head.subarray(0, end)) === 0;
    } catch (error) {
      assert.ok(error instanceof RangeError);
      return false;
    }
  });
  assert.ok(needed.length > 0 && needed[0] > 60, `${needed[0]} bytes were enough`);
});

test('flipped bits give another index or are refused, never anything else', async () => {
  const { track, file, index, start } = await example();
  const random = seededRandom(3);
  const head = file.slice(track.segments[0].offsetBytes, track.segments[0].offsetBytes + FRAGMENT_HEAD_BYTES);
  for (let round = 0; round < 3000; round++) {
    for (const [bytes, read] of [
      [index.slice(), (changed: Uint8Array) => readTrackIndex(changed, start, file.byteLength)],
      [head.slice(), readDecodeTicks],
    ] as const) {
      bytes[Math.floor(random() * bytes.byteLength)] ^= 1 << Math.floor(random() * 8);
      try {
        read(bytes);
      } catch (error) {
        assert.ok(error instanceof RangeError, String((error as Error).stack));
      }
    }
  }
});
