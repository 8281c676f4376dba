import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CODES, describeCode, verdictOn } from '../../../../src/adapters/cluster/share-consumer/codes.ts';

const README = join(import.meta.dirname, '../../../../src/adapters/cluster/share-consumer/README.md');

test('the table in the README is the table in the code', () => {
  const rows = Object.entries(CODES).map(([code, { name, heartbeat = '', session = '', partition = '', record = '' }]) => {
    return `| ${[code, name, heartbeat, session, partition, record].join(' | ')} |`;
  });
  const written = readFileSync(README, 'utf8')
    .split('\n')
    .filter((line) => /^\| -?\d/.test(line));
  assert.deepEqual(written.sort(), rows.sort());
});

test('a code without a meaning of its own is asked again, of a record it is lost', () => {
  assert.deepEqual(
    (['heartbeat', 'session', 'partition', 'record'] as const).map((place) => verdictOn(place, 9999)),
    ['again', 'again', 'again', 'lost'],
  );
  assert.deepEqual([describeCode(9999, null), describeCode(121, 'late')], ['9999', '121 INVALID_RECORD_STATE: late']);
});
