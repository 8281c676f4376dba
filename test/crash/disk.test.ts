import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Report } from '../../src/model/report.ts';
import { onSmallDisk } from '../adapters/embedded/small-disk.ts';
import { type CliPlace, cliPlace, fileFacts, finishedReport } from '../support/cli-place.ts';
import { type SmallFilm, smallFilm } from '../support/small-film.ts';
import { TINY_LADDER } from './crash-run.ts';

const DISK_MIB = 48;

describe('the disk of the state folder', { timeout: 300_000 }, () => {
  let film: SmallFilm;
  let wanted: Report;

  before(async () => {
    film = await smallFilm({ seconds: 10 });
    const place = await cliPlace(TINY_LADDER);
    wanted = finishedReport(await place.encode(film.path).end);
    await place.remove();
  });
  after(() => film.remove());

  async function withPlace(stateDir: string, work: (place: CliPlace) => Promise<void>): Promise<void> {
    const place = await cliPlace(TINY_LADDER, stateDir);
    try {
      await work(place);
    } finally {
      await place.remove();
    }
  }

  test('full: says so, exits 130, publishes nothing half, and the same command finishes when there is room', (t) =>
    onSmallDisk(t, DISK_MIB, (disk) =>
      withPlace(join(disk, 'state'), async (place) => {
        const ballast = join(disk, 'ballast');
        for (const roomBytes of [100_000, 700_000, 1_500_000]) {
          const { bavail, bsize } = await statfs(disk);
          await writeFile(ballast, Buffer.alloc(bavail * bsize - roomBytes));
          const end = await place.encode(film.path).end;
          assert.equal(end.code, 130, `${roomBytes} bytes: ${end.stderr}`);
          assert.match(end.stderr, /SL-110 disk full.*\n/);
          assert.match(end.stderr, /run the same command again/);
          assert.ok(!(await readdir(place.root)).includes('title'));
          await rm(ballast);
        }
        const report = finishedReport(await place.encode(film.path).end);
        assert.deepEqual(fileFacts(report), fileFacts(wanted));
      }),
    ));

  test('full where the title is put: the same, and the title is not held to have failed', (t) =>
    onSmallDisk(t, 1, async (disk) => {
      const place = await cliPlace(TINY_LADDER);
      try {
        const out = join(disk, 'title');
        const { bavail, bsize } = await statfs(disk);
        await writeFile(join(disk, 'ballast'), Buffer.alloc(bavail * bsize - 50_000));
        const end = await place.encode(film.path, { out }).end;
        assert.equal(end.code, 130, end.stderr);
        assert.match(end.stderr, /SL-110 disk full.*\n/);
        assert.ok(!(await readdir(disk)).includes('title'));
        assert.equal(spawnSync('mount', ['-o', `remount,size=${DISK_MIB}m`, disk]).status, 0);
        assert.deepEqual(fileFacts(finishedReport(await place.encode(film.path, { out }).end)), fileFacts(wanted));
      } finally {
        await place.remove();
      }
    }));

  test('read-only: says so and exits 2, whether it was used before or not', (t) =>
    onSmallDisk(t, DISK_MIB, (disk) =>
      withPlace(join(disk, 'state'), async (place) => {
        const remount = (how: string) => assert.equal(spawnSync('mount', ['-o', `remount,${how}`, disk]).status, 0);
        const refused = async () => {
          remount('ro');
          const ends = [await place.encode(film.path).end, await place.run(['titles']), await place.run(['gc'])];
          remount('rw');
          for (const end of ends) {
            assert.equal(end.code, 2, end.stderr);
            assert.match(end.stderr, /SL-106 state folder not writable/);
          }
        };
        await refused();
        assert.equal((await place.run(['titles'])).code, 0);
        await refused();
      }),
    ));
});
