import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ERROR_CODES } from '../../src/model/error-codes.ts';
import { errorsPage } from '../../tools/write-docs.ts';

test('docs/errors.md is what the table of codes says (npm run docs writes it)', () => {
  assert.equal(readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8'), errorsPage());
});

test('every code has a row of its own', () => {
  const rows = errorsPage().match(/^\| SL-\d+ \|.*\|$/gm) ?? [];
  assert.deepEqual(rows.map((row) => row.split(' ')[1]).sort(), Object.keys(ERROR_CODES).sort());
  for (const row of rows) assert.equal(row.split('|').length, 7, row);
});
