import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { S3BlobStore } from '../../../../src/adapters/cluster/s3/s3-blob-store.ts';
import { S3Bucket } from '../../../../src/adapters/cluster/s3/s3-bucket.ts';
import { SystemClock } from '../../../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../../../src/adapters/embedded/system-random.ts';
import { blobStoreContract } from '../../../contract/blob-store.ts';
import { S3Service, s3Missing } from '../../../services/s3.ts';
import { tempFolder } from '../../embedded/temp-folder.ts';

describe('S3', { skip: s3Missing() ?? false }, () => {
  blobStoreContract('cluster', async () => {
    const [server, { path, remove }] = await Promise.all([S3Service.start(), tempFolder()]);
    const folder = join(path, 'files');
    await mkdir(folder);
    const settings = { ...server.settings, prefix: 'films/of-ours/' };
    const open = (name: string) =>
      S3BlobStore.open({ bucket: new S3Bucket(settings), clock: new SystemClock(), random: new SystemRandom(), localDir: join(path, name) });
    const close = async () => {
      await server.stop();
      await remove();
    };
    return { adapter: await open('one'), second: await open('two'), folder, close };
  });
});
