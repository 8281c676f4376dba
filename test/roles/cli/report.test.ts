import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { EncodedChunk } from '../../../src/model/encoded-chunk.ts';
import type { Report } from '../../../src/model/report.ts';
import { LOCAL_OWNER } from '../../../src/pipeline/handlers/deps.ts';
import { openLaptop } from '../../../src/roles/all-in-one.ts';
import { normaliseFilters } from '../../../src/stages/encode/video/normalise.ts';
import { TINY_LADDER } from '../../crash/crash-run.ts';
import { type CliPlace, cliPlace, fileFacts, finishedReport } from '../../support/cli-place.ts';
import { type SmallFilm, smallFilm } from '../../support/small-film.ts';
import { mediaTools } from '../../support/stage-context.ts';
import { videoTrack } from '../../support/video-track.ts';

const qualities = (report: Report) => report.renditions.map(({ quality }) => quality);

describe('quality seen', { timeout: 300_000 }, () => {
  let film: SmallFilm;
  let place: CliPlace;
  let report: Report;
  before(async () => {
    film = await smallFilm({ seconds: 10 });
    place = await cliPlace(TINY_LADDER);
    report = finishedReport(await place.encode(film.path).end);
  });
  after(async () => {
    await place.remove();
    await film.remove();
  });

  /** SSIM of every frame of a rendition against the master, by one plain ffmpeg. */
  async function plainSsim(file: string, width: number, height: number): Promise<number[]> {
    const video = videoTrack({ widthPx: 320, heightPx: 180, color: { primaries: 'smpte170m', transfer: 'smpte170m', matrix: 'smpte170m', range: 'tv' } });
    const fed = normaliseFilters(video, { widthPx: width, heightPx: height }).join(',');
    const log = join(place.root, 'plain.txt');
    const graph = `[0:v]settb=1,setpts=N[a];[1:v]${fed},settb=1,setpts=N[b];[a][b]ssim=stats_file=${log}`;
    const args = ['-i', join(place.outDir, file), '-i', film.path, '-lavfi', graph, '-f', 'null', '-'];
    await (await mediaTools()).run({ tool: 'ffmpeg', args, limits: { stallMs: 60_000, wallMs: 120_000 } });
    return [...(await readFile(log, 'utf8')).matchAll(/Y:([\d.]+)/g)].map((line) => Number(line[1]));
  }

  test('each scored picture has the score that plain ffmpeg gives the same frame of the finished file', async () => {
    for (const { file, width, height, frames, quality } of report.renditions) {
      const plain = await plainSsim(file, width, height);
      assert.equal(plain.length, frames);
      assert.ok(quality);
      assert.equal(quality.pictures.length, 8, 'four shots of 2.5 s: the pictures on show half a second and a second and a half into each');
      for (const { frame, seconds, ssim } of quality.pictures) {
        assert.ok(Math.abs(ssim - plain[frame]) < 0.000_06, `${file}, frame ${frame}: ${ssim} and ${plain[frame]}`);
        assert.ok(Math.abs(seconds - frame / 24) < 0.001, `frame ${frame} at ${seconds}`);
      }
    }
  });

  test('scores are told by shot and in all, and every chunk has some', () => {
    for (const quality of qualities(report)) {
      assert.ok(quality?.ssim);
      assert.deepEqual([quality.chunks, quality.chunksWithoutScore], [report.chunks.length, 0]);
      assert.deepEqual(
        quality.shots.map(({ startFrame }) => startFrame),
        report.shots.map(({ startFrame }) => startFrame),
      );
      assert.equal(
        quality.shots.reduce((sum, { pictures }) => sum + pictures, 0),
        quality.pictures.length,
      );
      assert.ok(quality.shots.every(({ pictures, ssim }) => pictures > 0 && ssim && ssim.worst <= ssim.mean));
      assert.equal(quality.ssim.worst, Math.min(...quality.pictures.map(({ ssim }) => ssim)));
    }
  });

  test('work reused by another title has the same scores; the same work done anew has them too', async () => {
    const reused = finishedReport(await place.encode(film.path, { out: join(place.root, 'again') }).end);
    assert.equal(reused.cost.framesEncoded, 0);
    assert.deepEqual(qualities(reused), qualities(report));
    const anew = await cliPlace(TINY_LADDER);
    try {
      const other = finishedReport(await anew.encode(film.path).end);
      assert.deepEqual(qualities(other), qualities(report));
      assert.deepEqual(fileFacts(other), fileFacts(report));
    } finally {
      await anew.remove();
    }
  });

  test('chunks recorded before pictures were scored are used all the same, and the report says how many there are', async () => {
    const laptop = await openLaptop(place.stateDir);
    try {
      const { results } = await laptop.results.list(LOCAL_OWNER, null, 500);
      for (const result of results.slice(1)) {
        const { quality, ...before }: EncodedChunk = result;
        assert.ok(quality);
        await laptop.results.revoke(LOCAL_OWNER, result.address, result.objectKey);
        await laptop.results.record(LOCAL_OWNER, before);
      }
    } finally {
      laptop.close();
    }
    const out = join(place.root, 'old');
    const old = finishedReport(await place.encode(film.path, { out }).end);
    assert.equal(old.cost.framesEncoded, 0);
    const missing = qualities(old).reduce((sum, quality) => sum + quality!.chunksWithoutScore, 0);
    assert.ok(missing > 0);
    assert.ok(qualities(old).some((quality) => quality!.ssim === undefined && quality!.pictures.length === 0));
    const said = await place.run(['report', out]);
    assert.ok(said.stdout.includes(`${missing} encoded chunks have no score`), said.stdout);
  });

  test('report writes a page with the worst frames beside the master, and only where a page may stand', async () => {
    const page = join(place.root, 'page.html');
    const made = await place.run(['report', place.outDir, '--html', page, '--against', film.path]);
    assert.equal(made.code, 0, made.stderr);
    const text = await readFile(page, 'utf8');
    const pictures = [...text.matchAll(/<img alt="([^"]*)" src="data:image\/jpeg;base64,([\w+/=]+)"/g)];
    assert.ok(pictures.some(([, alt]) => alt.endsWith(': master')) && pictures.some(([, alt]) => alt.includes(': 180p, SSIM 0.')));
    for (const [, , data] of pictures) assert.deepEqual([...Buffer.from(data, 'base64').subarray(0, 3)], [0xff, 0xd8, 0xff]);
    assert.equal((await place.run(['report', place.outDir, '--html', page])).code, 0, 'a page of ours may be replaced');

    const notes = join(place.root, 'notes.txt');
    await writeFile(notes, 'mine');
    const wrong = [
      ['--html', join(place.outDir, 'page.html')],
      ['--html', notes],
      ['--html', join(place.root, 'nowhere', 'page.html')],
      ['--against', film.path],
      ['--html', page, '--against', notes],
    ];
    for (const args of wrong) {
      const end = await place.run(['report', place.outDir, ...args]);
      assert.equal(end.code, 2, `${args.join(' ')}: ${end.stderr}`);
      assert.match(end.stderr, /SL-101/);
    }
    assert.equal(await readFile(notes, 'utf8'), 'mine');
    await rm(notes);
  });
});
