import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileBlobStore } from '../../../src/adapters/embedded/file-blob-store.ts';
import { NodeFiles } from '../../../src/adapters/embedded/node-files.ts';
import { SystemClock } from '../../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../../src/adapters/embedded/system-random.ts';
import { blobStoreContract } from '../../contract/blob-store.ts';
import { filesContract } from '../../contract/files.ts';
import { tempFolder } from './temp-folder.ts';

filesContract('embedded', async () => {
  const { path, remove } = await tempFolder();
  return { adapter: new NodeFiles(), folder: path, close: remove };
});

test('a folder where the system takes none, as in /proc, is an error at once', { skip: process.platform !== 'linux' && 'no /proc' }, async () => {
  for (const path of ['/proc/none', '/proc/none/deep/folder']) await assert.rejects(new NodeFiles().mkdir(path), { code: 'ENOENT' });
});

test('a folder that others make at the same moment is no error', async () => {
  const { path, remove } = await tempFolder();
  await Promise.all(Array.from({ length: 20 }, () => new NodeFiles().mkdir(join(path, 'a/b/c/d'))));
  await remove();
});

blobStoreContract('embedded', async () => {
  const { path, remove } = await tempFolder();
  const folder = join(path, 'files');
  await mkdir(folder);
  const open = (owner: string) =>
    FileBlobStore.open({
      root: join(path, 'new/blobs'),
      files: new NodeFiles(),
      clock: new SystemClock(),
      random: new SystemRandom(),
      owner,
      isOwnerDead: () => false,
    });
  return { adapter: await open('one'), second: await open('two'), folder, close: remove };
});
