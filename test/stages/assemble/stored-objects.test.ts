import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { withObjects } from '../../../src/stages/assemble/stored-objects.ts';
import { storeLayout } from '../../../src/stages/assemble/write-object.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { stageContext } from '../../support/stage-context.ts';

test('an object that is asked for again is opened once and released once', async (t) => {
  const { blobs } = await stageContext(testFolder(t));
  for (const name of ['one', 'two']) await blobs.put(`attempts/a/${name}`, Buffer.from(name));
  const told: string[] = [];
  const counting = Object.assign(Object.create(blobs), {
    openLocal: async (key: string) => {
      told.push(`open ${key}`);
      const local = await blobs.openLocal(key);
      const release = async () => {
        told.push(`release ${key}`);
        await local.release();
      };
      return { ...local, release };
    },
  });
  await withObjects({ blobs: counting }, async (open) => {
    const keys = ['attempts/a/one', 'attempts/a/two', 'attempts/a/one'];
    const sizes = [];
    for (const key of keys) sizes.push(Buffer.from(await (await open(key)).source.read(0, 3)).toString());
    assert.deepEqual(sizes, ['one', 'two', 'one']);
  });
  assert.deepEqual(told, ['open attempts/a/one', 'open attempts/a/two', 'release attempts/a/one', 'release attempts/a/two']);
});

test('a stored file leaves nothing in the scratch folder, also where the store copies it: what follows needs the room', async (t) => {
  const folder = testFolder(t);
  const { blobs } = await stageContext(folder);
  const copying = Object.assign(Object.create(blobs), { putFile: async (key: string, path: string) => blobs.put(key, await readFile(path)) });
  const ctx = await stageContext(folder, { blobs: copying });
  const bytes = Buffer.from('a whole film');
  const stored = await storeLayout({ sizeBytes: bytes.length, pieces: () => [{ bytes }] }, 'titles/film/r1/rendition.mp4', ctx);
  assert.deepEqual(await readdir(ctx.scratchDir), []);
  assert.deepEqual(Buffer.from(await blobs.read(stored.objectKey)), bytes);
});
