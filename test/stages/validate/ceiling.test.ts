import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCeilingBreach } from '../../../src/stages/validate/ceiling.ts';

const rung = { maxrateKbps: 1000, bufsizeKbit: 2000 };
const kbit = (size: number) => (size * 1000) / 8;

test('segments up to maxrate times duration plus bufsize pass', () => {
  assert.equal(findCeilingBreach([{ sizeBytes: kbit(6000), durationSeconds: 4 }], rung), null);
  assert.deepEqual(findCeilingBreach([{ sizeBytes: kbit(6001), durationSeconds: 4 }], rung), { segment: 0, kbits: 6001, allowedKbits: 6000 });
});

test('two neighbours that pass alone are seen together', () => {
  const segments = [kbit(5000), kbit(5500)].map((sizeBytes) => ({ sizeBytes, durationSeconds: 4 }));
  assert.equal(findCeilingBreach(segments, rung)?.segment, 0);
});
