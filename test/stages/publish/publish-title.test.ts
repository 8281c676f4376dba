import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { NodeFiles } from '../../../src/adapters/embedded/node-files.ts';
import type { StageContext } from '../../../src/ports/stage-context.ts';
import { folderUse, type PublishedFile, publishTitle } from '../../../src/stages/publish/publish-title.ts';
import { exampleReport } from '../../support/example-report.ts';

let root = '';
let outDir = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sceneline-publish-'));
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
  assert.equal(await folderUse(outDir), 'ours');
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
  assert.equal(await folderUse(outDir), 'free');
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
  assert.equal(await folderUse(outDir), 'foreign');
  await assert.rejects(publishTitle({ outDir, files: [], reportJson: report([]) }, context()), { code: 'SL-107' });
  await writeFile(join(root, 'file'), '');
  assert.equal(await folderUse(join(root, 'file')), 'foreign');
});

test('an object that is shorter than recorded is not published', async () => {
  const files = [{ ...(await object('a', 'pictures')), sizeBytes: 999 }];
  await assert.rejects(publishTitle({ outDir, files, reportJson: report(files) }, context()), { code: 'SL-905' });
  assert.equal(await folderUse(outDir), 'free');
});
