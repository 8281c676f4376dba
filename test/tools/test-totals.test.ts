import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const FILE = `
import { describe, test } from 'node:test';
describe('a suite that is skipped', { skip: 'no server' }, () => { test('inside', () => {}); });
describe('a suite', () => {
  test('passes', () => {});
  test('is skipped', { skip: 'no browser' }, () => {});
  test('fails', () => { throw new Error('no'); });
});
`;

test('a skipped suite counts as skipped, with its reason', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sceneline-totals-'));
  const path = join(folder, 'some.test.mjs');
  writeFileSync(path, FILE);
  try {
    // A test runner does not run within a test's process.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const ended = spawnSync(process.execPath, [join(import.meta.dirname, 'count-file.ts'), path], { env, encoding: 'utf8', timeout: 60_000 });
    assert.deepEqual(JSON.parse(ended.stdout), { passed: 1, failed: 1, skipped: ['a suite that is skipped: no server', 'is skipped: no browser'] });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
