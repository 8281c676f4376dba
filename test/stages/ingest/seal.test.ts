import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { looksUnchanged } from '../../../src/model/source.ts';
import { sealSource, sightSource } from '../../../src/stages/ingest/seal.ts';
import { unprivileged } from '../../support/unprivileged.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sceneline-seal-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('a seal names the bytes', async () => {
  const path = join(folder, 'a.mp4');
  const bytes = Buffer.alloc(9_000_000, 'film');
  await writeFile(path, bytes);
  const progress: number[] = [];
  const seal = await sealSource(path, (done) => progress.push(done));
  assert.equal(seal.sha256, createHash('sha256').update(bytes).digest('hex'));
  assert.equal(seal.sizeBytes, bytes.length);
  assert.equal(progress.at(-1), bytes.length);
  assert.ok(looksUnchanged(await sightSource(path), seal));
});

test('a change of size, time or file is seen without reading', async () => {
  const path = join(folder, 'b.mp4');
  await writeFile(path, 'one');
  const seal = await sealSource(path, () => {});
  await utimes(path, 1, 1);
  assert.equal(looksUnchanged(await sightSource(path), seal), false);
  await rm(path);
  await writeFile(path, 'one');
  assert.equal(looksUnchanged(await sightSource(path), seal), false);
});

test('a file that grows while it is read is not sealed', async () => {
  const path = join(folder, 'c.mp4');
  await writeFile(path, Buffer.alloc(20_000_000));
  let grown: Promise<void> | null = null;
  await assert.rejects(
    sealSource(path, () => {
      grown ??= appendFile(path, 'more');
    }),
    { code: 'SL-105' },
  );
  await grown;
});

test('what is not a readable file is named', async () => {
  await assert.rejects(sightSource(join(folder, 'none.mp4')), { code: 'SL-105', message: /no such file/ });
  await mkdir(join(folder, 'dir'));
  await assert.rejects(sightSource(join(folder, 'dir')), { code: 'SL-105', message: /not a file/ });
});

test('a file that may not be read is named when it is looked at', async () => {
  const path = join(folder, 'secret.mp4');
  await writeFile(path, 'film', { mode: 0o200 });
  await chmod(folder, 0o755);
  await unprivileged(async () => {
    await assert.rejects(sightSource(path), { code: 'SL-105', message: /secret\.mp4 cannot be read: permission denied/ });
    await assert.rejects(
      sealSource(path, () => {}),
      { code: 'SL-105' },
    );
  });
});

test('a read that fails is the source’s fault', { skip: process.platform !== 'linux' && 'needs /proc' }, async () => {
  await assert.rejects(
    sealSource('/proc/self/mem', () => {}),
    { code: 'SL-105', message: /cannot be read: reading it fails/ },
  );
});
