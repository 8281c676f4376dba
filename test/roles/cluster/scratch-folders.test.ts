import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { processName, sweepScratch } from '../../../src/roles/cluster/scratch-folders.ts';

it('what killed processes of this machine left in the scratch folder is removed, and nothing else', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sceneline-sweep-'));
  try {
    const gone = spawnSync(process.execPath, ['--version']).pid;
    const removed = [`${hostname()}-worker-${gone}-abc1`, processName('worker', 'anearlierone')];
    const kept = [
      `${hostname()}-worker-${process.ppid}-abc2`,
      `another-host-worker-${gone}-abc3`,
      `${hostname()}-worker-abc4`,
      `${hostname()}-worker-${gone}-abc5-more`,
      'holiday pictures',
    ];
    for (const name of [...removed, ...kept]) {
      await mkdir(join(root, name, 'attempts'), { recursive: true });
      await writeFile(join(root, name, 'attempts', 'half.mp4'), 'half');
    }
    await sweepScratch(root);
    assert.deepEqual((await readdir(root)).sort(), kept.sort());
    await sweepScratch(join(root, 'not-there'));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
