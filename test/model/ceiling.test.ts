import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breachMessage, checkCeiling } from '../../src/model/ceiling.ts';

const limits = { maxrateKbps: 1000, bufsizeKbit: 2000 };
const kbit = (size: number) => (size * 1000) / 8;

test('segments up to maxrate times duration plus bufsize pass', () => {
  assert.deepEqual(checkCeiling([{ sizeBytes: kbit(6000), durationSeconds: 4 }], limits), { largestShare: 1, breach: null });
  const { breach } = checkCeiling([{ sizeBytes: kbit(6001), durationSeconds: 4 }], limits);
  assert.deepEqual(breach, { segment: 0, segments: 1, kbits: 6001, seconds: 4, allowedKbits: 6000 });
  assert.match(breachMessage(breach!), /the segment has 6001 kbit in 4\.000 s where 6000 are allowed/);
});

test('two neighbours that pass alone are seen together', () => {
  const segments = [1000, 5000, 5500].map((size) => ({ sizeBytes: kbit(size), durationSeconds: 4 }));
  const { breach } = checkCeiling(segments, limits);
  assert.equal(breach?.segment, 1);
  assert.equal(breach?.segments, 2);
});
