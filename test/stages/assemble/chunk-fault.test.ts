import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../../src/media/isobmff/sample.ts';
import { chunkFault } from '../../../src/stages/assemble/video-samples.ts';

const CHUNK = { index: 4, startFrame: 100, endFrameExclusive: 108, idrFrames: [100, 104] };

/** Samples in decode order with these presentation times; `sync` are positions. */
const samples = (times: readonly number[], sync: readonly number[]): Sample[] =>
  times.map((ptsTicks, i) => ({ offsetBytes: i, sizeBytes: 1, dtsTicks: i, ptsTicks, durationTicks: 1, isSync: sync.includes(i) }));

test('closed groups with reordered frames are joined', () => {
  assert.equal(chunkFault(CHUNK, samples([0, 3, 1, 2, 4, 7, 6, 5], [0, 4])), null);
});

test('each fault is named with its frame', () => {
  const cases: [string, readonly number[], readonly number[], number, RegExp][] = [
    ['a frame short', [0, 1, 2, 3, 4, 5, 6], [0, 4], 107, /7 frames where the plan has 8/],
    ['a frame too many', [0, 1, 2, 3, 4, 5, 6, 7, 8], [0, 4], 108, /9 frames where the plan has 8/],
    ['no IDR first', [0, 1, 2, 3, 4, 5, 6, 7], [4], 100, /IDR frame 100 is missing/],
    ['IDR missing inside', [0, 1, 2, 3, 4, 5, 6, 7], [0], 104, /IDR frame 104 is missing/],
    ['IDR one too late', [0, 1, 2, 3, 4, 5, 6, 7], [0, 5], 104, /IDR frame 104 is missing/],
    ['an IDR too many', [0, 1, 2, 3, 4, 5, 6, 7], [0, 2, 4], 102, /frame 102 is an IDR that the plan does not have/],
    ['a leading frame', [0, 1, 2, 4, 5, 3, 6, 7], [0, 4], 105, /presented before the IDR/],
    ['a leading frame at the start', [1, 0, 2, 3, 4, 5, 6, 7], [0, 4], 101, /presented before the IDR/],
    ['two frames at one time', [0, 1, 1, 3, 4, 5, 6, 7], [0, 4], 101, /two frames have the time/],
  ];
  for (const [name, times, sync, frame, message] of cases) {
    const fault = chunkFault(CHUNK, samples(times, sync));
    assert.equal(fault?.frame, frame, name);
    assert.match(fault.message, message);
  }
});
