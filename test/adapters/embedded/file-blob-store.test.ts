import assert from 'node:assert/strict';
import { link, mkdir, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FileBlobStore } from '../../../src/adapters/embedded/file-blob-store.ts';
import { NodeFiles } from '../../../src/adapters/embedded/node-files.ts';
import { SystemClock } from '../../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../../src/adapters/embedded/system-random.ts';
import type { Files } from '../../../src/ports/files.ts';
import { freshTag } from '../../contract/samples.ts';
import { changedFiles } from '../../support/failing-files.ts';
import { type TempFolder, tempFolder } from './temp-folder.ts';

const text = (value: string) => Buffer.from(value);
const failing = (code: string) => async () => {
  throw Object.assign(new Error(code), { code });
};

describe('FileBlobStore', () => {
  let folder: TempFolder;
  before(async () => {
    folder = await tempFolder('memory');
  });
  after(() => folder.remove());

  const open = (root: string, files: Files = new NodeFiles(), owner = 'me', isOwnerDead = (_: string) => false) =>
    FileBlobStore.open({ root, files, clock: new SystemClock(), random: new SystemRandom(), owner, isOwnerDead });
  const newRoot = () => join(folder.path, freshTag());
  /** The file that holds an object's bytes. */
  const contentOf = async (root: string, key: string) => join(root, key, (await readdir(join(root, key)))[0]);

  it('leaves nothing aside after its work', async () => {
    const root = newRoot();
    const store = await open(root);
    await Promise.all([store.put('a/b', text('1')), store.put('a/b', text('2')), store.put('c', text('3'))]);
    await store.put('a/b', text('4'));
    await (await store.openLocal('a/b')).release();
    await store.delete('c');
    assert.deepEqual(await readdir(join(root, '.aside')), []);
    assert.deepEqual((await readdir(root)).sort(), ['.aside', 'a']);
  });

  it('moves a file within a file system rather than copying it', async () => {
    const root = newRoot();
    const store = await open(root);
    const path = join(folder.path, freshTag());
    await writeFile(path, 'moved');
    const { ino } = await stat(path);
    await store.putFile('moved', path);
    assert.equal((await stat(await contentOf(root, 'moved'))).ino, ino);
    await assert.rejects(stat(path), { code: 'ENOENT' });
  });

  it('copies a file that lies on another file system', async () => {
    const path = join(folder.path, freshTag());
    await writeFile(path, 'copied');
    const elsewhere = changedFiles(new NodeFiles(), (name, step, to) => (name === 'rename' && to.endsWith('content') ? failing('EXDEV') : step));
    const store = await open(newRoot(), elsewhere);
    assert.equal((await store.putFile('copied', path)).sizeBytes, 6);
    assert.equal(Buffer.from(await store.read('copied')).toString(), 'copied');
    assert.equal(await readFile(path, 'utf8'), 'copied');
  });

  it('lends the object itself where the file system has no hard links', async () => {
    const store = await open(
      newRoot(),
      changedFiles(new NodeFiles(), (name, step) => (name === 'link' ? failing('EPERM') : step)),
    );
    await store.put('lent', text('lent'));
    const local = await store.openLocal('lent');
    assert.equal(await readFile(local.path, 'utf8'), 'lent');
    await local.release();
    assert.equal((await store.stat('lent'))?.sizeBytes, 4);
  });

  it('does not vouch for an object that was damaged from outside, and takes its key again', async () => {
    const root = newRoot();
    const store = await open(root);
    for (const damage of [async (path: string) => truncate(path, 3), async (path: string) => writeFile(path, 'something longer than it was')]) {
      await store.put('a/b', text('whole'));
      await damage(await contentOf(root, 'a/b'));
      assert.equal(await store.stat('a/b'), null);
      await assert.rejects(store.read('a/b'), { code: 'SL-905' });
      await assert.rejects(store.openLocal('a/b'), { code: 'SL-905' });
      assert.deepEqual((await store.list('', null, 10)).keys, []);
      await store.put('a/b', text('again'));
      assert.equal(Buffer.from(await store.read('a/b')).toString(), 'again');
      await store.delete('a/b');
    }
    assert.deepEqual(await readdir(join(root, '.aside')), []);
  });

  it('refuses a key that is a folder of another, either way', async () => {
    const store = await open(newRoot());
    await store.put('a/b/c', text('deep'));
    await assert.rejects(store.put('a/b', text('x')), RangeError);
    await assert.rejects(store.put('a', text('x')), RangeError);
    await assert.rejects(store.put('a/b/c/d', text('x')), RangeError);
    await store.delete('a');
    assert.deepEqual((await store.list('', null, 10)).keys, ['a/b/c']);
  });

  it('clears away what dead owners left, and what is too old, and nothing else', async () => {
    const root = newRoot();
    const living = await open(root, new NodeFiles(), 'living:1');
    const dead = await open(root, new NodeFiles(), 'dead:1');
    for (const [name, store] of [
      ['one', living],
      ['two', dead],
    ] as const) {
      await store.put(name, text(name));
      await store.openLocal(name);
    }
    await mkdir(join(root, '.aside/forgotten+1~x'));
    await link(await contentOf(root, 'one'), join(root, '.aside/forgotten+1~x/one'));
    const weekAgo = new Date(Date.now() - 8 * 24 * 3_600_000);
    await utimes(join(root, '.aside/forgotten+1~x'), weekAgo, weekAgo);
    await open(root, new NodeFiles(), 'new:1', (owner) => owner === 'dead:1');
    const left = await readdir(join(root, '.aside'));
    assert.deepEqual(
      left.map((name) => name.split('~')[0]),
      ['living+1'],
    );
  });

  it('is not confused by foreign files in its folder', async () => {
    const root = newRoot();
    const store = await open(root);
    await store.put('a/b', text('1'));
    await mkdir(join(root, 'lost+found'));
    await writeFile(join(root, 'README'), '');
    await writeFile(join(root, 'a/note'), '');
    await mkdir(join(root, 'a/empty'));
    assert.deepEqual((await store.list('', null, 10)).keys, ['a/b']);
    assert.equal(await store.stat('a/note'), null);
    await store.put('a/empty', text('2'));
    assert.deepEqual((await store.list('', null, 10)).keys, ['a/b', 'a/empty']);
  });

  it('says SL-106 for a folder that cannot be written', async () => {
    for (const code of ['EROFS', 'EACCES', 'EPERM']) {
      const closed = changedFiles(new NodeFiles(), (name, step) => (name === 'mkdir' ? failing(code) : step));
      await assert.rejects(open(newRoot(), closed), { code: 'SL-106' }, code);
    }
  });
});
