import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { NodeFiles } from '../../../src/adapters/embedded/node-files.ts';
import type { ScenelineError } from '../../../src/model/errors.ts';
import type { StageContext } from '../../../src/ports/stage-context.ts';
import { checkApart, checkOutFolder, realPlace, tryOutFolder } from '../../../src/stages/publish/out-folder.ts';
import { type PublishedFile, publishTitle } from '../../../src/stages/publish/publish-title.ts';
import { onSmallDisk } from '../../adapters/embedded/small-disk.ts';
import { exampleReport } from '../../support/example-report.ts';
import { unprivileged } from '../../support/unprivileged.ts';

let root = '';
let outDir = '';
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'sceneline-publish-')));
  outDir = join(root, 'title');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Objects are plain files in a folder; `fail` stops the world at one of them. */
function context(fail: string | null = null): StageContext {
  const blobs = {
    openLocal: async (key: string) => {
      if (key === fail) throw new Error('power cut');
      return { path: join(root, key), release: async () => {} };
    },
  };
  return { files: new NodeFiles(), blobs } as unknown as StageContext;
}

async function object(key: string, text: string): Promise<PublishedFile> {
  await writeFile(join(root, key), text);
  return { file: key === 'b' ? 'package/b.mp4' : 'a.mp4', objectKey: key, sizeBytes: text.length, sha256: createHash('sha256').update(text).digest('hex') };
}

const report = (files: readonly PublishedFile[]) =>
  JSON.stringify(exampleReport({ files: files.map(({ file, sizeBytes, sha256 }) => ({ file, sizeBytes, sha256 })) }));
const contents = () => readFile(join(outDir, 'a.mp4'), 'utf8');

test('a title appears whole, and nothing is left beside it', async () => {
  const files = [await object('a', 'pictures'), await object('b', 'track')];
  await publishTitle({ outDir, files, reportJson: report(files) }, context());
  assert.equal(await contents(), 'pictures');
  assert.equal(await readFile(join(outDir, 'package/b.mp4'), 'utf8'), 'track');
  await checkOutFolder(outDir);
  assert.deepEqual((await readdir(root)).sort(), ['a', 'b', 'title']);
});

test('missing folders above are made', async () => {
  const files = [await object('a', 'pictures')];
  outDir = join(root, 'season/first/title');
  await publishTitle({ outDir, files, reportJson: report(files) }, context());
  assert.equal(await contents(), 'pictures');
  assert.deepEqual(await readdir(join(root, 'season/first')), ['title']);
});

test('a stop half-way shows nothing, and the next run finishes', async () => {
  const files = [await object('a', 'pictures'), await object('b', 'track')];
  await assert.rejects(publishTitle({ outDir, files, reportJson: report(files) }, context('b')));
  await assert.rejects(readdir(outDir), { code: 'ENOENT' });
  await publishTitle({ outDir, files, reportJson: report(files) }, context());
  assert.equal(await contents(), 'pictures');
});

test('a new version takes the place of ours, and an old one stays until then', async () => {
  const first = [await object('a', 'first')];
  await publishTitle({ outDir, files: first, reportJson: report(first) }, context());
  await rm(join(root, 'a'));
  const second = [await object('a', 'second'), await object('b', 'track')];
  await assert.rejects(publishTitle({ outDir, files: second, reportJson: report(second) }, context('b')));
  assert.equal(await contents(), 'first');
  await publishTitle({ outDir, files: second, reportJson: report(second) }, context());
  assert.equal(await contents(), 'second');
});

test('files of somebody else are left alone', async () => {
  await mkdir(outDir);
  await writeFile(join(outDir, 'holiday.txt'), 'mine');
  await assert.rejects(publishTitle({ outDir, files: [], reportJson: report([]) }, context()), { code: 'SL-107' });
  await writeFile(join(root, 'file'), '');
  await assert.rejects(checkOutFolder(join(root, 'file')), { code: 'SL-107' });
});

test('what lies beside a title of ours is named and left alone', async () => {
  const files = [await object('a', 'first'), await object('b', 'track')];
  await publishTitle({ outDir, files, reportJson: report(files) }, context());
  const strange: [string, () => Promise<unknown>][] = [
    ['notes.txt', () => writeFile(join(outDir, 'notes.txt'), 'mine')],
    ['package/notes.txt', () => writeFile(join(outDir, 'package/notes.txt'), 'mine')],
    ['sub', () => mkdir(join(outDir, 'sub'))],
    ['link', () => symlink('a.mp4', join(outDir, 'link'))],
  ];
  for (const [name, make] of strange) {
    await make();
    await assert.rejects(publishTitle({ outDir, files, reportJson: report(files) }, context()), (error: ScenelineError) => {
      assert.equal(error.code, 'SL-107');
      return error.message.includes(join(outDir, name));
    });
    await lstat(join(outDir, name));
    await rm(join(outDir, name), { recursive: true });
  }
  await publishTitle({ outDir, files, reportJson: report(files) }, context());
});

