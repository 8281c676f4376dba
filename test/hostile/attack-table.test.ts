import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { testFolder } from '../support/fake-tool.ts';
import { mediaTools } from '../support/stage-context.ts';
import { type AttackRow, attackTable, tryTricks } from './attack-table.ts';
import { layLures } from './lures.ts';
import { tinyFilm } from './tiny-film.ts';

const PAGE = join(import.meta.dirname, '../../docs/security.md');

describe('files that ask for other files and addresses', { timeout: 300_000 }, () => {
  let rows: readonly AttackRow[];
  const folder = mkdtempSync(join(tmpdir(), 'sceneline-attacks-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  before(async () => {
    rows = await tryTricks(folder, await tinyFilm(folder));
  });

  test('the lures notice a reader and a caller', async (t) => {
    const lures = await layLures(testFolder(t));
    t.after(() => lures.close());
    const path = lures.plant('secret.txt', 'secret');
    assert.deepEqual(lures.touched(), []);
    readFileSync(path);
    await fetch(`http://127.0.0.1:${lures.port}/`);
    assert.deepEqual(lures.touched(), ['secret.txt', 'port']);
    assert.deepEqual(lures.touched(), []);
  });

  test('no trick makes us read a file or call an address', () => {
    assert.deepEqual(
      rows.filter(({ touched }) => touched.length > 0).map(({ trick, touched }) => [trick.name, touched]),
      [],
    );
  });

  test('every trick that works on a bare tool is stopped by a layer of ours alone, most by two', () => {
    const working = rows.filter(({ bare }) => bare.length > 0);
    assert.ok(working.length >= 8, `only ${working.length} tricks work at all`);
    for (const { trick, stoppedBy } of working) assert.notEqual(stoppedBy.length, 0, trick.name);
    assert.ok(working.filter(({ stoppedBy }) => stoppedBy.length > 1).length > working.length / 2);
  });

  test('every list is refused; a film with a bait in it is refused or made without it', () => {
    const made = rows.filter(({ refusals }) => refusals.length === 0).map(({ trick }) => trick.name);
    assert.deepEqual(made, ['QuickTime data reference by URL', 'film with addresses in its tags']);
  });

  test('docs/security.md has this table, for the ffmpeg that it names', async (t) => {
    const page = readFileSync(PAGE, 'utf8');
    const named = /ffmpeg (\d+\.\d+)/.exec(page)?.[1];
    const { major, minor } = (await mediaTools()).abilities;
    if (named === `${major}.${minor}`) assert.ok(page.includes(attackTable(rows)), 'write it with: node tools/write-attack-table.ts');
    else t.diagnostic(`the table is for ffmpeg ${named}, this is ${major}.${minor}`);
  });
});
