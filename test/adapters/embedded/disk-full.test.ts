import assert from 'node:assert/strict';
import { readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openDatabase } from '../../../src/adapters/embedded/database.ts';
import { FileBlobStore } from '../../../src/adapters/embedded/file-blob-store.ts';
import { NodeFiles } from '../../../src/adapters/embedded/node-files.ts';
import { SqliteJobQueue } from '../../../src/adapters/embedded/sqlite-job-queue.ts';
import { SystemClock } from '../../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../../src/adapters/embedded/system-random.ts';
import { job } from '../../contract/samples.ts';
import { startScript } from './child.ts';
import { onSmallDisk } from './small-disk.ts';
import { tempFolder } from './temp-folder.ts';

const MIB = 1 << 20;
const clock = new SystemClock();
const random = new SystemRandom();

const openStore = (root: string) => FileBlobStore.open({ root, files: new NodeFiles(), clock, random, owner: 'me', isOwnerDead: () => false });

/** Leaves this many bytes free. */
async function fillUp(folder: string, leaveBytes: number): Promise<() => Promise<void>> {
  const { bavail, bsize } = await statfs(folder);
  const ballast = join(folder, 'ballast');
  await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes), 1));
  return () => rm(ballast);
}

describe('a full disk', () => {
  it('stops FileBlobStore with SL-110, leaves nothing half, and it goes on when there is room', (t) =>
    onSmallDisk(t, 8, async (disk) => {
      const root = join(disk, 'blobs');
      const store = await openStore(root);
      await store.put('a/before', Buffer.alloc(100_000, 1));
      const makeRoom = await fillUp(disk, 256 * 1024);
      const bytes = Buffer.alloc(MIB, 2);
      const source = await tempFolder();
      await writeFile(join(source.path, 'file'), bytes);
      await assert.rejects(store.put('b/memory', bytes), { code: 'SL-110' });
      await assert.rejects(store.putFile('b/file', join(source.path, 'file')), { code: 'SL-110' });
      assert.equal(await store.stat('b/memory'), null);
      assert.deepEqual((await store.list('', null, 10)).keys, ['a/before']);
      assert.deepEqual(await readdir(join(root, '.aside')), []);
      assert.equal((await store.read('a/before')).length, 100_000);
      await makeRoom();
      assert.equal((await store.put('b/memory', bytes)).sizeBytes, MIB);
      assert.equal((await store.putFile('b/file', join(source.path, 'file'))).sizeBytes, MIB);
      assert.ok(bytes.equals(await store.read('b/file')));
      await source.remove();
    }));

  it('stops the state database with SL-110, keeps what was there, and it goes on when there is room', (t) =>
    onSmallDisk(t, 8, async (disk) => {
      const db = await openDatabase(join(disk, 'state.db'), clock);
      const queue = new SqliteJobQueue(db, { clock, random, isWorkerDead: () => false });
      await queue.enqueue([job('film', 0)]);
      const makeRoom = await fillUp(disk, 64 * 1024);
      const lease = await queue.claim({ worker: 'w', titleIds: ['film'], leaseMs: 60_000 });
      const huge = { text: 'x'.repeat(MIB) };
      await assert.rejects(queue.complete(lease!, huge, { frames: 0, cpuSeconds: 0 }), { code: 'SL-110' });
      assert.equal((await queue.get(job('film', 0).id))?.state, 'running');
      await makeRoom();
      assert.equal(await queue.complete(lease!, huge, { frames: 0, cpuSeconds: 0 }), true);
      assert.deepEqual(await queue.counts('film', 'r1'), { encode: { done: 1 } });
      db.close();
    }));

  it('is said with SL-110 when the disk has no room for a new state database', (t) =>
    onSmallDisk(t, 1, async (disk) => {
      await fillUp(disk, 0);
      await assert.rejects(openDatabase(join(disk, 'state.db'), clock), { code: 'SL-110' });
      await assert.rejects(openDatabase(join(disk, 'new/state.db'), clock), { code: 'SL-110' });
    }));

  it('is what a limit on file sizes looks like too', async () => {
    const folder = await tempFolder();
    const child = startScript('put-blobs.ts', [join(folder.path, 'blobs')], ['prlimit', `--fsize=${MIB}`]);
    try {
      assert.deepEqual(JSON.parse(await child.line()), { small: 'ok', large: 'SL-110', file: 'ok', keys: ['a/file', 'a/small'] });
      assert.equal(await child.end(), 0);
      assert.deepEqual(await readdir(join(folder.path, 'blobs/.aside')), []);
    } finally {
      await child.kill();
      await folder.remove();
    }
  });
});