test('what comes into the folder while a title is put together is left alone too', async () => {
  const files = [await object('a', 'first')];
  await publishTitle({ outDir, files, reportJson: report(files) }, context());
  const ctx = context();
  const openLocal = async (key: string) => {
    await writeFile(join(outDir, 'notes.txt'), 'mine');
    return ctx.blobs.openLocal(key);
  };
  const slow = { ...ctx, blobs: { openLocal } } as unknown as StageContext;
  await assert.rejects(publishTitle({ outDir, files, reportJson: report(files) }, slow), { code: 'SL-107' });
  assert.equal(await readFile(join(outDir, 'notes.txt'), 'utf8'), 'mine');
});

test('source, state folder and output folder lie apart', async () => {
  const stateDir = join(root, 'state');
  const sourcePath = join(root, 'film.mp4');
  await writeFile(sourcePath, '');
  await mkdir(outDir);
  await symlink(outDir, join(root, 'link'));
  const check = (changes: object) => checkApart({ outDir, sourcePaths: [sourcePath], stateDir, ...changes });
  await check({});
  await check({ outDir: join(root, 'state2') });
  await check({ outDir: `${stateDir}/../..state` });
  for (const changes of [
    { sourcePaths: [sourcePath, join(outDir, 'a.mp4')] },
    { sourcePaths: [join(root, 'link/sub/a.mp4')] },
    { stateDir: join(outDir, 'deep/state') },
    { stateDir: outDir },
    { outDir: join(stateDir, '..title') },
    { outDir: join(root, 'link/new'), stateDir: join(outDir, 'new/state') },
  ])
    await assert.rejects(check(changes), { code: 'SL-107' }, JSON.stringify(changes));
});

test('a place that cannot be written is told before any work and again at the end, and nothing is left there', async (t) => {
  const files = [await object('a', 'pictures')];
  await tryOutFolder(outDir);
  await publishTitle({ outDir, files, reportJson: report(files) }, context());
  await tryOutFolder(outDir);
  const refused = async (path: string) => {
    await assert.rejects(tryOutFolder(path), { code: 'SL-118' });
    await assert.rejects(publishTitle({ outDir: path, files, reportJson: report(files) }, context()), { code: 'SL-118' });
  };
  await refused(join(root, 'n'.repeat(245)));
  await chmod(root, 0o755);
  await unprivileged(async () => {
    await refused(outDir);
    await refused(join(root, 'new'));
  });
  const closed = join(root, 'closed');
  await mkdir(closed);
  await chmod(closed, 0o700);
  await unprivileged(() => assert.rejects(checkOutFolder(closed), { code: 'SL-118' }));
  assert.equal(await contents(), 'pictures');
  assert.deepEqual((await readdir(root)).sort(), ['a', 'closed', 'title']);
  await onSmallDisk(t, 1, async (disk) => {
    await refused(disk);
    spawnSync('mount', ['-o', 'remount,ro', disk]);
    await refused(join(disk, 'title'));
  });
});

test('a link leads to the folder that the title stands in, also to one that is still to be made', async () => {
  await mkdir(join(root, 'disk/titles'), { recursive: true });
  await symlink('disk/titles', join(root, 'far'));
  await symlink('disk/title', join(root, 'soon'));
  await symlink('soon', join(root, 'later'));
  await symlink('round', join(root, 'round'));
  assert.equal(await realPlace(join(root, 'far')), join(root, 'disk/titles'));
  assert.equal(await realPlace(join(root, 'far/new/title')), join(root, 'disk/titles/new/title'));
  assert.equal(await realPlace(join(root, 'later')), join(root, 'disk/title'));
  await assert.rejects(checkOutFolder(await realPlace(join(root, 'round'))), { code: 'SL-118' });
});

test('an object that is shorter than recorded is not published', async () => {
  const files = [{ ...(await object('a', 'pictures')), sizeBytes: 999 }];
  await assert.rejects(publishTitle({ outDir, files, reportJson: report(files) }, context()), { code: 'SL-905' });
  await assert.rejects(readdir(outDir), { code: 'ENOENT' });
});
