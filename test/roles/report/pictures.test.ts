import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Report } from '../../../src/model/report.ts';
import { rungViews, worstFrames } from '../../../src/roles/report/film.ts';
import { cutPictures } from '../../../src/roles/report/pictures.ts';
import { exampleReport } from '../../support/example-report.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { ffmpeg, mediaTools } from '../../support/stage-context.ts';

const FRAME = 41;
/** Where the master's clock starts: its first frame stands at five seconds. */
const START_SECONDS = 5;

/** A master of two seconds and a bad rendition of it. */
async function film(folder: string): Promise<{ dir: string; masterPath: string; report: Report }> {
  const dir = join(folder, 'title');
  mkdirSync(dir);
  const masterPath = join(folder, 'master.mkv');
  const picture = 'testsrc2=size=768x432:rate=24:duration=2,setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709';
  const late = ['-vf', `setpts=PTS+${START_SECONDS}/TB`, '-avoid_negative_ts', 'disabled', '-muxdelay', '0'];
  await ffmpeg(['-f', 'lavfi', '-i', picture, ...late, '-c:v', 'libx264', '-crf', '4', '-g', '100', masterPath]);
  await ffmpeg(['-f', 'lavfi', '-i', picture, '-c:v', 'libx264', '-crf', '44', '-g', '100', join(dir, 'a.mp4')]);
  const quality = { chunks: 1, chunksWithoutScore: 0, shots: [], pictures: [{ frame: FRAME, seconds: Number((FRAME / 24).toFixed(6)), ssim: 0.8 }] };
  const sizes = { codec: '', width: 768, height: 432, frames: 48, bytes: 1, sha256: '', bitsPerSecond: 1 };
  const rendition = { name: 'a', file: 'a.mp4', container: 'mp4' as const, ...sizes, recipe: { picturesFrom: null }, validation: {}, quality };
  const source = { ...exampleReport().source, sizeBytes: statSync(masterPath).size, timeBase: { num: 1, den: 1000 } };
  const plan = { videoStartTicks: 0, firstPtsTicks: 1000 * START_SECONDS, audio: [], text: [] };
  return { dir, masterPath, report: exampleReport({ source, plan, renditions: [rendition] }) };
}

/** Likeness of a JPEG to a frame of the film, 1 is equal. */
async function likeness(folder: string, jpeg: Uint8Array, masterPath: string, frame: number): Promise<number> {
  const path = join(folder, 'one.jpg');
  const log = join(folder, 'likeness.txt');
  writeFileSync(path, jpeg);
  const graph = `[0:v]scale=720:404,format=gray,settb=1,setpts=N[a];[1:v]select='eq(n,${frame})',scale=720:404,format=gray,settb=1,setpts=N[b];[a][b]ssim=stats_file=${log}`;
  await ffmpeg(['-i', path, '-i', masterPath, '-lavfi', graph, '-f', 'null', '-']);
  return Number(/Y:([\d.]+)/.exec(readFileSync(log, 'utf8'))?.[1]);
}

test('the pictures on the page are that frame and no neighbour, of the master and of the rendition, and a detail of where they differ', async (t) => {
  const folder = testFolder(t);
  const { dir, masterPath, report } = await film(folder);
  const frames = worstFrames(report, rungViews(report));
  const world = { tools: await mediaTools(), scratchDir: folder, signal: new AbortController().signal };
  const [found, ...others] = await cutPictures({ dir, report, frames, masterPath }, world);
  assert.deepEqual(others, []);
  assert.ok(found.master && found.encoded[0] && found.detail);
  for (const jpeg of [found.master, found.encoded[0]]) {
    const here = await likeness(folder, jpeg, masterPath, FRAME);
    const beside = [await likeness(folder, jpeg, masterPath, FRAME - 1), await likeness(folder, jpeg, masterPath, FRAME + 1)];
    assert.ok(here > Math.max(...beside), `${here} against ${beside}`);
  }
  assert.ok((await likeness(folder, found.master, masterPath, FRAME)) > 0.97);
  assert.notDeepEqual(found.detail.master, found.detail.encoded);

  const [alone] = await cutPictures({ dir, report, frames, masterPath: null }, world);
  assert.deepEqual([alone.master, alone.detail, alone.encoded.length], [null, null, 1]);
  await assert.rejects(cutPictures({ dir, report, frames, masterPath: join(dir, 'a.mp4') }, world), { code: 'SL-101' });
});

test('a report that names a file elsewhere, or a frame that is not there, gets no picture of it', async (t) => {
  const folder = testFolder(t);
  const { dir, masterPath, report } = await film(folder);
  const world = { tools: await mediaTools(), scratchDir: folder, signal: new AbortController().signal };
  const frames = worstFrames(report, rungViews(report));
  const pointing = (file: string, seconds: number) =>
    frames.map((frame) => ({ ...frame, seconds, scores: frame.scores.map((score) => ({ ...score, rendition: { ...score.rendition, file } })) }));
  const [elsewhere] = await cutPictures({ dir, report, frames: pointing('../master.mkv', 1), masterPath: null }, world);
  assert.deepEqual(elsewhere.encoded, [null]);
  const [between] = await cutPictures({ dir, report, frames: pointing('a.mp4', 1.02), masterPath }, world);
  assert.equal(between.master, null);
});
