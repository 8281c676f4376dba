import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TINY_LADDER } from '../../crash/crash-run.ts';
import { type CliPlace, cliPlace, document, fileFacts, finishedReport } from '../../support/cli-place.ts';
import { type OddFfmpeg, oddFfmpeg } from '../../support/odd-ffmpeg.ts';
import { type SmallFilm, smallFilm } from '../../support/small-film.ts';

const sha256 = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

/** Long enough for several chunks. */
const SECONDS = 40;

describe('encode when something changes', { timeout: 300_000 }, () => {
  let film: SmallFilm;
  let changed: SmallFilm;
  let odd: OddFfmpeg;
  let place: CliPlace;
  let source: string;

  before(async () => {
    film = await smallFilm({ seconds: SECONDS });
    changed = await smallFilm({ seconds: SECONDS, lastScene: 'pal75bars' });
    odd = await oddFfmpeg();
    place = await cliPlace(TINY_LADDER);
    source = join(place.root, 'film.mp4');
    await copyFile(film.path, source);
  });
  after(async () => {
    await place.remove();
    odd.remove();
    await Promise.all([film.remove(), changed.remove()]);
  });

  /** As a delivery does it: the new file takes the old one's place at once. */
  async function deliver(path: string): Promise<void> {
    await copyFile(path, `${source}.new`);
    await rename(`${source}.new`, source);
  }

  const encode = (changes = {}) => place.encode(source, { env: { SCENELINE_FFMPEG: odd.path }, ...changes }).end;

  test('goes from one state of its order to the next, reuses what is still valid and says so', async (t) => {
    const first = finishedReport(await encode());
    const frames = first.source.frames;

    await t.test('nothing changed: says at once that it is finished and starts no media process', async () => {
      const starts = odd.starts();
      const end = await place.run(['encode', source, '--out', place.outDir, '--ladder', join(place.root, 'ladder.json')], { SCENELINE_FFMPEG: odd.path });
      assert.equal(end.code, 0, end.stderr);
      assert.match(end.stdout, /^Already finished: /);
      assert.equal(odd.starts(), starts);
    });

    await t.test('the same bytes in a new file: still finished', async () => {
      const starts = odd.starts();
      await deliver(film.path);
      assert.deepEqual(finishedReport(await encode()).cost, first.cost);
      assert.equal(odd.starts(), starts);
    });

    await t.test('one scene of the source: the chunks without it are reused', async () => {
      await deliver(changed.path);
      const end = await encode();
      const report = finishedReport(end);
      assert.match(end.stderr, /The source changed since the last run/);
      assert.equal(report.cost.framesEncoded + report.cost.framesReused, report.source.frames);
      assert.ok(report.cost.framesReused > 0, 'earlier chunks are found again');
      assert.ok(report.cost.framesEncoded > 0);
      assert.notEqual(report.source.sha256, first.source.sha256);
    });

    await t.test('back to the first source: nothing is encoded', async () => {
      await deliver(film.path);
      const report = finishedReport(await encode());
      assert.equal(report.cost.framesReused, frames);
      assert.deepEqual(fileFacts(report), fileFacts(first));
    });

    await t.test('a rung of the ladder: the others are not made again', async () => {
      const ladder = join(place.root, 'three.json');
      const [large, small] = TINY_LADDER.rungs;
      await writeFile(ladder, JSON.stringify({ ...TINY_LADDER, rungs: [large, { ...small, name: 'mid', boxPx: 120 }] }));
      const end = await encode({ ladder });
      const report = finishedReport(end);
      assert.match(end.stderr, /The ladder changed since the last run/);
      assert.deepEqual(
        report.renditions.map((rendition) => rendition.name),
        [large.name, 'mid'],
      );
      assert.equal(report.renditions[0].sha256, first.renditions[0].sha256);
    });

    await t.test('the published files: made again from what is stored', async () => {
      finishedReport(await encode());
      await rename(join(place.outDir, '90p.mp4'), join(place.root, 'elsewhere.mp4'));
      const end = await encode();
      const report = finishedReport(end);
      assert.match(end.stderr, /gone or changed/);
      assert.equal(report.cost.framesEncoded, 0);
      assert.deepEqual(fileFacts(report), fileFacts(first));
    });
  });

  test('an output folder that is a link: the title stands where it leads, and the link stays', async () => {
    await deliver(film.path);
    const [link, disk] = [join(place.root, 'link'), join(place.root, 'disk')];
    await mkdir(disk);
    await symlink(disk, link);
    for (let run = 0; run < 2; run++) {
      const report = finishedReport(await encode({ out: link }));
      assert.match(report.title, /^disk-/);
      assert.equal(await readlink(link), disk);
      assert.deepEqual((await readdir(disk)).sort(), ['180p.mp4', '90p.mp4', 'package', 'report.json']);
      await rm(join(disk, '90p.mp4'));
    }
  });

  test('the source is replaced while it is encoded (SL-111): seals the new one and makes that', async () => {
    await deliver(film.path);
    odd.hold();
    const other = await cliPlace(TINY_LADDER);
    try {
      const run = other.encode(source, { env: { SCENELINE_FFMPEG: odd.path } });
      await odd.reached();
      await deliver(changed.path);
      odd.release();
      const end = await run.end;
      const report = finishedReport(end);
      assert.match(end.stderr, /The source changed while it was read/);
      const wanted = finishedReport(await other.encode(source, { out: join(other.root, 'wanted') }).end);
      assert.deepEqual(fileFacts(report), fileFacts(wanted));
      assert.equal(report.source.sha256, wanted.source.sha256);
    } finally {
      odd.release();
      await other.remove();
    }
  });

  test('the title is cancelled: ends with 4 and SL-305; retry finishes it, with the source as it is by then', async () => {
    await deliver(film.path);
    odd.hold();
    const other = await cliPlace(TINY_LADDER);
    try {
      const run = other.encode(source, { env: { SCENELINE_FFMPEG: odd.path } });
      await odd.reached();
      const { titles } = document<{ titles: { id: string; state: string }[] }>(await other.run(['titles', '--json']));
      assert.deepEqual(
        titles.map((title) => title.state),
        ['encoding'],
      );
      const [{ id }] = titles;
      assert.deepEqual(document(await other.run(['cancel', id, '--json'])), { title: id, state: 'cancelled' });
      const end = await run.end;
      assert.equal(end.code, 4, end.stderr);
      assert.match(end.stderr, /SL-305 .*\n/);
      assert.ok(end.stderr.includes(`sceneline retry ${id}`));
      odd.release();
      await deliver(changed.path);
      const again = await other.run(['retry', id, '--json']);
      assert.match(again.stderr, /The source changed since the last run/);
      assert.equal(finishedReport(again).source.sha256, await sha256(changed.path));
      assert.match((await other.run(['cancel', id])).stdout, /is published: there is nothing to cancel/);
    } finally {
      odd.release();
      await other.remove();
    }
  });
});
