import assert from 'node:assert/strict';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { LocalSources } from '../../../src/adapters/embedded/local-sources.ts';
import { sealSource, sightSource } from '../../../src/stages/ingest/seal.ts';
import { testFolder } from '../../support/fake-tool.ts';

test('a sealed file is read where it is, until it changes or goes', async (t) => {
  const path = join(testFolder(t), 'a b.mkv');
  await writeFile(path, 'film');
  const seal = await sealSource(path, () => {});
  const sources = new LocalSources(sightSource);
  const source = await sources.open(seal);
  assert.deepEqual(source.input, { url: `file:${seal.path}`, protocols: ['file'], options: [] });
  assert.equal(source.lost.aborted, false);
  await source.check();
  await appendFile(path, '!');
  await assert.rejects(source.check(), { code: 'SL-111' });
  await assert.rejects(sources.open(seal), { code: 'SL-111' });
  await rm(path);
  await assert.rejects(sources.open(seal), { code: 'SL-105' });
  await source.release();
});
