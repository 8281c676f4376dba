import assert from 'node:assert/strict';
import { mkdtemp, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type AssembleInput, assembleRendition } from '../../../src/stages/assemble/assemble-rendition.ts';
import { type Film, type FilmSpec, makeFilm, Studio } from './film.ts';

const SPEC: FilmSpec = {
  frameCount: 40,
  chunkStarts: [0, 20],
  idrFrames: [0, 20, 30],
  timeBase: { num: 1, den: 12288 },
  ptsOf: (n) => n * 512,
  ptsFormula: 'n*512',
  endPtsTicks: 40 * 512,
  audio: [{ name: 'audio-eng', sampleCount: 80000, beepSample: 1000 }],
};

describe('what does not fit together is refused', () => {
  let studio: Studio;
  let film: Film;
  let refused = 0;
  before(async () => {
    studio = await Studio.open();
    film = await makeFilm(studio, 'good', SPEC);
  });
  after(() => studio.close());

  const refuse = async (change: Partial<AssembleInput>, code: string, message: RegExp): Promise<void> => {
    const outKey = `out/refused-${refused++}.mp4`;
    const input = { ...film, title: '', chapters: [], outKey, ...change };
    await assert.rejects(assembleRendition(input, studio.ctx), (error: { code: string; message: string }) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      return true;
    });
    assert.equal(await studio.ctx.blobs.stat(outKey), null);
  };

  test('a sample description that differs', async () => {
    const other = await makeFilm(studio, 'other-header', { ...SPEC, x264: 'ref=1:cabac=0' });
    await refuse({ chunks: [film.chunks[0], other.chunks[1]] }, 'SL-307', /180p, chunk 1 \(frames 20 to 39\): its sample description/);
    await refuse({ rung: { ...film.rung, widthPx: 640 } }, 'SL-307', /chunk 0/);
    await refuse({ rung: { ...film.rung, codec: 'h265' } }, 'SL-307', /chunk 0/);
  });

  test('chunks in the wrong place, too few, or of a plan with gaps', async () => {
    await refuse({ chunks: [film.chunks[1], film.chunks[0]] }, 'SL-304', /chunk 0 .*frame 10 is an IDR that the plan does not have/);
    await refuse({ chunks: film.chunks.slice(1) }, 'SL-304', /1 encoded chunks were given for 2/);
    await refuse({ plan: { ...film.plan, complete: false } }, 'SL-304', /plan ends/);
    await refuse({ plan: { ...film.plan, chunks: film.plan.chunks.slice(1) } }, 'SL-304', /gap before chunk 1/);
    const [first, second] = film.plan.chunks;
    const moved = [
      { ...first, endFrameExclusive: 21 },
      { ...second, startFrame: 21, idrFrames: [21, 30] },
    ];
    await refuse({ plan: { ...film.plan, chunks: moved } }, 'SL-304', /chunk 0 .*20 frames where the plan has 21/);
  });

  test('an open group of pictures', async () => {
    const open = await makeFilm(studio, 'open-gop', {
      ...SPEC,
      encoder: ['-c:v', 'libx264', '-preset', 'medium', '-x264-params', 'keyint=10:min-keyint=1:open-gop=1:bframes=3:b-adapt=0'],
    });
    await refuse({ chunks: open.chunks, rung: open.rung }, 'SL-304', /chunk 0/);
  });

  test('sound that is too short, or of another kind', async () => {
    const [{ plan, objectKey }] = film.audio;
    const withPlan = (change: object) => ({ audio: [{ objectKey, plan: { ...plan, ...change } }] });
    await refuse(withPlan({ sampleCount: 90000 }), 'SL-304', /audio-eng has 80 access units where 89 are needed/);
    await refuse(withPlan({ sampleRate: 44100 }), 'SL-304', /48000 Hz where 2 at 44100 Hz/);
    await refuse(withPlan({ channels: 6 }), 'SL-304', /with 2 channels/);
    await refuse({ audio: [{ plan, objectKey: film.chunks[0].objectKey }] }, 'SL-905', /damaged: 0 soun tracks/);
  });

  test('damaged and missing objects', async () => {
    const bytes = await readFile(await studio.pathOf(film.chunks[1].objectKey));
    await studio.ctx.blobs.put('broken/cut.mp4', bytes.subarray(0, bytes.byteLength - 2000));
    await refuse({ chunks: [film.chunks[0], { ...film.chunks[1], objectKey: 'broken/cut.mp4' }] }, 'SL-905', /broken\/cut.mp4 is damaged/);
    await refuse({ chunks: [film.chunks[0], { ...film.chunks[1], objectKey: 'broken/none.mp4' }] }, 'SL-905', /missing/);
  });

  test('frame times that do not ascend or do not fit', async () => {
    await refuse({ ptsTicks: film.ptsTicks.map((ticks, n) => (n === 7 ? ticks - 512 : ticks)) }, 'SL-304', /do not fit in an MP4 file/);
    await refuse({ ptsTicks: film.ptsTicks.map((ticks, n) => (n < 7 ? ticks : ticks + 2 ** 40)) }, 'SL-304', /do not fit in an MP4 file/);
  });

  test('a full disk and a stop are told apart, and leave nothing in the store', async () => {
    const inScratch = async (change: object): Promise<Parameters<typeof assembleRendition>[1]> => {
      const scratchDir = await mkdtemp(join(studio.dir, 'scratch-'));
      return { ...studio.ctx, scratchDir, ...change };
    };
    const full = await inScratch({});
    await symlink('/dev/full', join(full.scratchDir, 'full.mp4'));
    const input = { ...film, title: '', chapters: [] };
    await assert.rejects(assembleRendition({ ...input, outKey: 'out/full.mp4' }, full), { code: 'SL-110' });
    const stopped = await inScratch({ signal: AbortSignal.abort() });
    await assert.rejects(assembleRendition({ ...input, outKey: 'out/stopped.mp4' }, stopped), { code: 'SL-130' });
    for (const key of ['out/full.mp4', 'out/stopped.mp4']) assert.equal(await studio.ctx.blobs.stat(key), null);
  });
});
