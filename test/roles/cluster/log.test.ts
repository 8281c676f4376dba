import assert from 'node:assert/strict';
import { test } from 'node:test';
import { log } from '../../../src/roles/cluster/log.ts';

test('a line of the log is JSON in which nothing acts on a terminal', (t) => {
  const reason = 'no \u001b[31m\u009b2J\u202e\u2028\u{e0041} here\n';
  const lines: string[] = [];
  t.mock.method(process.stderr, 'write', (text: string) => lines.push(text));
  log('warn', 'a server is away', { reason });
  t.mock.restoreAll();
  assert.equal(lines.length, 1);
  assert.match(lines[0], /^[ -~]+\n$/);
  assert.equal(JSON.parse(lines[0]).reason, reason);
});
