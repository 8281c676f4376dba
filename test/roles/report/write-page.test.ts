import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PAGE_MARK } from '../../../src/roles/report/page.ts';
import { checkPagePlace, writePage } from '../../../src/roles/report/write-page.ts';
import { onSmallDisk } from '../../adapters/embedded/small-disk.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { unprivileged } from '../../support/unprivileged.ts';

test('a page is written where it may stand, and replaces a page of ours', async (t) => {
  const folder = testFolder(t);
  const title = join(folder, 'title');
  mkdirSync(title);
  const path = join(folder, 'page.html');
  for (const text of [`${PAGE_MARK}1`, `${PAGE_MARK}2`]) {
    await checkPagePlace(path, title);
    await writePage(path, text);
    assert.equal(readFileSync(path, 'utf8'), text);
  }
  await checkPagePlace(join(folder, 'title..html'), title);
  assert.deepEqual(readdirSync(folder).sort(), ['page.html', 'title']);
});

test('a place that cannot take a page is told before the work and at its end, and nothing is left there', { timeout: 20_000 }, async (t) => {
  const folder = testFolder(t);
  const title = join(folder, 'title');
  mkdirSync(title);
  const refused = async (path: string) => {
    await assert.rejects(checkPagePlace(path, title), { code: 'SL-101' }, path);
    await assert.rejects(writePage(path, PAGE_MARK), { code: 'SL-101' }, path);
  };
  await refused(join(folder, 'none/page.html'));
  await refused(join(folder, 'n'.repeat(254)));
  await refused('/proc/page.html');
  await refused(title);
  chmodSync(folder, 0o755);
  await unprivileged(() => refused(join(folder, 'page.html')));
  const pipe = join(folder, 'pipe');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const notes = join(folder, 'notes.txt');
  writeFileSync(notes, 'mine');
  for (const path of [pipe, notes, join(title, 'page.html'), join(title, '..page.html')])
    await assert.rejects(checkPagePlace(path, title), { code: 'SL-101' }, path);
  assert.deepEqual(readdirSync(folder).sort(), ['notes.txt', 'pipe', 'title']);
  await onSmallDisk(t, 1, async (disk) => {
    spawnSync('mount', ['-o', 'remount,ro', disk]);
    await refused(join(disk, 'page.html'));
  });
});
