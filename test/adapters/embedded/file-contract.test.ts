import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
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
