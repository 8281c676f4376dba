import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSmallFile } from '../../src/roles/read-small-file.ts';
import { testFolder } from '../support/fake-tool.ts';

test('a file is read up to its limit, which is one of bytes', (t) => {
  const path = join(testFolder(t), 'a.json');
  writeFileSync(path, 'Größe');
  assert.equal(readSmallFile(path, 7), 'Größe');
  assert.throws(() => readSmallFile(path, 6), { message: 'it has more than 6 bytes' });
  writeFileSync(path, '');
  assert.equal(readSmallFile(path, 7), '');
});

test('what is no regular file is refused at once', (t) => {
  const folder = testFolder(t);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  mkdirSync(join(folder, 'folder'));
  for (const path of [join(folder, 'pipe'), join(folder, 'folder'), '/dev/zero']) {
    assert.throws(() => readSmallFile(path, 10), { message: 'it is not a file' }, path);
  }
});

test('a file that does not know its size is read to its end', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  assert.match(readSmallFile('/proc/self/status', 65_536), /^Name:.*\n$/s);
});
