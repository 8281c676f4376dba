import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Files } from '../../src/ports/files.ts';
import { freshTag, type Made } from './samples.ts';

/** What every Files adapter promises for what can be seen while the machine runs. `folder` is an empty folder of the suite's own. */
export function filesContract(name: string, make: () => Promise<Made<Files> & { readonly folder: string }>): void {
  describe(`${name}: Files`, () => {
    let made: Awaited<ReturnType<typeof make>>;
    let files: Files;
    let folder: string;
    before(async () => {
      made = await make();
      files = made.adapter;
    });
    beforeEach(async () => {
      folder = join(made.folder, freshTag());
      await mkdir(folder);
    });
    after(() => made.close());
    const path = (...parts: string[]) => join(folder, ...parts);

    it('makes folders with their parents, again without error', async () => {
      await files.mkdir(path('a/b/c'));
      await files.mkdir(path('a/b/c'));
      assert.deepEqual(await readdir(path('a/b')), ['c']);
      await writeFile(path('file'), '');
      await assert.rejects(files.mkdir(path('file')), { code: 'EEXIST' });
      await assert.rejects(files.mkdir(path('file/x')), { code: 'ENOTDIR' });
    });

    it('syncs files and folders, and says when there is none', async () => {
      await writeFile(path('file'), 'x');
      await files.syncFile(path('file'));
      await files.syncFolder(folder);
      await assert.rejects(files.syncFile(path('none')), { code: 'ENOENT' });
      await assert.rejects(files.syncFolder(path('none')), { code: 'ENOENT' });
    });

    it('renames over files and empty folders, never over a folder with something in it', async () => {
      await writeFile(path('one'), '1');
      await writeFile(path('two'), '2');
      await files.rename(path('one'), path('two'));
      assert.equal(await readFile(path('two'), 'utf8'), '1');
      assert.deepEqual(await readdir(folder), ['two']);
      await files.mkdir(path('full/in'));
      await files.mkdir(path('other/in'));
      await files.mkdir(path('empty'));
      const refused = (error: NodeJS.ErrnoException) => ['ENOTEMPTY', 'EEXIST'].includes(error.code ?? '');
      await assert.rejects(files.rename(path('other'), path('full')), refused);
      await files.rename(path('other'), path('empty'));
      assert.deepEqual((await readdir(folder)).sort(), ['empty', 'full', 'two']);
      await assert.rejects(files.rename(path('none'), path('there')), { code: 'ENOENT' });
    });

    it('links a second name, never over a taken one', async () => {
      await writeFile(path('one'), '1');
      await files.link(path('one'), path('two'));
      await writeFile(path('other'), '3');
      await assert.rejects(files.link(path('other'), path('two')), { code: 'EEXIST' });
      await assert.rejects(files.link(path('none'), path('three')), { code: 'ENOENT' });
      await files.remove(path('one'));
      assert.equal(await readFile(path('two'), 'utf8'), '1');
    });

    it('removes files and whole folders, missing ones without error', async () => {
      await files.mkdir(path('a/b'));
      await writeFile(path('a/b/file'), '1');
      await writeFile(path('file'), '1');
      await files.remove(path('a'));
      await files.remove(path('file'));
      await files.remove(path('none'));
      await files.remove(path('none/below'));
      assert.deepEqual(await readdir(folder), []);
    });
  });
}
