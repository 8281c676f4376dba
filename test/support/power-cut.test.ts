import assert from 'node:assert/strict';
import { appendFile, link, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { filesContract } from '../contract/files.ts';
import { ForgetfulFiles } from './forgetful-files.ts';
import { cutPower } from './power-cut.ts';

filesContract('forgetful', async () => {
  const path = await mkdtemp(join(tmpdir(), 'sceneline-forgetful-'));
  const folder = join(path, 'root');
  await mkdir(folder);
  return { adapter: await ForgetfulFiles.begin(folder, join(path, 'journal')), folder, close: () => rm(path, { recursive: true }) };
});

describe('cutPower', () => {
  let base: string;
  let root: string;
  let journal: string;
  let files: ForgetfulFiles;
  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'sceneline-power-cut-'));
  });
  after(() => rm(base, { recursive: true }));
  beforeEach(async () => {
    await rm(base, { recursive: true });
    root = join(base, 'root');
    journal = join(base, 'journal');
    await mkdir(root, { recursive: true });
    files = await ForgetfulFiles.begin(root, journal);
  });

  const at = (path: string) => join(root, path);
  const cut = (seed = 1, luck = 0) => cutPower({ root, journal, seed, luck });
  const below = async () => (await readdir(root, { recursive: true })).sort();
  /** Written and flushed in every way. */
  const durably = async (path: string, text: string) => {
    await writeFile(at(path), text);
    await files.syncFile(at(path));
    await files.syncFolder(join(at(path), '..'));
  };

  it('keeps what was flushed, and forgets a file whose folder was not', async () => {
    await durably('kept', 'kept');
    await writeFile(at('no-folder'), 'x');
    await files.syncFile(at('no-folder'));
    assert.deepEqual(await cut(), { lost: ['no-folder'], damaged: [] });
    assert.deepEqual(await below(), ['kept']);
    assert.equal(await readFile(at('kept'), 'utf8'), 'kept');
  });

  it('spoils content never flushed, or changed since, in every way', async () => {
    const whole = 'the whole content';
    const seen = new Set<string>();
    for (let seed = 0; seed < 30; seed += 1) {
      await writeFile(at('never'), whole);
      await durably('since', whole);
      await appendFile(at('since'), ' and more');
      await files.syncFolder(root);
      assert.deepEqual((await cut(seed)).damaged, ['never', 'since']);
      const never = await readFile(at('never'), 'latin1');
      assert.notEqual(never, whole);
      seen.add(never === '' ? 'empty' : whole.startsWith(never) ? 'short' : never.length === whole.length ? 'garbage' : 'other');
    }
    assert.deepEqual([...seen].sort(), ['empty', 'garbage', 'short']);
  });

  it('counts what was there at the start, and what a former cut left, as durable', async () => {
    await mkdir(at('old/deep'), { recursive: true });
    await writeFile(at('old/deep/file'), 'x');
    await ForgetfulFiles.begin(root, journal);
    assert.deepEqual(await cut(1), { lost: [], damaged: [] });
    assert.deepEqual(await cut(2), { lost: [], damaged: [] });
    assert.equal(await readFile(at('old/deep/file'), 'utf8'), 'x');
  });

  it('undoes a rename that no folder was flushed after, and brings back what it replaced', async () => {
    await durably('a', 'A');
    await durably('b', 'B');
    await files.rename(at('a'), at('b'));
    await cut();
    assert.deepEqual([await readFile(at('a'), 'utf8'), await readFile(at('b'), 'utf8')], ['A', 'B']);
    await files.rename(at('a'), at('b'));
    await files.syncFolder(root);
    await cut();
    assert.deepEqual(await below(), ['b']);
    assert.equal(await readFile(at('b'), 'utf8'), 'A');
  });

  it('keeps a folder moved to a flushed place there, loses it where only its old place was flushed', async () => {
    for (const name of ['from', 'to']) await files.mkdir(at(name));
    for (const name of ['x', 'y', 'z']) {
      await files.mkdir(at(`from/${name}`));
      await durably(`from/${name}/file`, name);
    }
    for (const name of ['from', 'to', '']) await files.syncFolder(at(name));
    await files.rename(at('from/x'), at('to/x'));
    await files.syncFolder(at('to'));
    await files.rename(at('from/y'), at('to/y'));
    await files.syncFolder(at('from'));
    await files.rename(at('from/z'), at('to/z'));
    await cut();
    assert.deepEqual(await below(), ['from', 'from/z', 'from/z/file', 'to', 'to/x', 'to/x/file']);
  });

  it('brings back what was removed without a flush', async () => {
    await files.mkdir(at('folder'));
    await durably('folder/file', 'F');
    await durably('file', 'f');
    await files.remove(at('folder'));
    await files.remove(at('file'));
    assert.deepEqual(await below(), []);
    await cut();
    assert.deepEqual(await below(), ['file', 'folder', 'folder/file']);
    await files.remove(at('folder'));
    await files.syncFolder(root);
    await cut();
    assert.deepEqual(await below(), ['file']);
  });

  it('empties a folder whose entries were not flushed', async () => {
    await files.mkdir(at('folder'));
    await writeFile(at('folder/file'), 'x');
    await files.syncFile(at('folder/file'));
    await files.syncFolder(root);
    await cut();
    assert.deepEqual(await below(), ['folder']);
  });

  it('does not mistake a new file for an old one that had the same inode', async () => {
    await durably('old', 'OLD');
    await rm(at('old'));
    for (let i = 0; i < 20; i += 1) {
      await writeFile(at(`new-${i}`), 'NEW');
      await files.syncFile(at(`new-${i}`));
    }
    await cut();
    assert.deepEqual(await below(), [], 'a removal behind our back cannot be undone');
  });

  it('leaves the files of SQLite, and names of a file outside the root, alone', async () => {
    const outside = join(base, 'film.mp4');
    await writeFile(outside, 'a film');
    await mkdir(at('state'));
    for (const name of ['state.db', 'state.db-wal', 'state.db-shm']) await writeFile(at(`state/${name}`), name);
    await link(outside, at('linked.mp4'));
    await files.syncFolder(root);
    assert.deepEqual((await cut()).damaged, ['linked.mp4']);
    assert.equal(await readFile(outside, 'utf8'), 'a film');
    assert.deepEqual(await below(), ['linked.mp4', 'state', 'state/state.db', 'state/state.db-shm', 'state/state.db-wal']);
    assert.equal(await readFile(at('state/state.db-wal'), 'utf8'), 'state.db-wal');
  });

  it('spares some of it by luck, the same for the same seed', async () => {
    const outcomes = new Set<string>();
    for (const seed of [1, 2, 3, 4, 5, 6, 1]) {
      for (let i = 0; i < 10; i += 1) await writeFile(at(`file-${i}`), 'content');
      const { lost, damaged } = await cut(seed, 0.5);
      outcomes.add(JSON.stringify([lost, damaged]));
      for (const name of await readdir(root)) await rm(at(name));
      await ForgetfulFiles.begin(root, journal);
    }
    assert.equal(outcomes.size, 6);
  });

  it('works from a journal that another instance goes on with', async () => {
    const other = await ForgetfulFiles.join(root, journal);
    await writeFile(at('mine'), '1');
    await writeFile(at('theirs'), '2');
    await files.syncFile(at('mine'));
    await other.syncFile(at('theirs'));
    await other.syncFolder(root);
    await appendFile(join(journal, 'durable.jsonl'), '{"file":"cut off');
    assert.deepEqual(await cut(), { lost: [], damaged: [] });
    await assert.rejects(ForgetfulFiles.join(root, join(base, 'none')), { code: 'ENOENT' });
    await rename(at('mine'), at('moved'));
    await cut();
    assert.deepEqual(await below(), ['mine', 'theirs']);
  });
});
